#include "plugin/account.h"

#include <fmt/format.h>

#include "plugin/format.h"
#include "plugin/replay.h"

namespace migrate::plugin {
namespace {

std::string forecast_of(std::optional<milliseconds> forecast) {
  return forecast ? fmt::format("  (forecast {})", duration_text(*forecast)) : "";
}

void add(std::vector<std::string>& lines, const std::vector<std::string>& more) {
  lines.insert(lines.end(), more.begin(), more.end());
}

std::vector<std::string> phases_of(const MigrationStatus& status) {
  std::vector<std::string> phases;
  phases.reserve(status.steps.size());
  for (const Step& step : status.steps)
    if (step.finished)
      phases.push_back(fmt::format("{} {}", one_line(step.name), duration_text(*step.finished - step.started)));
  return phases;
}

void add_messages(const MessagesStatus& messages, std::size_t width, std::vector<std::string>& lines) {
  add(lines, listing("  Messages  ", count_parts(messages), width));
  add(lines, listing("  Rates     ", rate_parts(messages), width));
  add(lines, listing("  Cutoff    ", cutoff_parts(messages), width));
}

}  // namespace

std::vector<std::string> account(const Migration& migration, std::size_t width) {
  const MigrationStatus& status = migration.status;
  std::vector<std::string> lines;
  if (status.gap)
    lines.push_back(fmt::format("  Gap       {}{}", duration_text(*status.gap), forecast_of(status.forecast_gap)));
  if (status.freeze)
    lines.push_back(
        fmt::format("  Freeze    {}{}", duration_text(*status.freeze), forecast_of(status.forecast_freeze)));
  if (status.snapshot_freeze)
    lines.push_back(fmt::format("  Snapshot  {} frozen for it", duration_text(*status.snapshot_freeze)));
  if (!status.archives.empty())
    lines.push_back(fmt::format("  Bytes     {} in {} archive{}", bytes_text(total_size(status)),
                                status.archives.size(), status.archives.size() == 1 ? "" : "s"));
  if (status.messages) add_messages(*status.messages, width, lines);
  if (status.started && status.finished)
    lines.push_back(fmt::format("  Total     {}{}", duration_text(*status.finished - *status.started),
                                forecast_of(status.forecast_total)));
  add(lines, listing("  Phases    ", phases_of(status), width));
  for (const std::string& warning : status.warnings)
    lines.push_back("  Warning   " + one_line(warning));
  for (std::string& line : lines)
    if (!line.starts_with("  Warning")) line = elided(line, width);  // a warning is never cut
  return lines;
}

}  // namespace migrate::plugin
