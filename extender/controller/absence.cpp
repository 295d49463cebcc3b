#include "extender/controller/absence.h"

#include <fmt/format.h>

#include <optional>
#include <string>
#include <utility>

#include "extender/controller/kube_events.h"

namespace migrate::controller {
namespace {

constexpr milliseconds kLookPatience{2'000};
constexpr milliseconds kBlind{5'000};  // who has not looked for longer could not, as the broker was away, perhaps

// Of what cannot be asked now nothing is said.
std::optional<broker::Depth> look_at(Hop& hop, const ReplayLink& link, const std::string& queue) {
  auto depth = ask_broker<std::optional<broker::Depth>>(hop, hop.after_commit(kLookPatience),
                                                        [&] { return link.broker->depth(queue); });
  return depth ? *depth : std::nullopt;
}

std::string words_about(Hop& hop, const ReplayLink& link, std::uint64_t waiting, bool has_read) {
  const MessagesStatus& messages = messages_of(hop);
  const std::string& pod = hop.status().target.pod;
  const auto patience = Attendance::kStartPatience.count() / 1000;
  std::string words = has_read
                          ? fmt::format("the application in Pod {} stopped replaying {} s ago", pod, patience)
                          : fmt::format("the application in Pod {} did not start replaying within {} s", pod, patience);
  words += fmt::format(": nobody reads queue {}, the mirror of {}, where {} messages wait", messages.mirror,
                       link.queue.queue, waiting);
  if (const auto control = look_at(hop, link, messages.control_queue))
    words += fmt::format("; START_REPLAY {} its control queue {}",
                         control->ready > 0 ? "stands unread in" : "was taken from", messages.control_queue);
  if (const auto primary = look_at(hop, link, link.queue.queue); primary && primary->consumers > 0)
    words += fmt::format("; somebody takes messages from queue {} itself", link.queue.queue);
  return words + fmt::format(
                     "; see kubectl logs {} and docs/app-contract.md; it goes on by itself as soon as the "
                     "mirror is read",
                     pod);
}

}  // namespace

Attendance::Verdict ReplayWatch::look(Steady now, std::uint64_t consumers) {
  if (now - std::exchange(last_look_, now) > kBlind) attendance_.blind(now);
  has_read_ = has_read_ || consumers > 0;
  return attendance_.look(now, consumers);
}

Attempt<void> ReplayWatch::judge_absence(Hop& hop, const ReplayLink& link, std::uint64_t waiting) {
  if (std::exchange(is_told_, true)) return {};
  const Migration& migration = hop.migration();
  const std::string words = words_about(hop, link, waiting, has_read_);
  if (hop.signals().leaving()) return tl::make_unexpected(hop.interrupted({Event::left, "Left", "interrupted"}));
  if (hop.status().strategy == Strategy::sequential && !migration.spec.purge_primary)
    return give_up(Event::unsure, kReplayNotStarted, words);
  hop.warn(words);
  hop.log(LogLevel::warning, words);
  record_for_both(hop.world().events, migration, true, "MigrationNotReplayed",
                  fmt::format("migration {}: {}", migration.name, words));
  return hop.journal().write();
}

bool has_come_back(Hop& hop, const Limits& limits) {
  const std::string& reason = hop.status().reason;
  const bool is_read_enough = reason == kReplayNotStarted || reason == "Broker" || reason == "BrokerSecret";
  if (!is_read_enough && reason != kReplayNotFinished && reason != kReplayNotEnded) return false;
  auto link = connect_replay(hop, limits);
  if (!link) return false;
  const auto depth = look_at(hop, *link, messages_of(hop).mirror);
  if (!depth) return false;
  if (messages_of(hop).lost) return true;  // recorded by an attempt that came so far: nothing is left in it
  if (reason == kReplayNotEnded) return depth->ready == 0 && depth->consumers == 0;
  return depth->consumers > 0 && (is_read_enough || depth->ready == 0);
}

}  // namespace migrate::controller
