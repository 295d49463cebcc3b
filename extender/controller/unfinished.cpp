#include "extender/controller/unfinished.h"

#include <fmt/format.h>

#include <optional>
#include <string>

#include "extender/controller/absence.h"
#include "extender/controller/frozen_source.h"
#include "shared/messages/mirror.h"
#include "shared/migration/lost_target.h"

namespace migrate::controller {
namespace {

constexpr milliseconds kLookPatience{2'000};

// Of what came since the checkpoint the archives have nothing: the mirror has it, as far as nobody has taken it.
std::string archives_words(Hop& hop, const Attempt<ReplayLink>& link) {
  const MessagesStatus& messages = messages_of(hop);
  const std::string words = "the archives hold the memory of the checkpoint";
  const std::string copy = "a copy restored from them";
  Attempt<std::optional<broker::Depth>> depth = leave("not asked");
  if (link)
    depth = ask_broker<std::optional<broker::Depth>>(hop, hop.after_commit(kLookPatience),
                                                     [&] { return (*link).broker->depth(messages.mirror); });
  if (!depth) return fmt::format("{}, and {} lacks what was taken from queue {} since", words, copy, messages.mirror);
  if (!*depth) return fmt::format("{}, and {} lacks all messages that came since", words, copy);
  const std::uint64_t left = (*depth)->ready;
  if (messages.mirrored && left >= *messages.mirrored)
    return fmt::format("{}, and queue {} all {} messages that came since", words, messages.mirror, *messages.mirrored);
  return fmt::format("{}; {}{} messages that came since are left in queue {}, and {} lacks the others", words, left,
                     messages.mirrored ? fmt::format(" of the {}", *messages.mirrored) : "", messages.mirror, copy);
}

// Its memory is newer than the archives', and it lacks nothing that the mirror held.
std::string source_words(Hop& hop) {
  if (takes_name(hop.migration()) || find_condition(hop.status(), kSourceGone) != nullptr) return "";
  const auto queue = queue_of(hop.migration(), hop.source_view());
  const std::string name = queue ? queue->queue : "";
  const std::string& target = hop.status().target.pod;
  if (hop.migration().spec.purge_primary)
    return fmt::format(
        "; --purge-primary empties queue {} for Pod {}: what the source had not handled by then may be "
        "lost to it",
        name, target);
  return fmt::format("; queue {} holds what the source has not handled, but for what Pod {} has taken from it", name,
                     target);
}

std::string target_words(Hop& hop, const std::string& reason) {
  const std::string& target = hop.status().target.pod;
  if (reason == kTargetDied)
    return fmt::format("; decided for the target, Pod {} goes on without what that container had in memory", target);
  if (is_target_lost(reason)) return "";
  if (reason == kMirrorLost)
    return fmt::format("; decided for the target, Pod {} goes on without what it had not replayed", target);
  return fmt::format(
      "; decided for the target, Pod {} is waited for once more, or goes on without what it has not "
      "replayed if queue {} was deleted before",
      target, messages_of(hop).mirror);
}

}  // namespace

Outcome or_kept_with_archives(Hop& hop, Outcome outcome) {
  const bool is_failure = outcome.event == Event::failed || outcome.event == Event::deadline;
  const bool is_absence = outcome.event == Event::unsure && outcome.reason == kReplayNotStarted;
  if (hop.status().strategy != Strategy::sequential || !(is_failure || is_absence)) return outcome;
  const auto link = connect_replay(hop, hop.after_commit(kLookPatience));
  // One try is enough: whoever was started anew is kept away from the queue, to which the source may go back.
  if (link && outcome.reason == kTargetDied)
    (void)link->broker->publish(messages_of(hop).control_queue, messages::start_replay(messages_of(hop).mirror));
  const std::string archives = archives_words(hop, link);
  if (hop.signals().leaving()) return hop.interrupted({Event::left, "Left", "interrupted"});
  return {Event::unsure, outcome.reason,
          fmt::format("{}; {}{}{}", outcome.message, archives, source_words(hop), target_words(hop, outcome.reason))};
}

}  // namespace migrate::controller
