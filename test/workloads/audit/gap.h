// The message gap: the longest time in which no instance finished, for the first time, a message that was waiting.
//
//   - A message waits from the instant it was sent (the broker may have had it that early; its confirm comes a little
//     later and, from a stalled producer, much later) to the instant its first log line says it was finished, by any
//     instance. A message that was never finished waits until the end of the observation.
//   - A gap runs while at least one message waits, without a break. It begins when the first one begins to wait, or at
//     a first finish that leaves others waiting; it ends at the next first finish or at the end of the observation.
//   - So an idle queue is no gap however long it is idle, a repeated finish ends none, and an undisturbed consumer
//     shows its own service time.
//
// All instants and lengths are microseconds; instants count from 1970 and come from the machines' wall clocks, so
// between machines the gap is as exact as those agree.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace orders {

struct Wait {
  std::string id;
  std::int64_t from = 0;
  std::optional<std::int64_t> until;  // absent: never finished
};

struct Gap {
  std::int64_t from = 0;
  std::int64_t until = 0;
  std::string ended_by;  // the message whose first finish ended it; empty when the observation did
  [[nodiscard]] std::int64_t length() const { return until - from; }
};

// A part of the observation. By default all of it.
struct Window {
  std::int64_t from = std::numeric_limits<std::int64_t>::min();
  std::int64_t until = std::numeric_limits<std::int64_t>::max();
};
// What of them lies within: messages that wait beyond its end are not finished in it.
[[nodiscard]] std::vector<Wait> waits_within(const std::vector<Wait>& waits, const Window& window);

// No wait at all gives a gap of length 0. Of equals the earliest.
[[nodiscard]] Gap longest_gap(const std::vector<Wait>& waits, std::int64_t observed_until);

}  // namespace orders
