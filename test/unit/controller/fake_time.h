// One time for clocks, for who waits and for what goes on meanwhile: it passes only where somebody sleeps, or a test
// says so.
#pragma once

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "extender/controller/ticker.h"
#include "shared/base/host.h"
#include "shared/kube/pacer.h"

namespace migrate::controller::fakes {

class Time final : public migrate::Clock, public kube::Pacer, public Ticker {
 public:
  using Steady = std::chrono::steady_clock::time_point;

  [[nodiscard]] Instant now() const override {
    const std::lock_guard lock{mutex_};
    return wall_;
  }
  [[nodiscard]] Steady now() override {
    const std::lock_guard lock{mutex_};
    return steady_;
  }
  bool sleep(std::chrono::milliseconds span, const std::stop_token& stop) override {
    pass(span);
    return !stop.stop_requested();
  }
  double random() override { return 0; }
  // What ticks does so at its own moments in between, by whoever lets time pass; not while it is at work itself.
  void pass(std::chrono::milliseconds span) {
    const Steady end = now() + span;
    while (const auto due = next_until(end)) {
      if (due->next > now()) move_to(due->next);
      if (due->is_wanted) due->work(due->stop.get_token());
      const std::lock_guard lock{mutex_};
      due->next = steady_ + due->period;
      is_ticking_ = false;
    }
    move_to(end);
  }
  // Whether it is the background that is at work.
  [[nodiscard]] bool is_ticking() const {
    const std::lock_guard lock{mutex_};
    return is_ticking_;
  }
  [[nodiscard]] std::unique_ptr<Ticking> every(std::chrono::milliseconds period, Work work) override {
    const std::lock_guard lock{mutex_};
    repeated_.push_back(std::make_shared<Repeated>(Repeated{period, std::move(work), steady_, {}, true}));
    return std::make_unique<Wanted>(repeated_.back());
  }

  std::function<void()> on_pass;

 private:
  struct Repeated {
    std::chrono::milliseconds period;
    Work work;
    Steady next;
    std::stop_source stop;
    bool is_wanted;
  };
  class Wanted final : public Ticking {
   public:
    explicit Wanted(std::shared_ptr<Repeated> what) : what_(std::move(what)) {}
    Wanted(const Wanted&) = delete;
    Wanted& operator=(const Wanted&) = delete;
    ~Wanted() override {
      what_->is_wanted = false;
      what_->stop.request_stop();
    }

   private:
    std::shared_ptr<Repeated> what_;
  };

  // The first that is due until then; it counts as at work until it has a next time.
  std::shared_ptr<Repeated> next_until(Steady end) {
    const std::lock_guard lock{mutex_};
    std::erase_if(repeated_, [](const auto& one) { return !one->is_wanted; });
    const auto first = std::min_element(repeated_.begin(), repeated_.end(),
                                        [](const auto& a, const auto& b) { return a->next < b->next; });
    if (is_ticking_ || first == repeated_.end() || (*first)->next > end) return nullptr;
    is_ticking_ = true;
    return *first;
  }
  void move_to(Steady then) {
    {
      const std::lock_guard lock{mutex_};
      const auto span = std::max(then - steady_, Steady::duration{0});
      wall_ += std::chrono::duration_cast<Instant::duration>(span);
      steady_ += span;
    }
    if (on_pass) on_pass();
  }

  mutable std::mutex mutex_;
  Instant wall_{std::chrono::sys_days{std::chrono::year{2026} / 1 / 1}};
  Steady steady_{std::chrono::hours{1}};
  std::vector<std::shared_ptr<Repeated>> repeated_;
  bool is_ticking_ = false;
};

}  // namespace migrate::controller::fakes
