#include "plugin/account.h"

#include <fmt/format.h>

#include "plugin/format.h"

namespace migrate::plugin {
namespace {

std::string forecast_of(std::optional<milliseconds> forecast) {
  return forecast ? fmt::format("  (forecast {})", duration_text(*forecast)) : "";
}

// "Preparing 0.012 s, Placing 0.512 s", broken between phases.
void add_phases(const MigrationStatus& status, std::size_t width, std::vector<std::string>& lines) {
  std::string line = "  Phases    ";
  const std::string margin(line.size(), ' ');
  bool is_first = true;
  for (const Step& step : status.steps) {
    if (!step.finished) continue;
    const std::string one = fmt::format("{} {}", one_line(step.name), duration_text(*step.finished - step.started));
    if (!is_first) {
      line += ",";
      if (characters(line) + 2 + characters(one) > width) {
        lines.push_back(line);
        line = margin;
      } else {
        line += " ";
      }
    }
    line += one;
    is_first = false;
  }
  if (!is_first) lines.push_back(line);
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
  if (!status.archives.empty())
    lines.push_back(fmt::format("  Bytes     {} in {} archive{}", bytes_text(total_size(status)),
                                status.archives.size(), status.archives.size() == 1 ? "" : "s"));
  if (status.started && status.finished)
    lines.push_back(fmt::format("  Total     {}", duration_text(*status.finished - *status.started)));
  add_phases(status, width, lines);
  for (const std::string& warning : status.warnings)
    lines.push_back("  Warning   " + one_line(warning));
  for (std::string& line : lines)
    if (!line.starts_with("  Warning")) line = elided(line, width);  // a warning is never cut
  return lines;
}

}  // namespace migrate::plugin
