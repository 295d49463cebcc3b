// The fence before a checkpoint: whether everything that the source has not handled yet stands in the mirror too. What
// waited in the primary when the mirror was bound does not, and would be missing from a copy made too early. Pure.
//
// The queue is first in, first out, and nobody consumes the mirror yet. So the newest messages of the primary are those
// in the mirror, and the fence holds as soon as the primary holds no more than S messages, delivered ones included:
// S >= ready + the most that its consumers can have unacknowledged. Because the primary's depth is read after the
// mirror's, messages in between only make it look fuller. Where consumers hold fewer than they may, a management total
// (ready + unacknowledged) says so, but it is up to 5 s old: it counts for a mirror depth read at least 6 s before it.
//
// S leaves out what was in the mirror at the first reading: while the bindings were made one after the other, and while
// the broker still delivered what it had routed before, messages came into the primary alone *between* such that came
// into both. Only what came after all of that is known to be without a hole.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>

namespace migrate::messages {

using Steady = std::chrono::steady_clock::time_point;

class Fence {
 public:
  // `may_hold`: the sum of the primary's consumers' prefetches; none of them is unlimited. `at_first`: the mirror's
  // depth once all its bindings were made, as recorded by a controller before us (the first point of the backlog);
  // nothing: the first reading, which must come a moment (200 ms) after the last binding.
  explicit Fence(std::uint64_t may_hold, std::optional<std::uint64_t> at_first = std::nullopt)
      : may_hold_(may_hold), at_first_(at_first) {}

  // The mirror's depth, then (read after it) the primary's. In order of time.
  void read(Steady at, std::uint64_t mirror_ready, std::uint64_t primary_ready);
  // A management total of the primary, read at `at`.
  void total(Steady at, std::uint64_t ready_and_unacknowledged);

  // Once it holds it goes on holding: what comes later comes into both.
  [[nodiscard]] bool holds() const { return missing_ == std::uint64_t{0} && !mirror_shrank_; }
  // For people: no more than so many messages have yet to be handled; 0, too, before the first reading.
  [[nodiscard]] std::uint64_t missing() const { return missing_.value_or(0); }
  // The mirror lost messages: somebody consumes or purges it. It is of no use then, and never holds.
  [[nodiscard]] bool mirror_shrank() const { return mirror_shrank_; }

 private:
  struct Reading {
    Steady at;
    std::uint64_t without_hole = 0;
  };
  void narrow(std::uint64_t in_primary, std::uint64_t in_mirror);

  std::uint64_t may_hold_;
  std::optional<std::uint64_t> at_first_;
  std::deque<Reading> readings_;
  std::uint64_t mirror_ready_ = 0;
  bool mirror_shrank_ = false;
  std::optional<std::uint64_t> missing_;
};

}  // namespace migrate::messages
