// What changed between two looks, told in lines.
#include <fmt/format.h>

#include <cctype>

#include "plugin/format.h"
#include "plugin/outcome.h"
#include "plugin/picture.h"
#include "plugin/replay.h"
#include "plugin/similar.h"

namespace migrate::plugin {
namespace {

bool is_replay(Phase phase) {
  return phase == Phase::replaying || phase == Phase::draining || phase == Phase::switching;
}

// Whether nothing but figures has changed: a reading, which is no news.
bool is_reading(std::string_view before, std::string_view now) {
  const auto is_figure = [](char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0 || c == '.'; };
  const auto words = [&](std::string_view text) {
    std::string kept;
    for (const char c : text)
      if (!is_figure(c)) kept += c;
    return kept;
  };
  return words(before) == words(now);
}

// What a log should have of the replay: once that the mirror is there, how it stands at the beginning of each phase,
// how the service rate is known, and the cut. Never every reading.
template <class Tell>
void tell_replay(const MigrationStatus& old, const MigrationStatus& now, Instant time, const Tell& tell) {
  if (!now.messages) return;
  const MessagesStatus none;
  const MessagesStatus& before = old.messages ? *old.messages : none;
  const MessagesStatus& messages = *now.messages;
  if (messages.bound_at && !before.bound_at)
    tell(*messages.bound_at,
         fmt::format("Mirror {} of queue {} is bound", one_line(messages.mirror), one_line(messages.queue)));
  if (messages.service_rate && messages.service_rate_from != before.service_rate_from &&
      messages.service_rate_from != RateSource::unknown)
    tell(time, fmt::format("Service rate: {}, {}", rate_text(*messages.service_rate),
                           known_from(messages.service_rate_from)));
  if (!messages.cut_because.empty() && before.cut_because.empty()) {
    std::string text = "Cut: " + cut_text(messages.cut_because);
    if (messages.cutoff_used) text += fmt::format(", {} after the mirror began", duration_text(*messages.cutoff_used));
    if (messages.backlog_at_cut) text += fmt::format(", {} left", *messages.backlog_at_cut);
    tell(time, text);
  }
  const bool was_told = old.phase == now.phase && !replay_parts(old, time).empty();
  if (!is_replay(now.phase) || was_told) return;
  if (const auto parts = replay_parts(now, time); !parts.empty())
    tell(time, fmt::format("{}: {}", to_string(now.phase), joined(parts)));
}

}  // namespace

std::vector<std::string> changes(const Migration* before, const Migration& now, Instant time,
                                 std::chrono::seconds utc_offset) {
  std::vector<std::string> lines;
  const auto tell = [&](Instant when, const std::string& what) {
    lines.push_back(fmt::format("{} {} {}", clock_text(when, utc_offset), now.name, what));
  };
  const MigrationStatus nothing;
  const MigrationStatus& old = before != nullptr ? before->status : nothing;
  bool told_phase = false;
  for (std::size_t i = 0; i < now.status.steps.size(); ++i) {
    const Step& step = now.status.steps[i];
    const Step* known = i < old.steps.size() && old.steps[i].name == step.name && old.steps[i].started == step.started
                            ? &old.steps[i]
                            : nullptr;
    const std::string name = one_line(step.name);
    const std::string message = one_line(step.message);
    if (known == nullptr) {
      told_phase = told_phase || name == to_string(now.status.phase);
      tell(step.started, name);
    }
    const bool finished = step.finished && (known == nullptr || !known->finished);
    const bool says_more = !message.empty() && (known == nullptr || known->message != step.message);
    if (finished)
      tell(*step.finished, fmt::format("{} took {}{}", name, duration_text(*step.finished - step.started),
                                       message.empty() ? "" : ": " + message));
    const bool is_news = known == nullptr || !is_replay(now.status.phase) || !is_reading(known->message, step.message);
    if (!finished && says_more && is_news) tell(time, fmt::format("{}: {}", name, message));
  }
  tell_replay(old, now.status, time, tell);
  const bool other_phase = before == nullptr || old.phase != now.status.phase;
  if (other_phase && !told_phase) {
    std::string text{to_string(now.status.phase)};
    if (now.status.phase != Phase::succeeded && !(now.status.reason.empty() && now.status.message.empty()))
      text += " " + why(now.status);
    tell(is_final(now.status.phase) ? now.status.finished.value_or(time) : time, text);
  }
  for (std::size_t i = old.warnings.size(); i < now.status.warnings.size(); ++i)
    tell(time, "Warning: " + one_line(now.status.warnings[i]));
  return lines;
}

}  // namespace migrate::plugin
