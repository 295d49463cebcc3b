#include "extender/controller/replay.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "extender/controller/pods.h"
#include "shared/messages/account.h"
#include "shared/messages/cutoff.h"
#include "shared/messages/mirror.h"
#include "shared/migration/go_duration.h"
#include "shared/migration/names.h"

namespace migrate::controller {
namespace {

constexpr milliseconds kPoll{10};
constexpr milliseconds kCalmPoll{250};
constexpr milliseconds kLastReaders{4'000};
constexpr std::size_t kLongestHostname = 63;

// By the kubelet's word, which comes up to a second after the fact: a container that it does not call running yet is
// none that ended.
bool has_ended(const Json& container) {
  return has(container, {"state", "terminated"}) ||
         (has(container, {"lastState", "terminated", "startedAt"}) &&
          text_at(container, {"lastState", "terminated", "reason"}) != "StartError");
}

Attempt<void> publish(Hop& hop, const ReplayLink& link, const std::string& body, const Limits& limits) {
  const std::string queue = messages_of(hop).control_queue;
  return ask_broker<void>(hop, limits, [&] { return link.broker->publish(queue, body); });
}

std::string own_control_queue(Hop& hop) {
  return control_queue_of(hop.source(), hop.status().source.pod);
}

// Of a sequential migration, which has no time to choose: when the source stopped, and when it should have at the
// latest.
void note_cutoff(Hop& hop) {
  MessagesStatus& messages = messages_of(hop);
  const MigrationStatus& status = hop.status();
  if (const auto rate = annotated_rate(hop.source()); rate && !messages.service_rate) {
    messages.service_rate = rate;
    messages.service_rate_from = RateSource::annotation;
  }
  messages::CutPolicy policy;
  policy.max_replay = hop.migration().spec.max_replay;
  policy.fixed = hop.migration().spec.cutoff;
  messages::ReplayState state;
  state.arrival_rate = messages.arrival_rate;
  state.service_rate = messages.service_rate;
  messages.cutoff_planned = decide_cut(state, policy).cutoff;
  if (messages.bound_at && status.frozen_at)
    messages.cutoff_used = std::chrono::duration_cast<milliseconds>(*status.frozen_at - *messages.bound_at);
}

// Whoever consumes it: the source, which is frozen.
Attempt<void> close_readers(Hop& hop, const ReplayLink& link, const std::string& queue, const Limits& limits) {
  for (;;) {
    auto depth = ask_broker<std::optional<broker::Depth>>(hop, limits, [&] { return link.broker->depth(queue); });
    if (!depth) return tl::make_unexpected(depth.error());
    if (!*depth || (*depth)->consumers == 0) return {};
    auto listed = ask_broker<std::vector<broker::Consumer>>(hop, limits, [&] { return link.broker->consumers(queue); });
    if (!listed) return tl::make_unexpected(listed.error());
    for (const broker::Consumer& one : *listed)
      if (!one.connection.empty())
        if (auto closed = ask_broker<void>(
                hop, limits,
                [&] { return link.broker->close_connection(one.connection, "kubectl migrate: the consumer moves"); });
            !closed)
          return closed;
    if (!hop.pause(kPoll, limits))
      return tl::make_unexpected(
          hop.interrupted({Event::deadline, "Broker", fmt::format("control queue {} still has a consumer", queue)}));
  }
}

// When the target was let live, and with it whoever takes from the mirror.
Instant target_began(const MigrationStatus& status, Instant now) {
  for (const Step& one : status.steps)
    if (one.name == to_string(Phase::shadowing) || one.name == to_string(Phase::restoring)) return one.started;
  return now;
}

}  // namespace

bool replays(Hop& hop) {
  return hop.status().strategy == Strategy::live || hop.status().strategy == Strategy::sequential;
}

Attempt<ReplayLink> connect_replay(Hop& hop, const Limits& limits) {
  const auto queue = queue_of(hop.migration(), hop.source_view());
  if (!queue) return give_up(Event::failed, "NoQueue", "the Pod names no queue any more");
  auto broker = connect_to(hop, *queue, limits);
  if (!broker) return tl::make_unexpected(broker.error());
  return ReplayLink{*queue, *broker};
}

MessagesStatus& messages_of(Hop& hop) {
  auto& messages = hop.status().messages;
  if (!messages) messages.emplace();
  return *messages;
}

tl::unexpected<Outcome> mirror_lost(Hop& hop, const ReplayLink& link) {
  return give_up(Event::failed, kMirrorLost,
                 fmt::format("queue {}, the mirror of {}, was deleted; what it held cannot be replayed",
                             messages_of(hop).mirror, link.queue.queue));
}

tl::unexpected<Outcome> mirror_consumed(Hop& hop, const ReplayLink& link) {
  return give_up(Event::failed, "MirrorConsumed",
                 fmt::format("queue {}, the mirror of {}, has lost messages before anybody was to read them: somebody "
                             "takes them, they expire, or the broker was started anew and they are not persistent; "
                             "find out which, then migrate again",
                             messages_of(hop).mirror, link.queue.queue));
}

tl::unexpected<Outcome> queue_lost(const ReplayLink& link) {
  return give_up(Event::failed, "QueueLost", fmt::format("queue {} was deleted", link.queue.queue));
}

Attempt<void> note_taken(Hop& hop, const ReplayLink& link, const Limits& limits) {
  MessagesStatus& messages = messages_of(hop);
  if (!messages.mirrored) return {};  // nobody knows
  // What it had not acknowledged comes back when its last connection ends.
  const Limits patience{std::min(limits.until, hop.world().pacer.now() + kLastReaders), limits.stop};
  for (;;) {
    auto depth =
        ask_broker<std::optional<broker::Depth>>(hop, limits, [&] { return link.broker->depth(messages.mirror); });
    if (!depth) return tl::make_unexpected(depth.error());
    if (!*depth && messages.lost) {  // we removed it, as it had been replayed to the end
      messages.replayed = 0;
      messages.lost = messages.mirrored;
      hop.warn(
          fmt::format("the {} messages of {}, the mirror of {}, were taken by a copy that was given up; the one "
                      "restored from the checkpoint does not know them",
                      *messages.mirrored, messages.mirror, link.queue.queue));
    }
    if (!*depth) return {};  // whoever replays will find that
    if ((*depth)->consumers > 0 && hop.pause(kCalmPoll, patience)) continue;
    if ((*depth)->ready >= *messages.mirrored) return {};
    messages.replayed = (*depth)->ready;
    hop.warn(
        fmt::format("{} of the {} messages in {}, the mirror of {}, were taken by a copy that was given up; the one "
                    "restored from the checkpoint does not know them",
                    *messages.mirrored - (*depth)->ready, *messages.mirrored, messages.mirror, link.queue.queue));
    return {};
  }
}

Attempt<broker::Depth> mirror_depth(Hop& hop, const ReplayLink& link, const Limits& limits) {
  const std::string mirror = messages_of(hop).mirror;
  auto depth = ask_broker<std::optional<broker::Depth>>(hop, limits, [&] { return link.broker->depth(mirror); });
  if (!depth) return tl::make_unexpected(depth.error());
  if (!*depth) return mirror_lost(hop, link);
  return **depth;
}

Attempt<broker::Depth> unread_mirror_depth(Hop& hop, const ReplayLink& link, const Limits& limits) {
  // What was read before counts, and nothing that is read beside us from here on: it may hold more already.
  note_watched(hop);
  const auto& series = messages_of(hop).backlog;
  const auto fuller = [](const BacklogPoint& one, const BacklogPoint& other) { return one.ready < other.ready; };
  const auto most = std::max_element(series.begin(), series.end(), fuller);
  const std::uint64_t held = most == series.end() ? 0 : most->ready;
  auto depth = mirror_depth(hop, link, limits);
  if (depth && (depth->ready < held || hop.backlog().has_shrunk())) return mirror_consumed(hop, link);
  return depth;
}

Attempt<broker::Depth> primary_depth(Hop& hop, const ReplayLink& link, const Limits& limits) {
  auto depth =
      ask_broker<std::optional<broker::Depth>>(hop, limits, [&] { return link.broker->depth(link.queue.queue); });
  if (!depth) return tl::make_unexpected(depth.error());
  if (!*depth) return queue_lost(link);
  return **depth;
}

std::string control_queue_of(const Json& pod, const std::string& name) {
  return messages::control_queue_name(text_at(pod, {"metadata", "annotations", kControlQueueAnnotation}), name,
                                      hostname_of(pod));
}

std::string target_control_queue(Hop& hop, const Json& source) {
  const TargetPlan plan = hop.target_plan();
  return messages::control_queue_name(text_at(source, {"metadata", "annotations", kControlQueueAnnotation}), plan.name,
                                      hostname_of(target_pod(source, hop.migration(), plan)));
}

bool is_control_queue_shared(const Json& pod) {
  const std::string annotation = text_at(pod, {"metadata", "annotations", kControlQueueAnnotation});
  return messages::control_queue_name(annotation, "a", "a") == messages::control_queue_name(annotation, "b", "b");
}

std::string shared_control_queue(const Json& pod) {
  return fmt::format(
      "annotation {} names one control queue for all instances, {}, so the word for a copy would reach "
      "the source beside it; put {{pod}} or {{hostname}} into it",
      kControlQueueAnnotation, text_at(pod, {"metadata", "annotations", kControlQueueAnnotation}));
}

std::string no_control_queue(const std::string& control) {
  return fmt::format(
      "the application has declared no control queue {}, so it does not follow the replay protocol "
      "(docs/app-contract.md; kubectl migrate check-app says what is amiss); use --strategy stop",
      control);
}

std::string unread_control_queue(const std::string& control, milliseconds patience) {
  return fmt::format(
      "nobody looks into control queue {}: what stands there was not taken within {} s, so the application does not "
      "follow the replay protocol, and its copy would take from the queue itself (docs/app-contract.md; kubectl "
      "migrate "
      "check-app says what is amiss); use --strategy stop",
      control, patience.count() / 1000);
}

std::optional<double> annotated_rate(const Json& pod) {
  const std::string text = text_at(pod, {"metadata", "annotations", kServiceTimeAnnotation});
  const auto span = parse_go_duration(text);
  if (text.empty() || !span || *span <= milliseconds{0}) return std::nullopt;
  return 1000.0 / static_cast<double>(span->count());
}

std::string hostname_of(const Json& pod) {
  const std::string set = text_at(pod, {"spec", "hostname"});
  return (set.empty() ? text_at(pod, {"metadata", "name"}) : set).substr(0, kLongestHostname);
}

Attempt<void> tell_start(Hop& hop, const ReplayLink& link, const Limits& limits) {
  MessagesStatus& messages = messages_of(hop);
  messages.control_queue = target_control_queue(hop, hop.source());
  // Written before it is made: a queue that no record names would never be removed.
  if (auto written = hop.journal().write(); !written) return written;
  auto made = ask_broker<void>(hop, limits, [&] { return link.broker->declare_queue(messages.control_queue); });
  if (!made) return made;
  if (messages.control_queue == own_control_queue(hop))
    if (auto alone = close_readers(hop, link, messages.control_queue, limits); !alone) return alone;
  return publish(hop, link, messages::start_replay(messages.mirror), limits);
}

Attempt<void> tell_again(Hop& hop, const ReplayLink& link, const Limits& limits) {
  return publish(hop, link, messages::start_replay(messages_of(hop).mirror), limits);
}

Attempt<void> tell_end(Hop& hop, const ReplayLink& link, const Limits& limits) {
  return publish(hop, link, messages::end_replay(), limits);
}

void add_repeats(MessagesStatus& messages, std::uint64_t in_both) {
  messages.duplicates_bound = messages.duplicates_bound.value_or(0) + messages::duplicates_bound({0, 0, in_both});
}

Attempt<void> cut(Hop& hop, const ReplayLink& link, bool is_repeated, const Limits& limits) {
  // The frozen source's unacknowledged messages are back at the head of the queue when nobody consumes it any more.
  for (;;) {
    auto primary = primary_depth(hop, link, limits);
    if (!primary) return tl::make_unexpected(primary.error());
    if (primary->consumers == 0) break;
    if (!hop.pause(kPoll, limits))
      return tl::make_unexpected(
          hop.interrupted({Event::deadline, "Broker",
                           fmt::format("queue {} still has {} consumers after the source's connections were closed",
                                       link.queue.queue, primary->consumers)}));
  }
  if (auto alike = check_bindings_at_cut(hop, link, is_repeated, limits); !alike) return alike;
  if (!hop.migration().spec.purge_primary)
    if (auto unbound = unbind_mirror(hop, link, limits); !unbound) return unbound;
  MessagesStatus& messages = messages_of(hop);
  // Nobody has taken from the mirror yet: what it holds came since its binding.
  const bool is_untouched = hop.status().strategy == Strategy::sequential && !messages.backlog_at_cut;
  auto rest = is_untouched ? unread_mirror_depth(hop, link, limits) : mirror_depth(hop, link, limits);
  if (!rest) return tl::make_unexpected(rest.error());
  // Read when the mirror gets nothing more: what came before stands in both.
  auto primary = primary_depth(hop, link, limits);
  if (!primary) return tl::make_unexpected(primary.error());
  if (const Instant now = hop.world().clock.now(); is_untouched && messages.bound_at && now > *messages.bound_at)
    messages.arrival_rate =
        static_cast<double>(rest->ready) / std::chrono::duration<double>(now - *messages.bound_at).count();
  // All that it ever got. Where somebody has taken from it, nobody tells exactly: the broker's statistics of a queue
  // are 5 s old and go with the queue, which goes as soon as it is empty; its count of what was published lacks what
  // came by a dead letter, and the queue's own (next_seq_id) begins anew with a broker that crashed. So no more than an
  // estimate is told then.
  if (is_untouched && !hop.migration().spec.purge_primary) messages.mirrored = rest->ready;
  if (is_untouched) note_cutoff(hop);
  if (!messages.backlog_at_cut && !hop.migration().spec.purge_primary) add_repeats(messages, primary->ready);
  messages.backlog_at_cut = rest->ready;
  note_backlog(hop, rest->ready);
  if (!hop.migration().spec.purge_primary) note_mirrored(hop);
  return {};
}

// A second attempt knows less of when the mirror got its last message.
void note_mirrored(Hop& hop) {
  MessagesStatus& messages = messages_of(hop);
  if (messages.mirrored || messages.mirrored_estimate || !messages.bound_at) return;
  const Instant now = hop.world().clock.now();
  messages.mirrored_estimate = messages::estimate_mirrored(
      messages.backlog, {*messages.bound_at, target_began(hop.status(), now), now}, messages.arrival_rate);
}

Attempt<void> check_target_lives(Hop& hop, const Limits& limits) {
  auto live = Pods{hop}.live_target(limits);
  if (!live) return tl::make_unexpected(live.error());
  const Json& containers = list_at(*live, {"status", "containerStatuses"});
  if (std::any_of(containers.begin(), containers.end(), has_ended)) return target_died(hop);
  return {};
}

tl::unexpected<Outcome> target_died(Hop& hop, const std::string& more) {
  return give_up(
      Event::failed, "TargetDied",
      fmt::format("a container of target Pod {0} ended while it replayed; see kubectl logs --previous {0}{1}",
                  hop.status().target.pod, more));
}

// Whoever waited here for a right to be given would keep the source frozen, or its name held. So the end is put behind
// the word instead: the source reads both, and is where it was.
Attempt<void> take_back_words(Hop& hop, const Limits& limits) {
  if (!hop.status().messages || messages_of(hop).control_queue.empty()) return {};
  const std::string control = messages_of(hop).control_queue;
  if (control != own_control_queue(hop)) return {};
  auto link = connect_replay(hop, limits);
  if (!link) return tl::make_unexpected(link.error());
  std::string lacking;
  auto taken = ask_broker<void>(hop, limits, [&]() -> Result<void> {
    auto depth = link->broker->depth(control);
    if (!depth) return tl::make_unexpected(depth.error());
    if (!*depth) return {};
    const auto emptied = link->broker->purge(control);
    if (!emptied && !emptied.error().is_missing_right) return tl::make_unexpected(emptied.error());
    lacking = emptied ? "" : emptied.error().message;
    // A source that its agent thawed by itself may have taken the word already; to any other this says nothing.
    return link->broker->publish(control, messages::end_replay());
  });
  const bool may_not_tell = !taken && taken.error().reason == kBrokerRights;
  if (may_not_tell)
    hop.warn(
        fmt::format("the end of the replay could not be told through control queue {}; an application that has read "
                    "START_REPLAY there waits for a queue that is gone until {} is published into it: {}",
                    control, messages::end_replay(), taken.error().message));
  else if (!lacking.empty())
    hop.warn(
        fmt::format("the word for the copy could not be taken out of control queue {}, so the application reads it "
                    "and END_REPLAY behind it: {}",
                    control, lacking));
  return may_not_tell ? Attempt<void>{} : taken;
}

Attempt<void> forget_control_queue(Hop& hop, const ReplayLink& link, const Limits& limits) {
  const std::string name = messages_of(hop).control_queue;
  if (name.empty()) return {};
  // Of the same name: an END_REPLAY to the one before would send its successor to the primary. Where the right to take
  // it out is missing, START_REPLAY comes behind it.
  if (name == own_control_queue(hop))
    return ask_broker<void>(hop, limits, [&]() -> Result<void> {
      auto depth = link.broker->depth(name);
      if (!depth) return tl::make_unexpected(depth.error());
      if (!*depth || (*depth)->ready == 0) return {};
      const auto emptied = link.broker->purge(name);
      if (!emptied && !emptied.error().is_missing_right) return tl::make_unexpected(emptied.error());
      return {};
    });
  auto gone = ask_broker<broker::Removal>(hop, limits, [&] { return link.broker->remove_queue(name, {}); });
  if (!gone) return tl::make_unexpected(gone.error());
  return {};
}

Attempt<void> remove_old_control_queue(Hop& hop, const Limits& limits) {
  const std::string own = own_control_queue(hop);
  if (own == target_control_queue(hop, hop.source())) return {};
  auto link = connect_replay(hop, limits);
  if (!link) return tl::make_unexpected(link.error());
  // The source's last connection may take a moment to end.
  const Limits patience{std::min(limits.until, hop.world().pacer.now() + kLastReaders), limits.stop};
  for (;;) {
    auto gone = ask_broker<broker::Removal>(
        hop, limits, [&] { return link->broker->remove_queue(own, {.if_unused = true, .if_empty = true}); });
    if (!gone) return tl::make_unexpected(gone.error());
    if (*gone != broker::Removal::in_use || !hop.pause(kCalmPoll, patience)) return {};
  }
}

Attempt<void> remove_queues(Hop& hop, const Limits& limits) {
  if (!hop.status().messages || messages_of(hop).mirror.empty()) return {};
  auto link = connect_replay(hop, limits);
  if (!link) return tl::make_unexpected(link.error());
  MessagesStatus& messages = messages_of(hop);
  const std::string own = own_control_queue(hop);
  const Limits patience{std::min(limits.until, hop.world().pacer.now() + kLastReaders), limits.stop};
  do {
    auto gone = ask_broker<broker::Removal>(
        hop, limits, [&] { return link->broker->remove_queue(messages.mirror, {.if_unused = true}); });
    if (!gone) return tl::make_unexpected(gone.error());
    if (*gone != broker::Removal::in_use) break;
  } while (hop.pause(kCalmPoll, patience));
  for (const std::string& name : {messages.mirror, messages.control_queue}) {
    // The source looks into its own one for as long as it lives.
    if (name.empty() || name == own) continue;
    auto gone = ask_broker<broker::Removal>(hop, limits, [&] { return link->broker->remove_queue(name, {}); });
    if (!gone) return tl::make_unexpected(gone.error());
  }
  return {};
}

}  // namespace migrate::controller
