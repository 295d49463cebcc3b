#include "test/bench/components/lines.h"

#include <fmt/format.h>

#include <numeric>

#include "test/bench/evaluation/csv.h"
#include "test/bench/figures.h"

namespace bench {
namespace {

std::string digits(double value) {
  return fmt::format("{:.6f}", value);
}

}  // namespace

std::string header() {
  return evaluation::csv_line(
      {"part", "with", "unit", "p50", "p99", "limit", "limit_p50", "limit_p99", "versions", "machine"});
}

std::string to_csv(const Line& line, const evaluation::Surroundings& around) {
  return evaluation::csv_line({line.part, line.with, line.unit, digits(line.is.p50), digits(line.is.p99), line.limit,
                               digits(line.limit_is.p50), digits(line.limit_is.p99), around.versions, around.machine});
}

std::vector<double> times_of(int calls, const std::function<void()>& work) {
  std::vector<double> times;
  for (int i = 0; i < calls; ++i) {
    const auto began = std::chrono::steady_clock::now();
    work();
    times.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - began).count());
  }
  return times;
}

Spread99 spread99_of(const std::vector<double>& values) {
  return {percentile(values, 0.5), percentile(values, 0.99)};
}

Spread99 per_second(const std::vector<double>& milliseconds) {
  const double all = std::accumulate(milliseconds.begin(), milliseconds.end(), 0.0);
  const double rate = 1000 * static_cast<double>(milliseconds.size()) / all;
  return {rate, rate};
}

}  // namespace bench
