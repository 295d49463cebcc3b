#include "test/workloads/producer/schedule.h"

#include <cmath>

namespace orders {
namespace {

// The standard leaves open how its distributions are computed; these are the same everywhere.
double uniform(std::mt19937_64& random) {
  return static_cast<double>(random() >> 11) * 0x1.0p-53;
}  // in [0, 1)
double exponential(std::mt19937_64& random, double mean) {
  return -std::log1p(-uniform(random)) * mean;
}

// Mixed rather than drawn: a message's value depends on nothing but its place.
std::int64_t value_of(std::uint64_t seed, std::uint32_t producer, std::uint64_t sequence) {
  std::uint64_t word = seed ^ (sequence * 0x9E3779B97F4A7C15ULL) ^ (std::uint64_t{producer} << 32);
  word = (word ^ (word >> 30)) * 0xBF58476D1CE4E5B9ULL;
  word = (word ^ (word >> 27)) * 0x94D049BB133111EBULL;
  return 1 + static_cast<std::int64_t>((word ^ (word >> 31)) % 1000);
}

}  // namespace

Schedule::Schedule(ScheduleOptions options) : options_(options) {
  for (std::uint32_t producer = 0; producer < options_.producers; ++producer) {
    std::seed_seq seed{options_.seed & 0xFFFFFFFF, options_.seed >> 32, std::uint64_t{producer}};
    random_.emplace_back(seed);
    turns_.push(turn_after(0, producer, 0));
  }
}

Schedule::Turn Schedule::turn_after(double seconds, std::uint32_t producer, std::uint64_t sequence) {
  const double mean = 1 / options_.rate.per_second;
  if (options_.spacing == Spacing::poisson)
    return {seconds + exponential(random_[producer], mean), producer, sequence + 1};
  // Multiplied, not added up: a million additions would drift.
  const double phase = static_cast<double>(producer) / options_.producers;
  return {(static_cast<double>(sequence) + phase) * mean, producer, sequence + 1};
}

Slot Schedule::next() {
  const Turn turn = turns_.top();
  turns_.pop();
  turns_.push(turn_after(turn.seconds, turn.producer, turn.sequence));
  return {std::chrono::microseconds(std::llround(turn.seconds * 1e6)), turn.producer, turn.sequence,
          value_of(options_.seed, turn.producer, turn.sequence)};
}

}  // namespace orders
