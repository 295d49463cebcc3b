#include "plugin/plan_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "plugin/format.h"
#include "plugin/hints.h"
#include "plugin/outcome.h"
#include "plugin/similar.h"

namespace migrate::plugin {
namespace {

constexpr std::size_t kWordWidth = 12;  // as in an account
constexpr std::size_t kNameWidth = 16;  // of strategies and phases

// Grows a page line by line.
class Page {
 public:
  explicit Page(std::size_t width) : width_(width) {}

  void text(const std::string& text) {
    for (const std::string& line : wrapped(one_line(text), width_))
      lines_.push_back(line);
  }
  // Behind a word; later lines stand below the first.
  void field(std::string_view word, std::size_t margin, const std::string& text) {
    if (text.empty()) return;
    std::string head = padded(fmt::format("  {}", word), margin);
    for (const std::string& line : wrapped(one_line(text), width_ > margin ? width_ - margin : 1)) {
      lines_.push_back(head + line);
      head.assign(margin, ' ');
    }
  }
  void title(std::string_view title) {
    lines_.emplace_back();
    lines_.push_back(fmt::format("{}:", title));
  }
  std::vector<std::string> take() { return std::move(lines_); }

 private:
  std::size_t width_;
  std::vector<std::string> lines_;
};

std::string spans(std::optional<milliseconds> gap, std::optional<milliseconds> freeze,
                  std::optional<milliseconds> total) {
  std::vector<std::string> parts;
  parts.reserve(3);
  if (gap) parts.push_back("gap " + duration_text(*gap));
  if (freeze) parts.push_back("freeze " + duration_text(*freeze));
  if (total) parts.push_back("total " + duration_text(*total));
  return joined(parts);
}

// "0.412 s (0.300 s to 0.800 s)"
std::string ranged(const std::optional<milliseconds>& span, const std::optional<Range>& range) {
  if (!span) return "";
  if (!range) return duration_text(*span);
  return fmt::format("{} ({})", duration_text(*span), range_text(*range));
}

std::string pod_of(const Migration& migration) {
  return fmt::format("Pod {}/{}", migration.namespace_, migration.spec.pod);
}

// ", node-a to node-b"
std::string way_of(const Migration& migration) {
  const std::string& to = migration.spec.target_node;
  if (migration.status.source.node.empty()) return to.empty() ? "" : ", to " + to;
  return fmt::format(", {} to {}", migration.status.source.node, to.empty() ? "where the scheduler chooses" : to);
}

std::string strategy_text(const MigrationStatus& status) {
  if (status.strategy == Strategy::automatic) return "";
  const std::string chosen{to_string(status.strategy)};
  const std::string because = status.plan ? status.plan->because : "";
  if (because.empty() || because.starts_with(chosen)) return because.empty() ? chosen : because;
  return fmt::format("{}: {}", chosen, because);
}

std::string memory_text(const MigrationStatus& status) {
  std::vector<std::string> parts;
  if (status.checkpoint != CheckpointBackend::automatic)
    parts.push_back(status.checkpoint == CheckpointBackend::kubelet ? "the kubelet's checkpoint" : "direct checkpoint");
  if (status.forecast_size > Bytes{}) parts.push_back("some " + bytes_text(status.forecast_size));
  return joined(parts);
}

bool replays(Strategy strategy) {
  return strategy == Strategy::live || strategy == Strategy::sequential;
}

std::string gap_text(const MigrationStatus& status) {
  if (status.forecast_gap || !replays(status.strategy)) return ranged(status.forecast_gap, status.forecast_gap_range);
  return "not known before the queue's rates are measured";
}

std::string cutoff_text(const MigrationStatus& status) {
  if (!status.forecast_cutoff) return "";
  std::string text = fmt::format("{} after the mirror began, at the latest", duration_text(*status.forecast_cutoff));
  if (status.forecast_backlog)
    text += fmt::format("; {} message{} left then", *status.forecast_backlog, *status.forecast_backlog == 1 ? "" : "s");
  return text;
}

void add_forecast(Page& page, const MigrationStatus& status) {
  page.field("Strategy", kWordWidth, strategy_text(status));
  page.field("Memory", kWordWidth, memory_text(status));
  if (status.strategy != Strategy::automatic) page.field("Gap", kWordWidth, gap_text(status));
  page.field("Freeze", kWordWidth, ranged(status.forecast_freeze, status.forecast_freeze_range));
  page.field("Total", kWordWidth, ranged(status.forecast_total, status.forecast_total_range));
  page.field("Cutoff", kWordWidth, cutoff_text(status));
  for (const std::string& warning : status.warnings)
    page.field("Warning", kWordWidth, warning);
}

void add_alternatives(Page& page, const MigrationStatus& status) {
  const auto is_other = [&](const Alternative& one) {
    return status.phase == Phase::refused || one.strategy != status.strategy;
  };
  if (std::none_of(status.alternatives.begin(), status.alternatives.end(), is_other)) return;
  page.title(status.phase == Phase::refused ? "Strategies" : "Other strategies");
  for (const Alternative& one : status.alternatives) {
    if (!is_other(one)) continue;
    const std::string times = forecast_text(one);
    page.field(to_string(one.strategy), kNameWidth, times.empty() && one.against.empty() ? "times not known" : times);
    std::string_view word = times.empty() ? to_string(one.strategy) : "";
    for (const std::string& against : one.against) {
      page.field(word, kNameWidth, "not possible: " + against);
      word = "";
    }
  }
}

void add_steps(Page& page, const MigrationStatus& status) {
  if (!status.plan || status.plan->steps.empty()) return;
  page.title("Steps");
  for (const PlannedStep& step : status.plan->steps)
    page.field(step.name, kNameWidth, step.text.empty() ? "-" : step.text);
}

}  // namespace

std::vector<std::string> plan_lines(const Migration& migration, std::size_t width) {
  const MigrationStatus& status = migration.status;
  Page page{width};
  page.text(fmt::format("Dry run: {}{}. Nothing was touched.", pod_of(migration), way_of(migration)));
  add_forecast(page, status);
  add_alternatives(page, status);
  add_steps(page, status);
  return page.take();
}

std::string forecast_text(const MigrationStatus& status) {
  return spans(status.forecast_gap, status.forecast_freeze, status.forecast_total);
}

std::string forecast_text(const Alternative& way) {
  return spans(way.gap, way.freeze, way.total);
}

std::string range_text(const Range& range) {
  return fmt::format("{} to {}", duration_text(range.low), duration_text(range.high));
}

std::string against_text(const Migration& migration) {
  if (migration.status.phase != Phase::refused)
    return fmt::format("the controller could not look at {} to the end ({}): {}", pod_of(migration),
                       to_string(migration.status.phase), why(migration.status));
  const auto all = refusals_of(migration.status);
  std::string text = all.size() == 1
                         ? fmt::format("{} would be refused:", pod_of(migration))
                         : fmt::format("{} would be refused, for {} reasons:", pod_of(migration), all.size());
  for (const RefusalNote& one : all)
    text += fmt::format("\n  {}: {}\n    see {} for hints", one_line(one.reason), one_line(one.message),
                        hint(one_line(one.reason)));
  return text;
}

std::vector<RefusalNote> refusals_of(const MigrationStatus& status) {
  if (!status.refusals.empty() || status.phase != Phase::refused) return status.refusals;
  return {{status.reason, status.message, ""}};
}

}  // namespace migrate::plugin
