#include "test/bench/figures.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <sstream>

#include "shared/base/result.h"
#include "shared/base/time.h"

namespace bench {
namespace {

using Json = nlohmann::json;

constexpr std::array kOrder{"gap",       "freeze",     "snapshot",      "total",        "Preparing", "Placing",
                            "Mirroring", "Freezing",   "Checkpointing", "Transferring", "Shadowing", "Replaying",
                            "Draining",  "Committing", "Renaming",      "Restoring",    "Switching", "Finishing"};

double milliseconds_between(const Json& started, const Json& finished) {
  const auto from = started.get<std::string>();
  const auto to = finished.get<std::string>();
  const auto span =
      migrate::value_or_fatal(migrate::parse_rfc3339(to)) - migrate::value_or_fatal(migrate::parse_rfc3339(from));
  return static_cast<double>(std::chrono::duration_cast<std::chrono::microseconds>(span).count()) / 1000;
}

}  // namespace

Sample sample_of(const Json& migration) {
  const Json& status = migration.at("status");
  Sample sample;
  if (status.contains("gapMs")) sample["gap"] = status.at("gapMs").get<double>();
  const Json::json_pointer freeze{"/checkpoint/freezeMs"};
  if (status.contains(freeze)) sample["freeze"] = status.at(freeze).get<double>();
  const Json::json_pointer snapshot{"/checkpoint/snapshotFreezeMs"};
  if (status.contains(snapshot)) sample["snapshot"] = status.at(snapshot).get<double>();
  if (status.contains("startedAt") && status.contains("finishedAt"))
    sample["total"] = milliseconds_between(status.at("startedAt"), status.at("finishedAt"));
  for (const Json& step : status.at("steps"))
    if (step.contains("finishedAt"))
      sample[step.at("name").get<std::string>()] += milliseconds_between(step.at("startedAt"), step.at("finishedAt"));
  return sample;
}

Spread spread_of(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return {values.front(), percentile(values, 0.5), values.back()};
}

double percentile(std::vector<double> values, double share) {
  std::sort(values.begin(), values.end());
  const double last = static_cast<double>(values.size()) - 1;
  return values.at(static_cast<std::size_t>(std::ceil(last * share)));
}

Buckets buckets_in(const std::string& metrics, const std::string& name, const std::string& label) {
  Buckets buckets;
  std::istringstream lines{metrics};
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(name + "_bucket{") || line.find(label) == std::string::npos) continue;
    const std::string key = "le=\"";
    const auto bound = line.find(key);
    const auto value = line.rfind(' ');
    if (bound == std::string::npos || value == std::string::npos) continue;
    buckets[std::stod(line.substr(bound + key.size()))] += std::stod(line.substr(value + 1));
  }
  return buckets;
}

Buckets since(const Buckets& later, const Buckets& earlier) {
  Buckets difference = later;
  for (auto& [bound, count] : difference)
    if (const auto found = earlier.find(bound); found != earlier.end()) count -= found->second;
  return difference;
}

double quantile(const Buckets& buckets, double share) {
  if (buckets.empty() || buckets.rbegin()->second <= 0) return 0;
  const double wanted = share * buckets.rbegin()->second;
  double below = 0;
  double counted = 0;
  for (const auto& [bound, count] : buckets) {
    if (count >= wanted && count > counted)
      return std::isinf(bound) ? below : below + (bound - below) * (wanted - counted) / (count - counted);
    below = bound;
    counted = count;
  }
  return below;
}

std::string table_of(const std::vector<Sample>& samples) {
  std::string text =
      fmt::format("  {:<14} {:>8} {:>8} {:>8}  (ms, of {} moves)\n", "", "min", "median", "max", samples.size());
  for (const char* name : kOrder) {
    std::vector<double> values;
    values.reserve(samples.size());
    for (const Sample& sample : samples)
      if (const auto found = sample.find(name); found != sample.end()) values.push_back(found->second);
    if (values.empty()) continue;
    const Spread spread = spread_of(values);
    text += fmt::format("  {:<14} {:>8.0f} {:>8.0f} {:>8.0f}\n", name, spread.least, spread.median, spread.most);
  }
  return text;
}

}  // namespace bench
