// Strong types for quantities, so that mixing them does not compile. Durations are std::chrono's own.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>

namespace migrate {

struct Bytes {
  std::uint64_t count = 0;
  auto operator<=>(const Bytes&) const = default;  // NOLINT(modernize-use-nullptr): the 0 is the compiler's
  friend constexpr Bytes operator+(Bytes a, Bytes b) { return {a.count + b.count}; }
};

constexpr Bytes operator""_KiB(unsigned long long n) {
  return {n << 10};
}
constexpr Bytes operator""_MiB(unsigned long long n) {
  return {n << 20};
}

// Events per second; never negative.
struct Rate {
  double per_second = 0;
  auto operator<=>(const Rate&) const = default;
};

using Microseconds = std::chrono::microseconds;
// Wall-clock instants are microseconds since 1970 everywhere: in logs, records and status.
using Instant = std::chrono::time_point<std::chrono::system_clock, Microseconds>;

}  // namespace migrate
