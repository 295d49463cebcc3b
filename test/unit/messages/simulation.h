// A mirror queue by the millisecond: arrivals with uneven gaps, a target that takes as much as its prefetch allows and
// handles one message after the other.
#pragma once

#include <cstdint>
#include <optional>
#include <random>

#include "shared/messages/cutoff.h"

namespace migrate::messages::simulation {

enum class Gaps { uneven, poisson };

struct Setting {
  double arrival_rate = 10;
  double service_rate = 20;
  std::uint64_t prefetch = 10;
  milliseconds start{4'000};  // the target consumes from then on, counted from the binding
  Gaps gaps = Gaps::uneven;
  unsigned seed = 1;
};

class Mirror {
 public:
  explicit Mirror(const Setting& setting) : setting_(setting), random_(setting.seed) { next_ = gap(); }

  void advance(milliseconds time) {
    for (milliseconds::rep i = 0; i < time.count(); ++i)
      tick();
  }
  void unbind() { bound_ = false; }

  [[nodiscard]] milliseconds now() const { return now_; }
  [[nodiscard]] Steady at() const { return Steady{} + std::chrono::hours{1} + now_; }
  [[nodiscard]] std::uint64_t ready() const { return ready_; }
  [[nodiscard]] std::uint64_t unacknowledged() const { return held_; }
  [[nodiscard]] bool consumed() const { return now_ >= setting_.start; }

 private:
  void tick() {
    ++now_;
    if (bound_ && setting_.arrival_rate > 0)
      for (next_ -= 1; next_ <= 0; next_ += gap())
        ++ready_;
    if (!consumed()) return;
    while (ready_ > 0 && held_ < setting_.prefetch) {
      --ready_;
      ++held_;
    }
    if (held_ == 0) return;
    if (!busy_) busy_ = 1000 / setting_.service_rate * uneven(0.2);
    *busy_ -= 1;
    if (*busy_ > 0) return;
    --held_;
    // What is left of this millisecond belongs to the next message.
    if (held_ > 0)
      *busy_ += 1000 / setting_.service_rate * uneven(0.2);
    else
      busy_.reset();
  }

  // 1 on average.
  double uneven(double by) { return std::uniform_real_distribution<double>{1 - by, 1 + by}(random_); }
  double gap() {
    if (setting_.arrival_rate <= 0) return 0;
    const double mean = 1000 / setting_.arrival_rate;
    return setting_.gaps == Gaps::uneven ? mean * uneven(0.5)
                                         : std::exponential_distribution<double>{1 / mean}(random_);
  }

  Setting setting_;
  std::mt19937 random_;
  milliseconds now_{0};
  double next_ = 0;
  std::optional<double> busy_;
  bool bound_ = true;
  std::uint64_t ready_ = 0;
  std::uint64_t held_ = 0;
};

struct Run {
  CutDecision decision;
  milliseconds cut{0};   // after the binding
  milliseconds rest{0};  // from the unbinding until all was handled
  std::optional<double> arrival_rate;
  std::optional<double> service_rate;  // measured, not the annotation's
};

// A migration as the controller runs it: a reading each 200 ms until the decision, the mirror unbound a little later.
inline Run run(const Setting& setting, const CutPolicy& policy, std::optional<double> annotation = std::nullopt,
               milliseconds patience = milliseconds{300'000}) {
  Mirror mirror{setting};
  RateMeter meter;
  Run made;
  while (mirror.now() < patience) {
    mirror.advance(milliseconds{200});
    meter.read(mirror.at(), mirror.ready(), mirror.consumed());
    ReplayState state;
    state.since_bound = mirror.now();
    state.replaying = meter.consuming();
    state.ready = mirror.ready();
    state.unacknowledged = meter.unacknowledged(setting.prefetch, annotation);
    state.arrival_rate = meter.arrival_rate();
    state.service_rate = meter.drain_rate() ? meter.drain_rate() : annotation;
    made.decision = decide_cut(state, policy);
    if (made.decision.reason != CutReason::none) break;
  }
  made.arrival_rate = meter.arrival_rate();
  made.service_rate = meter.drain_rate();
  made.cut = mirror.now();
  if (made.decision.reason == CutReason::none) return made;
  mirror.advance(milliseconds{400});
  mirror.unbind();
  const milliseconds unbound = mirror.now();
  while (mirror.ready() + mirror.unacknowledged() > 0)
    mirror.advance(milliseconds{1});
  made.rest = mirror.now() - unbound;
  return made;
}

}  // namespace migrate::messages::simulation
