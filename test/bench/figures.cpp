#include "test/bench/figures.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>

#include "shared/base/result.h"
#include "shared/base/time.h"

namespace bench {
namespace {

using Json = nlohmann::json;

constexpr std::array kTimes{
    "gap",          "gap into name", "freeze",    "snapshot",        "total",      "T_cutoff planned", "T_cutoff used",
    "replay",       "fixed phases",  "Preparing", "Placing",         "Mirroring",  "Freezing",         "Checkpointing",
    "Transferring", "Shadowing",     "Replaying", "Draining",        "Committing", "Renaming",         "Restoring",
    "Switching",    "Finishing",     "Returning", "reading interval"};
constexpr std::array kErrors{"gap forecast", "freeze forecast", "total forecast"};
constexpr std::array kCounts{"left at the cut", "mirrored",        "replayed", "about mirrored",
                             "about replayed",  "repeats at most", "lost"};

double milliseconds_between(const Json& started, const Json& finished) {
  const auto from = started.get<std::string>();
  const auto to = finished.get<std::string>();
  const auto span =
      migrate::value_or_fatal(migrate::parse_rfc3339(to)) - migrate::value_or_fatal(migrate::parse_rfc3339(from));
  return static_cast<double>(std::chrono::duration_cast<std::chrono::microseconds>(span).count()) / 1000;
}

void add_number(const Json& messages, const char* field, double factor, const char* name, Sample& sample) {
  if (messages.contains(field)) sample[name] = messages.at(field).get<double>() * factor;
}

void add_replay(const Json& messages, Sample& sample) {
  constexpr double kMsPerSecond = 1000;
  add_number(messages, "cutoffSeconds", kMsPerSecond, "T_cutoff planned", sample);
  add_number(messages, "cutoffUsedSeconds", kMsPerSecond, "T_cutoff used", sample);
  add_number(messages, "backlogAtCut", 1, "left at the cut", sample);
  add_number(messages, "mirrored", 1, "mirrored", sample);
  add_number(messages, "replayed", 1, "replayed", sample);
  add_number(messages, "mirroredEstimate", 1, "about mirrored", sample);
  add_number(messages, "replayedEstimate", 1, "about replayed", sample);
  add_number(messages, "backlogIntervalMs", 1, "reading interval", sample);
  add_number(messages, "duplicatesBound", 1, "repeats at most", sample);
  add_number(messages, "lost", 1, "lost", sample);
  double replay = 0;
  for (const char* phase : {"Replaying", "Draining", "Switching"})
    if (const auto found = sample.find(phase); found != sample.end()) replay += found->second;
  sample["replay"] = replay;
  if (const auto total = sample.find("total"); total != sample.end()) sample["fixed phases"] = total->second - replay;
}

std::optional<double> value_in(const Sample& sample, const char* name) {
  const auto found = sample.find(name);
  return found == sample.end() ? std::nullopt : std::optional{found->second};
}

// As it is forecast: a live one is frozen twice, and the longer time counts. A sequential one may stand frozen until
// all is replayed, which no record tells.
std::optional<double> longest_freeze(const Sample& sample) {
  const auto freeze = value_in(sample, "freeze");
  if (!sample.contains("Mirroring") || !freeze) return freeze;
  if (!sample.contains("Shadowing")) return std::nullopt;
  return std::max(*freeze, value_in(sample, "snapshot").value_or(0));
}

// By how many percent the forecast was off.
void add_errors(const Json& forecast, Sample& sample) {
  const auto add = [&](const char* name, const char* field, std::optional<double> fact) {
    if (!fact || !(*fact > 0) || !forecast.contains(field)) return;
    sample[name] = std::abs(forecast.at(field).get<double>() - *fact) / *fact * 100;
  };
  add("gap forecast", "gapMs", value_in(sample, "gap"));
  add("freeze forecast", "freezeMs", longest_freeze(sample));
  add("total forecast", "totalMs", value_in(sample, "total"));
}

template <class Names>
std::string lines_of(const std::vector<Sample>& samples, const Names& names) {
  std::string text;
  for (const char* name : names) {
    std::vector<double> values;
    values.reserve(samples.size());
    for (const Sample& sample : samples)
      if (const auto value = value_in(sample, name)) values.push_back(*value);
    if (values.empty()) continue;
    const Spread spread = spread_of(values);
    text += fmt::format("  {:<16} {:>8.0f} {:>8.0f} {:>8.0f}\n", name, spread.least, spread.median, spread.most);
  }
  return text;
}

// "median 14 % of 24", of the forecasts of these figures; of none: nothing.
template <class Names>
std::string median_error(const std::vector<Sample>& samples, const Names& names) {
  std::vector<double> errors;
  for (const Sample& sample : samples)
    for (const char* name : names)
      if (const auto error = value_in(sample, name)) errors.push_back(*error);
  if (errors.empty()) return "";
  return fmt::format("median {:.0f} % of {}", percentile(errors, 0.5), errors.size());
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
  if (status.contains("messages")) add_replay(status.at("messages"), sample);
  if (status.contains("forecast")) add_errors(status.at("forecast"), sample);
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
      fmt::format("  {:<16} {:>8} {:>8} {:>8}  (ms, of {} moves)\n", "", "min", "median", "max", samples.size());
  text += lines_of(samples, kTimes);
  if (const std::string errors = lines_of(samples, kErrors); !errors.empty()) text += "  forecasts off by %\n" + errors;
  if (const std::string counts = lines_of(samples, kCounts); !counts.empty()) text += "  messages\n" + counts;
  return text;
}

std::string missed_goals(const std::vector<Sample>& samples, const std::vector<Goal>& goals) {
  std::string text;
  for (const Goal& goal : goals) {
    std::vector<double> values;
    for (const Sample& sample : samples)
      if (const auto value = value_in(sample, goal.figure.c_str())) values.push_back(*value);
    if (values.size() < samples.size() || values.empty())
      text += fmt::format("  {}: not measured in each move, the goal is {:.0f} ms\n", goal.figure, goal.most);
    else if (const double most = spread_of(values).most; most > goal.most)
      text += fmt::format("  {}: {:.0f} ms, the goal is {:.0f} ms\n", goal.figure, most, goal.most);
  }
  return text;
}

std::string forecasts_of(const Series& measured) {
  std::vector<Sample> all;
  for (const auto& [name, samples] : measured)
    all.insert(all.end(), samples.begin(), samples.end());
  const std::string whole = median_error(all, kErrors);
  if (whole.empty()) return "";
  std::string text = fmt::format("forecasts off by: {}\n", whole);
  const auto add = [&](const std::string& name, const std::string& error) {
    if (!error.empty()) text += fmt::format("  {:<16} {}\n", name, error);
  };
  for (const char* name : kErrors)
    add(name, median_error(all, std::array{name}));
  for (const auto& [name, samples] : measured)
    add(name, median_error(samples, kErrors));
  return text;
}

}  // namespace bench
