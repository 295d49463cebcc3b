#include "plugin/replay.h"

#include <fmt/format.h>

#include <array>
#include <cmath>

#include "plugin/format.h"

namespace migrate::plugin {
namespace {

using Texts = std::vector<std::string>;

struct Because {
  std::string_view word;
  std::string_view text;
};
constexpr std::array<Because, 4> kReasons{{{"Converged", "the target had caught up"},
                                           {"Cutoff", "the computed time was over"},
                                           {"Diverging", "messages came faster than they were replayed"},
                                           {"Asked", "as --cutoff asked for"}}};

std::optional<std::uint64_t> backlog_of(const MessagesStatus& messages) {
  if (messages.backlog.empty()) return std::nullopt;
  return messages.backlog.back().ready;
}

// Whole seconds, so that a picture that is drawn often does not flicker.
std::string countdown(Microseconds left) {
  if (left <= Microseconds{0}) return "source stops now";
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(left);
  constexpr std::chrono::seconds kMinutes{120};
  return fmt::format("source stops at the latest in {}",
                     seconds < kMinutes ? fmt::format("{} s", seconds.count()) : duration_text(seconds));
}

void add_mirroring(const MessagesStatus& messages, Texts& parts) {
  if (const auto backlog = backlog_of(messages)) parts.push_back(fmt::format("the mirror holds {}", *backlog));
  if (messages.arrival_rate) parts.push_back("in " + rate_text(*messages.arrival_rate));
}

void add_replaying(const MessagesStatus& messages, Instant now, Texts& parts) {
  if (const auto backlog = backlog_of(messages)) parts.push_back(fmt::format("replaying {} left", *backlog));
  if (messages.arrival_rate) parts.push_back("in " + rate_text(*messages.arrival_rate));
  if (messages.service_rate) parts.push_back("out " + rate_text(*messages.service_rate));
  if (messages.bound_at && messages.cutoff_planned && messages.cut_because.empty())
    parts.push_back(countdown(*messages.bound_at + *messages.cutoff_planned - now));
}

// Nothing comes in any more.
void add_draining(const MessagesStatus& messages, Texts& parts) {
  const auto backlog = backlog_of(messages);
  if (!backlog || *backlog == 0) return;
  parts.push_back(fmt::format("replaying the last {}", *backlog));
  if (!messages.service_rate || !(*messages.service_rate > 0)) return;
  parts.push_back("out " + rate_text(*messages.service_rate));
  const double seconds = static_cast<double>(*backlog) / *messages.service_rate;
  constexpr double kDay = 86'400;
  if (seconds < kDay)
    parts.push_back(fmt::format("done in about {}", duration_text(milliseconds{std::llround(seconds * 1000)})));
}

// Counted, or by estimate.
std::string number_text(std::optional<std::uint64_t> counted, std::optional<std::uint64_t> estimate) {
  if (counted) return fmt::format("{}", *counted);
  return estimate ? fmt::format("about {}", *estimate) : "";
}

}  // namespace

std::string mirrored_text(const MessagesStatus& messages) {
  return number_text(messages.mirrored, messages.mirrored_estimate);
}

std::string replayed_text(const MessagesStatus& messages) {
  return number_text(messages.replayed, messages.replayed_estimate);
}

std::string rate_text(double per_second) {
  constexpr double kPrecise = 100;
  return per_second < kPrecise ? fmt::format("{:.1f}/s", per_second) : fmt::format("{:.0f}/s", per_second);
}

std::string known_from(RateSource source) {
  switch (source) {
    case RateSource::source:
      return "measured at the source";
    case RateSource::annotation:
      return "as the Pod's annotation says";
    case RateSource::target:
      return "measured at the target";
    case RateSource::unknown:
      break;
  }
  return "";
}

std::string cut_text(std::string_view because) {
  for (const Because& reason : kReasons)
    if (reason.word == because) return std::string(reason.text);
  return one_line(because);
}

Texts cutoff_parts(const MessagesStatus& messages) {
  Texts parts;
  if (!messages.cutoff_used) return parts;
  parts.push_back(duration_text(*messages.cutoff_used) + " after the mirror began");
  if (messages.cutoff_planned) parts.push_back("planned " + duration_text(*messages.cutoff_planned));
  if (!messages.cut_because.empty()) parts.push_back(cut_text(messages.cut_because));
  return parts;
}

Texts rate_parts(const MessagesStatus& messages) {
  Texts parts;
  if (messages.arrival_rate) parts.push_back("in " + rate_text(*messages.arrival_rate));
  if (!messages.service_rate) return parts;
  const std::string how = known_from(messages.service_rate_from);
  parts.push_back("out " + rate_text(*messages.service_rate) + (how.empty() ? "" : ", " + how));
  return parts;
}

Texts count_parts(const MessagesStatus& messages) {
  Texts parts;
  if (const std::string text = mirrored_text(messages); !text.empty()) parts.push_back(text + " mirrored");
  if (const std::string text = replayed_text(messages); !text.empty()) parts.push_back(text + " replayed");
  if (messages.backlog_at_cut) parts.push_back(fmt::format("{} left at the cut", *messages.backlog_at_cut));
  if (messages.lost) parts.push_back(fmt::format("{} lost", *messages.lost));
  if (messages.duplicates_bound)
    parts.push_back(*messages.duplicates_bound == 0
                        ? "none repeated"
                        : fmt::format("no more than {} repeated", *messages.duplicates_bound));
  return parts;
}

Texts replay_parts(const MigrationStatus& status, Instant now) {
  Texts parts;
  if (!status.messages) return parts;
  switch (status.phase) {
    case Phase::mirroring:
    case Phase::checkpointing:
    case Phase::transferring:
    case Phase::shadowing:
      add_mirroring(*status.messages, parts);
      break;
    case Phase::replaying:
      add_replaying(*status.messages, now, parts);
      break;
    case Phase::draining:
    case Phase::switching:
      add_draining(*status.messages, parts);
      break;
    default:
      break;
  }
  return parts;
}

}  // namespace migrate::plugin
