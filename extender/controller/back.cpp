// Back to the source.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "extender/controller/frozen_source.h"
#include "extender/controller/identity.h"
#include "extender/controller/pods.h"
#include "extender/controller/registry.h"
#include "extender/controller/replay.h"
#include "extender/controller/steps.h"

namespace migrate::controller {
namespace {

using agent::SourceState;
using Kind = agent::AgentError::Kind;
using std::chrono::duration_cast;

constexpr milliseconds kThawPatience{600'000};
constexpr milliseconds kLookPatience{2'000};
constexpr milliseconds kResumePatience{20'000};  // a runtime that is being restarted comes back
constexpr milliseconds kResumePause{500};        // as long as the agent's own
constexpr milliseconds kThawSlice{10'000};       // then it is looked whether there is anything to be thawed
constexpr milliseconds kCancelPatience{15'000};
constexpr milliseconds kCleanUpPatience{5'000};
constexpr milliseconds kRemovePatience{120'000};

constexpr const char* kSourceLost = "SourceLost";

bool has_step(const MigrationStatus& status, Phase phase) {
  return std::any_of(status.steps.begin(), status.steps.end(),
                     [&](const Step& one) { return one.name == to_string(phase); });
}

// The table leads back from after the commit only when no memory ran at the target, or a person says so.
bool came_after_commit(const MigrationStatus& status) {
  return has_step(status, Phase::restoring) || has_step(status, Phase::renaming) || has_step(status, Phase::switching);
}

std::string containers_text(const std::vector<std::string>& names) {
  return fmt::format("container{} {}", names.size() == 1 ? "" : "s", fmt::join(names, " and "));
}

// A record may know the target by its name only: the controller ended between its making and its placing.
Attempt<void> find_target(Hop& hop, const Limits& limits) {
  PodPlace& target = hop.status().target;
  if (target.pod.empty() || !target.uid.empty()) return {};
  auto found = Pods{hop}.get(target.pod, limits);
  if (!found) return tl::make_unexpected(found.error());
  if (*found && view_of(**found).restore == hop.migration().uid)
    target = {target.pod, view_of(**found).uid, view_of(**found).node};
  return {};
}

Outcome remove_target(Hop& hop) {
  const Limits limits = hop.after_commit(kRemovePatience);
  const MigrationStatus& status = hop.status();
  Pods pods{hop};
  if (auto found = find_target(hop, limits); !found) return found.error();
  // Nothing was released, so nothing runs: this only ends the wait at once. The Pod's end ends it too.
  if (auto cancelled = cancel_target(hop, hop.after_commit(kCancelPatience)); !cancelled)
    if (cancelled.error().event == Event::left) return cancelled.error();
  for (const std::string& name : {status.target.pod, status.placeholder})
    if (!name.empty())
      if (auto removed = pods.remove_ours(name, limits); !removed) return removed.error();
  return {};
}

// Behind the commit, with the target removed: what a replay added to a live one's snapshot is lost then.
Outcome source_lost(Hop& hop, const std::string& why) {
  const bool is_live = hop.status().strategy == Strategy::live;
  return {is_live ? Event::failed : Event::unsure, kSourceLost,
          fmt::format("the target was removed and the source cannot be thawed any more: {}{}", why,
                      is_live ? ""
                              : fmt::format("; the archives are kept: kubectl migrate resume {} --from-checkpoint",
                                            hop.migration().name))};
}

// One that its kubelet is about to kill is not thawed: it would run for a moment, and then start without its memory.
Attempt<void> end_late_source(Hop& hop, const Limits& limits) {
  const auto until = kept_until(hop);
  if (!until || hop.world().clock.now() < *until) return {};
  auto record = hop.ask<agent::SourceRecord>(
      hop.status().source.node, "read the source's record", "ThawFailed", limits,
      [&](agent::AgentApi& agent, const agent::Call& call) { return agent.source_record(hop.order(), call); });
  if (!record) return tl::make_unexpected(record.error());
  if (record->state != SourceState::committed) return {};  // it was thawed in time
  if (auto ended = end_source(hop, kTimeIsOver, limits); !ended) return ended;
  return tl::make_unexpected(source_lost(hop, "it was frozen longer than its liveness probes allow"));
}

Limits time_for_thaw(Hop& hop, bool target_never_ran) {
  Limits limits = hop.after_commit(kThawPatience);
  const auto until = target_never_ran ? kept_until(hop) : std::nullopt;
  if (until && hop.world().clock.now() < *until)
    limits.until =
        std::min(limits.until, hop.world().pacer.now() + duration_cast<milliseconds>(*until - hop.world().clock.now()));
  return limits;
}

// No kubelet has the source to run any more: somebody deleted its Pod without waiting for its node, or the node itself.
// A node that comes back all the same starts nothing of it: after a reboot its containers are gone, else its kubelet
// ends what its agent has thawed at the freeze's deadline.
bool source_is_taken_away(Hop& hop) {
  const Limits limits = hop.after_commit(kLookPatience);
  const PodPlace& source = hop.status().source;
  const auto found = Pods{hop}.get(source.pod, limits);
  if (!found) return false;
  return !*found || view_of(**found).uid != source.uid || node_is_gone(hop, source.node, limits);
}

// Nothing: its agent is away, or does not get it to run, and there is nothing to be thawed any more.
// `is_refused`: it has answered, and does not do it.
Attempt<std::optional<agent::SourceRecord>> order_thaw(Hop& hop, bool target_never_ran, bool& is_refused) {
  const Limits limits = time_for_thaw(hop, target_never_ran);
  const Limits patience = hop.after_commit(kResumePatience);
  for (;;) {
    const Limits slice{std::min(limits.until, hop.world().pacer.now() + kThawSlice), limits.stop};
    auto record = hop.ask<agent::SourceRecord>(hop.status().source.node, "thaw the source", "ThawFailed", slice,
                                               [&](agent::AgentApi& agent, const agent::Call& call) {
                                                 auto answer = agent.thaw(hop.order(), target_never_ran, call);
                                                 is_refused = !answer && answer.error().kind == Kind::refused;
                                                 return answer;
                                               });
    if (record) return std::optional{std::move(*record)};
    const Event event = record.error().event;
    if (event == Event::failed && !target_never_ran && hop.pause(kResumePause, patience)) continue;
    const bool may_come = event == Event::deadline || (event == Event::failed && target_never_ran && !is_refused);
    if (may_come && source_is_taken_away(hop)) return std::optional<agent::SourceRecord>{};
    if (event != Event::deadline || hop.left_of(limits) == milliseconds{0}) return tl::make_unexpected(record.error());
  }
}

// The way back goes on, as nothing else can be done; but nobody may be told that the source runs as before.
void note_loss(Hop& hop, const char* reason, const std::string& message) {
  set_condition(hop.status(), {kSourceLost, true, reason, message, hop.world().clock.now()});
  hop.warn(message);
}

// What the thaw came to; done: the source runs, was lost, or is none of ours any more.
Outcome thaw(Hop& hop, bool target_never_ran) {
  MigrationStatus& status = hop.status();
  if (target_never_ran)
    if (auto in_time = end_late_source(hop, hop.after_commit(kThawPatience)); !in_time) return in_time.error();
  bool is_refused = false;
  auto asked = order_thaw(hop, target_never_ran, is_refused);
  if (!asked) {
    if (is_refused && target_never_ran) return source_lost(hop, asked.error().message);
    if (asked.error().event != Event::failed || target_never_ran) return asked.error();
    if (hop.signals().leaving()) return {Event::left, "Left", "this replica does not lead any more"};
    note_loss(hop, "ThawFailed", "whether the source runs is not known: " + asked.error().message);
    return {};
  }
  if (!*asked) {
    if (target_never_ran) return source_lost(hop, "its Pod or its node was deleted");
    note_loss(hop, "NodeLost",
              fmt::format("the source, Pod {}, is lost with node {}, where it was frozen: the agent there does not "
                          "answer, and the Pod or the node was deleted",
                          status.source.pod, status.source.node));
    return {};
  }
  const agent::SourceRecord& record = **asked;
  // Killed by somebody on its node, or by the node's restart.
  if (!record.lost.empty())
    note_loss(
        hop, "ContainersGone",
        fmt::format("the frozen source was lost: of Pod {}/{} on node {}, {} ended while it was frozen, and not by "
                    "us; the kubelet starts it anew, without its memory",
                    hop.migration().namespace_, status.source.pod, status.source.node, containers_text(record.lost)));
  if (record.state == SourceState::committed) {
    if (target_never_ran) return {Event::failed, "ThawRefused", "the source's agent does not thaw it any more"};
    return {hop.is_made_after_commit() ? Event::name_is_taken : Event::too_late, "Committed",
            "the source was committed before"};
  }
  if (record.frozen_at && record.ended_at) {
    if (!status.frozen_at) status.frozen_at = hop.frozen_at(record);
    status.freeze = duration_cast<milliseconds>(*record.ended_at - *record.frozen_at);
  }
  return {};
}

// The source was committed after all, and what would be restored now found the end of a replay that it has to begin.
Attempt<void> tell_start_again(Hop& hop, const Limits& limits) {
  if (hop.status().strategy != Strategy::sequential || messages_of(hop).control_queue.empty()) return {};
  auto link = connect_replay(hop, limits);
  if (!link) return tl::make_unexpected(link.error());
  if (auto forgotten = forget_control_queue(hop, *link, limits); !forgotten) return forgotten;
  return tell_start(hop, *link, limits);
}

// Nothing that a repetition might not cure ends a way back.
Outcome later(Outcome outcome) {
  outcome.event = Event::left;
  return outcome;
}

// Not even behind the commit, where the target has been removed: a Migration that failed ends by itself one day, and
// the archives go with it, and a set's frozen Pod. Only a memory that is gone does.
bool may_be_thawed_yet(const Outcome& thawed) {
  return thawed.event == Event::deadline || (thawed.event == Event::failed && thawed.reason != kSourceLost);
}

}  // namespace

Outcome rolling_back(Hop& hop) {
  const bool after_commit = came_after_commit(hop.status());
  // A word to the target in a control queue that the source reads too must not be found by the source.
  if (replays(hop))
    if (auto taken = take_back_words(hop, hop.after_commit(kBrokerPatience)); !taken) return later(taken.error());
  // The source first, so that it works again soon; but never beside a target that might.
  if (after_commit)
    if (Outcome removed = remove_target(hop); removed.event != Event::done) return later(removed);
  Outcome thawed;
  if (has_step(hop.status(), Phase::freezing) || (replays(hop) && has_step(hop.status(), Phase::checkpointing)))
    thawed = thaw(hop, after_commit);
  if (may_be_thawed_yet(thawed)) {
    (void)hop.say(thawed.message);
    return later(thawed);
  }
  if (thawed.event == Event::too_late || thawed.event == Event::name_is_taken)
    if (auto told = tell_start_again(hop, hop.after_commit(kBrokerPatience)); !told) return later(told.error());
  if (thawed.event != Event::done) return thawed;
  if (has_step(hop.status(), Phase::orphaning))
    if (auto given = give_back_source(hop, hop.after_commit(kRemovePatience)); !given) return later(given.error());
  if (is_owned_by(hop.migration(), kReplicaSet) && has_step(hop.status(), Phase::finishing))
    if (auto given = give_back_cost(hop, hop.after_commit(kRemovePatience)); !given) return later(given.error());
  if (Outcome removed = remove_target(hop); removed.event != Event::done) return later(removed);
  if (replays(hop)) (void)remove_queues(hop, hop.after_commit(kCleanUpPatience));  // else tidy() does
  // An agent that has not been asked for what it pushed keeps it in its record: then tidy() asks.
  if (!withdraw_images(hop, hop.after_commit(kCancelPatience))) return thawed;
  for (const std::string& node : {hop.status().source.node, hop.status().target.node})
    if (!node.empty()) (void)clean_up(hop, node, hop.after_commit(kCleanUpPatience));
  return thawed;
}

}  // namespace migrate::controller
