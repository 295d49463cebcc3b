// One time for clocks and for who waits: it passes only where somebody sleeps, or a test says so.
#pragma once

#include <chrono>
#include <functional>
#include <mutex>

#include "shared/base/host.h"
#include "shared/kube/pacer.h"

namespace migrate::controller::fakes {

class Time final : public migrate::Clock, public kube::Pacer {
 public:
  [[nodiscard]] Instant now() const override {
    const std::lock_guard lock{mutex_};
    return wall_;
  }
  [[nodiscard]] std::chrono::steady_clock::time_point now() override {
    const std::lock_guard lock{mutex_};
    return steady_;
  }
  bool sleep(std::chrono::milliseconds span, const std::stop_token& stop) override {
    pass(span);
    return !stop.stop_requested();
  }
  double random() override { return 0; }
  void pass(std::chrono::milliseconds span) {
    {
      const std::lock_guard lock{mutex_};
      wall_ += span;
      steady_ += span;
    }
    if (on_pass) on_pass();
  }

  std::function<void()> on_pass;

 private:
  mutable std::mutex mutex_;
  Instant wall_{std::chrono::sys_days{std::chrono::year{2026} / 1 / 1}};
  std::chrono::steady_clock::time_point steady_{std::chrono::hours{1}};
};

}  // namespace migrate::controller::fakes
