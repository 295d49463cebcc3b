#include "test/workloads/audit/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace orders {
namespace {

constexpr std::size_t kShownFaults = 20;

double milliseconds(std::int64_t microseconds) {
  return static_cast<double>(microseconds) / 1000;
}

}  // namespace

bool is_clean(const Audit& audit, const Accepted& accepted) {
  return std::all_of(audit.faults.begin(), audit.faults.end(),
                     [&](const Fault& fault) { return accepted.contains(fault.category); });
}

std::string table_of(const Audit& audit, const Accepted& accepted) {
  std::string text;
  const auto row = [&](const std::string& name, const auto& value) { text += fmt::format("{:<24}{}\n", name, value); };
  for (const auto& [delivery, count] : audit.sent)
    row("sent, " + delivery, count);
  row("effective", audit.effective);
  row("on side branches", audit.side_branch);
  row("results", audit.results);
  row("results, repeated", audit.repeated_results);
  for (const auto& [pod, instance] : audit.instances)
    row(pod, fmt::format("{} handled, {} effective, for {:.3f} ms", instance.handled, instance.effective,
                         milliseconds(instance.last - instance.first)));
  row("message gap", fmt::format("{:.3f} ms, ended by {}", milliseconds(audit.gap.length()),
                                 audit.gap.ended_by.empty() ? "the end" : audit.gap.ended_by));
  for (const Category category : kCategories)
    row(to_string(category),
        fmt::format("{}{}", audit.count(category), accepted.contains(category) ? " (accepted)" : ""));
  for (std::size_t i = 0; i < std::min(audit.faults.size(), kShownFaults); ++i)
    text +=
        fmt::format("{}: {}: {}\n", to_string(audit.faults[i].category), audit.faults[i].subject, audit.faults[i].text);
  if (audit.faults.size() > kShownFaults) text += fmt::format("… and {} more\n", audit.faults.size() - kShownFaults);
  text += is_clean(audit, accepted) ? "CLEAN\n" : "FAULTS\n";
  return text;
}

std::string json_of(const Audit& audit, const Accepted& accepted) {
  nlohmann::json json{{"clean", is_clean(audit, accepted)},
                      {"sent", audit.sent},
                      {"effective", audit.effective},
                      {"sideBranch", audit.side_branch},
                      {"results", audit.results},
                      {"repeatedResults", audit.repeated_results},
                      {"instances", nlohmann::json::object()},
                      {"gap",
                       {{"microseconds", audit.gap.length()},
                        {"from", audit.gap.from},
                        {"until", audit.gap.until},
                        {"endedBy", audit.gap.ended_by}}},
                      {"counts", nlohmann::json::object()},
                      {"faults", nlohmann::json::array()}};
  for (const auto& [pod, instance] : audit.instances)
    json["instances"][pod] = {{"handled", instance.handled},
                              {"effective", instance.effective},
                              {"first", instance.first},
                              {"last", instance.last}};
  for (const Category category : kCategories)
    json["counts"][to_string(category)] = audit.count(category);
  for (const Fault& fault : audit.faults)
    json["faults"].push_back({{"category", to_string(fault.category)},
                              {"subject", fault.subject},
                              {"text", fault.text},
                              {"accepted", accepted.contains(fault.category)}});
  return json.dump(2) + "\n";
}

}  // namespace orders
