// A part's figures beside those of what limits it, as a line of components.csv.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "test/bench/evaluation/machine.h"

namespace bench {

struct Spread99 {
  double p50 = 0;
  double p99 = 0;
};

struct Line {
  std::string part;
  std::string with;  // what it was measured with: "5000 nodes", "256 MiB"
  std::string unit;
  Spread99 is;
  std::string limit;  // what it is beside
  Spread99 limit_is;
};

[[nodiscard]] std::string header();
[[nodiscard]] std::string to_csv(const Line& line, const evaluation::Surroundings& around);

// How long each of so many calls took, in milliseconds.
[[nodiscard]] std::vector<double> times_of(int calls, const std::function<void()>& work);
[[nodiscard]] Spread99 spread99_of(const std::vector<double>& values);
// What so many milliseconds for each are in calls a second, one after the other.
[[nodiscard]] Spread99 per_second(const std::vector<double>& milliseconds);

using Tell = std::function<void(const Line&)>;

}  // namespace bench
