#include "plugin/outlook.h"

#include <fmt/format.h>

#include <algorithm>

#include "plugin/format.h"
#include "plugin/plan_text.h"

namespace migrate::plugin {
namespace {

using Lines = std::vector<std::string>;

constexpr std::size_t kNameWidth = 14;  // as a step's in describe

Lines refusals(const MigrationStatus& status) {
  Lines lines;
  for (const RefusalNote& one : status.refusals)
    lines.push_back(fmt::format("{}: {}{}", one_line(one.reason), one_line(one.message),
                                one.accept.empty() ? "" : fmt::format(" (--accept={})", one_line(one.accept))));
  return lines;
}

Lines plan(const MigrationStatus& status) {
  Lines lines;
  if (!status.plan) return lines;
  if (!status.plan->because.empty())
    lines.push_back(fmt::format("{}: {}", to_string(status.strategy), one_line(status.plan->because)));
  for (const PlannedStep& step : status.plan->steps)
    lines.push_back(fmt::format("{} {}", padded(one_line(step.name), kNameWidth), one_line(step.text)));
  return lines;
}

Lines strategies(const MigrationStatus& status) {
  Lines lines;
  for (const Alternative& one : status.alternatives) {
    const std::string times = forecast_text(one);
    const std::string head = padded(to_string(one.strategy), kNameWidth) + " ";
    if (!times.empty() || one.against.empty()) lines.push_back(head + (times.empty() ? "times not known" : times));
    for (const std::string& against : one.against)
      lines.push_back((times.empty() && &against == &one.against.front() ? head : std::string(head.size(), ' ')) +
                      "not possible: " + one_line(against));
  }
  return lines;
}

Lines ranges(const MigrationStatus& status) {
  Lines lines;
  const auto add = [&](std::string_view name, const std::optional<Range>& range) {
    if (range) lines.push_back(fmt::format("{} {}", padded(name, kNameWidth), range_text(*range)));
  };
  add("Gap", status.forecast_gap_range);
  add("Freeze", status.forecast_freeze_range);
  add("Total", status.forecast_total_range);
  if (status.forecast_cutoff)
    lines.push_back(fmt::format("{} {}", padded("Cutoff", kNameWidth), duration_text(*status.forecast_cutoff)));
  if (status.forecast_backlog)
    lines.push_back(fmt::format("{} {} at the cut", padded("Backlog", kNameWidth), *status.forecast_backlog));
  return lines;
}

}  // namespace

std::vector<Section> outlook(const MigrationStatus& status) {
  std::vector<Section> all = {{"Refusals", refusals(status)},
                              {"Plan", plan(status)},
                              {"Strategies", strategies(status)},
                              {"Expected between", ranges(status)}};
  all.erase(std::remove_if(all.begin(), all.end(), [](const Section& one) { return one.lines.empty(); }), all.end());
  return all;
}

}  // namespace migrate::plugin
