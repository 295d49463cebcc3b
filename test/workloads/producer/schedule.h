// When which producer sends what: decided beforehand by the options alone, so that two runs with the same seed send the
// same messages, and no delay of one message moves the ones after it.
#pragma once

#include <chrono>
#include <cstdint>
#include <queue>
#include <random>
#include <string>
#include <vector>

#include "shared/base/units.h"

namespace orders {

enum class Spacing {
  even,     // one message each 1/rate; the producers take turns
  poisson,  // independent, exponentially distributed pauses with the mean 1/rate
};

struct ScheduleOptions {
  std::uint32_t producers = 1;
  migrate::Rate rate{10};  // of each producer; must be above zero
  Spacing spacing = Spacing::even;
  std::uint64_t seed = 1;
};

struct Slot {
  std::chrono::microseconds offset{};  // since the start
  std::uint32_t producer = 0;          // counts from 0
  std::uint64_t sequence = 0;          // counts from 1 for each producer
  std::int64_t value = 0;              // 1 to 1000
  bool operator==(const Slot&) const = default;
};

class Schedule {
 public:
  explicit Schedule(ScheduleOptions options);
  // The slots in order of time, without end.
  Slot next();

 private:
  struct Turn {
    double seconds;
    std::uint32_t producer;
    std::uint64_t sequence;
    bool operator>(const Turn& other) const {
      return seconds != other.seconds ? seconds > other.seconds : producer > other.producer;
    }
  };
  [[nodiscard]] Turn turn_after(double seconds, std::uint32_t producer, std::uint64_t sequence);

  ScheduleOptions options_;
  std::vector<std::mt19937_64> random_;  // one for each producer: adding one leaves the others' times as they are
  std::priority_queue<Turn, std::vector<Turn>, std::greater<>> turns_;
};

}  // namespace orders
