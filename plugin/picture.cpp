#include "plugin/picture.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <span>

#include "plugin/format.h"
#include "plugin/outcome.h"
#include "plugin/replay.h"
#include "plugin/similar.h"

namespace migrate::plugin {
namespace {

enum class State { to_come, running, done, stopped };

struct Row {
  std::string name;
  State state = State::to_come;
  std::optional<Microseconds> took;
  std::string message;
};

struct Look {
  std::string_view mark;
  std::string_view plain;
  std::string_view colour;
};

constexpr std::array<Look, 4> kLooks = {
    {{"·", ".", "\x1b[2m"}, {"●", ">", "\x1b[33m"}, {"✓", "+", "\x1b[32m"}, {"✗", "x", "\x1b[31m"}}};
constexpr std::string_view kNoColour = "\x1b[0m";

bool is_turning_back(Phase phase) {
  return phase == Phase::rolling_back || phase == Phase::rolled_back || phase == Phase::refused ||
         phase == Phase::failed;
}

constexpr std::array kStop = {Phase::preparing,     Phase::placing,      Phase::orphaning,  Phase::freezing,
                              Phase::checkpointing, Phase::transferring, Phase::committing, Phase::renaming,
                              Phase::attaching,     Phase::restoring,    Phase::finishing};
constexpr std::array kLive = {Phase::preparing,     Phase::placing,      Phase::orphaning,  Phase::mirroring,
                              Phase::checkpointing, Phase::transferring, Phase::shadowing,  Phase::replaying,
                              Phase::freezing,      Phase::draining,     Phase::committing, Phase::switching,
                              Phase::finishing,     Phase::returning};
constexpr std::array kSequential = {Phase::preparing,     Phase::placing,      Phase::orphaning, Phase::mirroring,
                                    Phase::checkpointing, Phase::transferring, Phase::freezing,  Phase::committing,
                                    Phase::renaming,      Phase::restoring,    Phase::switching, Phase::finishing};
// What every strategy begins with.
constexpr std::array kUndecided = {Phase::preparing, Phase::placing};

// What only some Pods need.
bool is_expected(Phase phase, const Migration& migration) {
  if (phase == Phase::orphaning) return is_owned_by(migration, kStatefulSet) && !is_local(migration);
  if (phase == Phase::attaching) return !migration.status.volumes.empty();
  if (phase == Phase::renaming && migration.spec.restore == RestoreWay::image) return true;
  return (phase != Phase::renaming && phase != Phase::returning) || keeps_name(migration);
}

// The phases that a migration goes through when nothing happens to it.
std::span<const Phase> order_of(const Migration& migration) {
  const Strategy chosen = migration.status.strategy;
  switch (chosen != Strategy::automatic ? chosen : migration.spec.strategy) {
    case Strategy::stop:
      return kStop;
    case Strategy::live:
      return kLive;
    case Strategy::sequential:
      return kSequential;
    case Strategy::automatic:
      break;
  }
  return kUndecided;
}

State state_of(const Step& step, bool is_last_forward, Phase phase) {
  if (is_last_forward && is_turning_back(phase)) return State::stopped;
  if (step.finished) return State::done;
  return is_final(phase) || phase == Phase::in_doubt ? State::stopped : State::running;
}

std::vector<Row> rows_of(const Migration& migration, Instant now) {
  const MigrationStatus& status = migration.status;
  const std::string back{to_string(Phase::rolling_back)};
  std::size_t last_forward = status.steps.size();
  for (std::size_t i = 0; i < status.steps.size(); ++i)
    if (status.steps[i].name != back) last_forward = i;

  std::vector<Row> rows;
  rows.reserve(status.steps.size() + kLive.size());
  for (std::size_t i = 0; i < status.steps.size(); ++i) {
    const Step& step = status.steps[i];
    const State state = state_of(step, i == last_forward, status.phase);
    std::optional<Microseconds> took;
    if (step.finished) took = *step.finished - step.started;
    if (!step.finished && state == State::running) took = now - step.started;
    rows.push_back({one_line(step.name), state, took, one_line(step.message)});
  }
  if (is_turning_back(status.phase) || is_over(migration)) return rows;

  const std::span<const Phase> order = order_of(migration);
  // What comes after the furthest one seen: a repeated restore shows no earlier phase again.
  std::size_t next = 0;
  for (std::size_t i = 0; i < order.size(); ++i)
    for (const Row& row : rows)
      if (row.name == to_string(order[i])) next = i + 1;
  for (const Phase phase : order.subspan(next))
    if (is_expected(phase, migration))
      rows.push_back({std::string(to_string(phase)), State::to_come, std::nullopt, ""});
  return rows;
}

// On a narrow screen in several lines.
std::vector<std::string> heading(const Migration& migration, std::size_t width) {
  const MigrationStatus& status = migration.status;
  std::string to = "where the scheduler chooses";
  if (!migration.spec.target_node.empty()) to = migration.spec.target_node;
  if (!status.target.node.empty()) to = status.target.node;
  std::vector<std::string> parts;
  parts.reserve(4);
  parts.push_back(fmt::format("{}: Pod {}/{}", migration.name, migration.namespace_, migration.spec.pod));
  parts.push_back(fmt::format("{}{}to {}", status.source.node, status.source.node.empty() ? "" : " ", to));
  if (status.strategy != Strategy::automatic) parts.emplace_back(to_string(status.strategy));
  if (status.checkpoint != CheckpointBackend::automatic) parts.emplace_back(to_string(status.checkpoint));
  if (std::string line = joined(parts); characters(line) <= width) return {line};
  std::vector<std::string> lines = listing("", parts, width - 2);
  for (std::size_t i = 1; i < lines.size(); ++i)
    lines[i].insert(0, "  ");
  return lines;
}

// While nobody works: for how long already. A live migration's target ran before its source was frozen.
std::vector<std::string> silence(const MigrationStatus& status, Instant now, std::size_t width) {
  const bool took_over = status.running_at && status.strategy != Strategy::live;
  if (!status.frozen_at || status.gap || status.freeze || took_over || is_final(status.phase)) return {};
  std::string text = fmt::format("  The source is frozen since {}", duration_text(now - *status.frozen_at));
  if (!status.forecast_gap) return {text};
  const std::string forecast = fmt::format("(forecast of the gap: {})", duration_text(*status.forecast_gap));
  if (characters(text) + 1 + characters(forecast) <= width) return {text + " " + forecast};
  return {text, "  " + forecast};
}

// The mirror and its rates, where they matter now.
std::vector<std::string> replay_lines(const MigrationStatus& status, Instant now, std::size_t width) {
  std::vector<std::string> parts = replay_parts(status, now);
  if (parts.empty()) return parts;
  parts.front().front() = static_cast<char>(std::toupper(static_cast<unsigned char>(parts.front().front())));
  return listing("  ", parts, width);
}

std::string drawn(const Row& row, const Style& style) {
  const Look& look = kLooks.at(static_cast<std::size_t>(row.state));
  constexpr std::size_t kNameWidth = 14;
  constexpr std::size_t kTimeWidth = 10;
  const std::string mark(style.unicode ? look.mark : look.plain);
  std::string text = fmt::format("  {} {}", mark, padded(row.name, kNameWidth));
  if (row.took || !row.message.empty()) {
    const std::string took = row.took ? duration_text(*row.took) : "";
    text += std::string(took.size() < kTimeWidth ? kTimeWidth - took.size() : 0, ' ') + took;
  }
  if (!row.message.empty()) text += "  " + row.message;
  while (!text.empty() && text.back() == ' ')
    text.pop_back();
  text = elided(text, style.width);
  if (!style.colour) return text;
  const std::size_t at = 2;  // only the mark, and all of what is to come
  const std::size_t end = row.state == State::to_come ? text.size() : std::min(at + mark.size(), text.size());
  return text.substr(0, at) + std::string(look.colour) + text.substr(at, end - at) + std::string(kNoColour) +
         text.substr(end);
}

}  // namespace

std::vector<std::string> picture(const Migration& migration, Instant now, const Style& style) {
  std::vector<std::string> lines;
  for (const std::string& line : heading(migration, style.width))
    lines.push_back(elided(line, style.width));
  for (const Row& row : rows_of(migration, now))
    lines.push_back(drawn(row, style));
  for (const std::string& line : silence(migration.status, now, style.width))
    lines.push_back(elided(line, style.width));
  const std::vector<std::string> replay = replay_lines(migration.status, now, style.width);
  for (const std::string& line : replay)
    lines.push_back(elided(line, style.width));
  if (migration.spec.abort && !is_over(migration)) lines.push_back(elided("  An abort was asked for", style.width));
  const Phase phase = migration.status.phase;
  if (phase == Phase::rolling_back || phase == Phase::repeating)
    lines.push_back(elided("  " + why(migration.status), style.width));
  return lines;
}

}  // namespace migrate::plugin
