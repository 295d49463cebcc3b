// The fence before a checkpoint: whether everything that the source has not handled yet stands in the mirror too. What
// waited in the primary when the mirror was bound does not, and would be missing from a copy made too early. Pure.
//
// The queue is first in, first out, and the mirror is bound before the first reading. So the newest S messages of the
// primary are those in the mirror (nobody consumes it), and the fence holds as soon as the primary holds no more than S
// messages, delivered ones included: S >= ready + the most that its consumers can have unacknowledged. Because the
// primary's depth is read after the mirror's, messages in between only make it look fuller. Where consumers hold fewer
// than they may, a management total (ready + unacknowledged) says so, but it is up to 5 s old: it counts for a mirror
// depth read at least 6 s before it.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>

namespace migrate::messages {

using Steady = std::chrono::steady_clock::time_point;

class Fence {
 public:
  // `may_hold`: the sum of the primary's consumers' prefetches; none of them is unlimited.
  explicit Fence(std::uint64_t may_hold) : may_hold_(may_hold) {}

  // The mirror's depth, then (read after it) the primary's.
  void read(Steady at, std::uint64_t mirror_ready, std::uint64_t primary_ready);
  // A management total of the primary, read at `at`.
  void total(Steady at, std::uint64_t ready_and_unacknowledged);

  [[nodiscard]] bool holds() const { return holds_; }
  // For people: how many messages are missing yet, by the last readings.
  [[nodiscard]] std::uint64_t missing() const { return missing_; }

 private:
  struct Reading {
    Steady at;
    std::uint64_t mirror_ready = 0;
  };
  std::uint64_t may_hold_;
  std::deque<Reading> readings_;
  bool holds_ = false;
  std::uint64_t missing_ = 0;
};

}  // namespace migrate::messages
