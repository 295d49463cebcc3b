// Whether the application reads the mirror, told by the mirror's consumers. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>

#include "extender/controller/leader.h"

namespace migrate::controller {

class Attendance {
 public:
  // `is_expected`: it has read before, so that to see nobody at the first look is to have missed an end.
  Attendance(Steady began, bool is_expected) : since_(began), read_(is_expected) {}

  enum class Verdict { fine, tell_again, absent };
  Verdict look(Steady now, std::uint64_t consumers) {
    if (consumers > 0) {
      read_ = true;
      since_ = now;
      return Verdict::fine;
    }
    if (read_) missed(now);
    if (now - since_ > kStartPatience) return Verdict::absent;
    // Once, and at once: when its process has ended, perhaps while nobody looked, the one that is started in its place
    // finds the word before it takes anything from the primary. To any other it says nothing new.
    return std::exchange(read_, false) ? Verdict::tell_again : Verdict::fine;
  }

  // Nobody could be seen until `now`, as the broker was away: whoever reads has to come back to it first.
  void blind(Steady now) { since_ = now; }

  // Nobody has looked until `now` for longer than it takes to start another process in an ended one's place: who reads
  // may be that one.
  void missed(Steady now) {
    left_ = now;
    is_asked_ = false;
  }

  [[nodiscard]] bool has_left() const { return left_.has_value(); }
  // True once for each absence, when somebody reads again: the target's agent is to be asked who that is. However long
  // it was: what is waited for of the kubelet is only the end of a process that ended as its reader left.
  [[nodiscard]] bool begin_asking(std::uint64_t consumers) {
    return left_ && consumers > 0 && !std::exchange(is_asked_, true);
  }
  // By the agent who reads now is who was there before.
  void vouched() { left_.reset(); }
  // Otherwise, whether the kubelet must have told by now of a process that ended as the last reader left: who reads
  // after that may be one without memory.
  [[nodiscard]] bool is_settled(Steady now) const { return !left_ || now - *left_ >= kKubeletsWord; }

  static constexpr std::chrono::milliseconds kStartPatience{20'000};
  static constexpr std::chrono::milliseconds kKubeletsWord{3'000};
  static constexpr std::chrono::milliseconds kQuickestStart{250};

 private:
  Steady since_;
  bool read_;
  std::optional<Steady> left_;
  bool is_asked_ = false;
};

}  // namespace migrate::controller
