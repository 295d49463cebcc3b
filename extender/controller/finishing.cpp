// The source is removed, marks and archives go; and what of that is left when a migration has ended.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "extender/controller/frozen_source.h"
#include "extender/controller/identity.h"
#include "extender/controller/kube_events.h"
#include "extender/controller/pods.h"
#include "extender/controller/registry.h"
#include "extender/controller/replay.h"
#include "extender/controller/steps.h"
#include "extender/controller/unfinished.h"
#include "extender/controller/waking.h"
#include "shared/migration/lost_target.h"
#include "shared/migration/names.h"

namespace migrate::controller {
namespace {

constexpr milliseconds kFinishPatience{120'000};
constexpr milliseconds kAgentPatience{5'000};
constexpr milliseconds kLookPatience{2'000};
constexpr milliseconds kWakePatience{20'000};  // longer than it takes another controller to go on in our place
constexpr milliseconds kWakePause{1'000};

Attempt<bool> source_is_gone(Hop& hop, const Limits& limits) {
  auto gone = hop.ask<bool>(
      hop.status().source.node, "look for the source's containers", "SourceUnknown", limits,
      [&](agent::AgentApi& agent, const agent::Call& call) { return agent.source_is_gone(hop.order(), call); });
  return gone;
}

bool source_has_ended(Hop& hop, const Limits& limits) {
  if (const Condition* known = find_condition(hop.status(), "SourceGone"); known != nullptr && known->value)
    return true;
  const std::string& node = hop.status().source.node;
  const auto gone = source_is_gone(hop, limits);
  if (gone ? !*gone : !node_is_gone(hop, node, limits)) return false;
  set_condition(hop.status(),
                {"SourceGone", true, "ContainersGone",
                 fmt::format("no container of the source is left on node {}", node), hop.world().clock.now()});
  return hop.journal().write().has_value();
}

bool clean_nodes(Hop& hop, const Limits& limits) {
  // What was pushed is known to the source's agent alone, until it has cleaned up. What it tells is kept: a record
  // that cannot be written now is written as the finalizer goes.
  const auto told = hop.status().warnings.size();
  if (!withdraw_images(hop, limits) && !node_is_gone(hop, hop.status().source.node, limits)) return false;
  if (hop.status().warnings.size() != told) (void)hop.journal().write();
  bool all = true;
  for (const std::string& node : {hop.status().source.node, hop.status().target.node})
    if (!node.empty() && !clean_up(hop, node, limits)) all = false;
  return all;
}

// Done, or never to be: a broker whose Secret is gone cannot be asked ever again.
bool is_settled(const Attempt<void>& asked) {
  return asked || asked.error().reason == "BrokerSecret";
}

// Where the source has ended nobody looks into its control queue any more, unless another Pod has its name by now, as
// after a way back into it. Where nothing was replayed the broker's user may have no right to that queue.
bool clean_broker(Hop& hop, const Limits& limits) {
  if (!queue_of(hop.migration(), hop.source_view())) return true;
  const auto namesake = Pods{hop}.get(hop.status().source.pod, limits);
  if (!namesake || *namesake) return namesake.has_value();
  if (is_settled(remove_old_control_queue(hop, limits))) return true;
  return !replays(hop) && hop.migration().spec.target_name.empty();
}

// What runs there may be the application with its memory, which only lacks a part of its messages. The source is frozen
// for good, with a memory that is older: its record goes now, and whoever were to start it would start it cold.
Attempt<void> keep_target(Hop& hop, const Limits& limits) {
  const PodPlace& source = hop.status().source;
  if (source.pod != hop.status().target.pod)
    if (auto removed = Pods{hop}.force_remove(source.pod, source.uid, limits); !removed) return removed;
  if (is_owned_by(hop.migration(), kReplicaSet))
    if (auto taken = take_sources_place(hop, limits); !taken) return taken;
  return settle_target(hop, limits);
}

// A shadow whose set would start an empty Pod beside it. In this version it is a doubt (switching.cpp), but a Migration
// may have failed under an earlier one. It waits, and holds the name, until a person has removed the shadow.
Attempt<void> check_shadow_may_go(Hop& hop, const Limits& limits) {
  const auto lives = check_target_lives(hop, limits);
  if (!lives && is_target_lost(lives.error().reason)) return {};
  if (!lives) return lives;
  const Migration& migration = hop.migration();
  const std::string& shadow = migration.status.target.pod;
  const std::string said = fmt::format(
      "Pod {} works with its memory and is kept, and the name {} is held as long as it is there; kubectl delete pod {} "
      "-n {} has {} {} start {} anew, without it",
      shadow, migration.spec.pod, shadow, migration.namespace_, migration.status.owner->kind,
      migration.status.owner->name, migration.spec.pod);
  if (const auto& known = migration.status.warnings; std::find(known.begin(), known.end(), said) == known.end()) {
    hop.warn(said);
    record_for_both(hop.world().events, migration, true, "MigrationShadowKept",
                    fmt::format("migration {}: {}", migration.name, said));
    if (auto written = hop.journal().write(); !written) return written;
  }
  return leave(said);
}

// `stop` fails on its way back alone, and in this version not at all: an earlier one did as soon as a thaw failed. The
// target was removed for it, so with the Migration's end the source goes on: of a second hop that is the shadow.
Attempt<void> thaw_after_all(Hop& hop, const Limits& limits) {
  const PodPlace& source = hop.status().source;
  bool is_lost = false;
  auto thawed = hop.ask<agent::SourceRecord>(
      source.node, "thaw the source", "ThawFailed", limits, [&](agent::AgentApi& agent, const agent::Call& call) {
        auto answer = agent.thaw(hop.order(), true, call);
        is_lost = !answer && answer.error().kind == agent::AgentError::Kind::refused;
        return answer;
      });
  if (thawed || is_lost || node_is_gone(hop, source.node, limits)) return {};
  return tl::make_unexpected(thawed.error());
}

// Of a migration that failed behind its commit, and whose object goes. A target that works stays; a StatefulSet's is
// the set's own again, and one that does not makes room for another, which the set starts once the name is free.
Attempt<void> let_go(Hop& hop, const Limits& limits) {
  Pods pods{hop};
  const PodPlace& target = hop.status().target;
  const Strategy strategy = strategy_of(hop.migration());
  const bool is_sets = is_owned_by(hop.migration(), kStatefulSet);
  if (is_sets && strategy == Strategy::live)
    if (auto may = check_shadow_may_go(hop, limits); !may) return may;
  if (is_sets)
    if (auto given = give_back_source(hop, limits); !given) return given;
  // A shadow is none of the set's.
  if (is_sets && strategy == Strategy::live) {
    if (auto removed = pods.remove_ours(target.pod, limits); !removed) return removed;
    return make_room_for_set(hop, limits);
  }
  if (!target.pod.empty()) {
    auto found = pods.get(target.pod, limits);
    if (!found) return tl::make_unexpected(found.error());
    if (*found && view_of(**found).uid == target.uid && containers_run(**found)) return keep_target(hop, limits);
  }
  if (is_sets)
    if (auto given = give_back_target(hop, limits); !given) return given;
  for (const std::string& name : {target.pod, hop.status().placeholder})
    if (!name.empty())
      if (auto removed = pods.remove_ours(name, limits); !removed) return removed;
  return strategy == Strategy::stop ? thaw_after_all(hop, limits) : Attempt<void>{};
}

// The name is free with the record of the end. A set that does not fill it then wants no Pod of that ordinal any more.
bool is_set_awake(Hop& hop, const Limits& limits) {
  const auto& ended = hop.status().finished;
  return !ended || hop.world().clock.now() - *ended > kWakePatience || wake_set(hop, limits);
}

// What has failed holds the name until its object is gone, and nobody comes back to it then: all is done here, or the
// set looks in its own time.
void wake_set_at_last(Hop& hop) {
  const Limits limits = hop.after_commit(kAgentPatience);
  while (!wake_set(hop, limits) && hop.pause(kWakePause, limits)) {
  }
}

}  // namespace

// Mostly asked when an agent has not answered for as long as the limits allowed: this call has a time of its own.
bool node_is_gone(Hop& hop, const std::string& node, const Limits& ended) {
  const Limits limits{std::max(ended.until, hop.world().pacer.now() + kLookPatience), ended.stop};
  auto found = Pods{hop}.call<std::optional<Json>>("read node " + node, limits, [&](const kube::CallOptions& options) {
    return hop.world().client.get(kube::core("nodes", "", node), options);
  });
  return found && !*found;
}

Attempt<void> clean_up(Hop& hop, const std::string& node, const Limits& limits) {
  auto done =
      hop.ask<void>(node, "clean up", "CleanUpFailed", limits,
                    [&](agent::AgentApi& agent, const agent::Call& call) { return agent.clean_up(hop.order(), call); });
  if (done || done.error().event == Event::left || !node_is_gone(hop, node, limits)) return done;
  return {};
}

Outcome finishing(Hop& hop) {
  const Limits limits = hop.after_commit(kFinishPatience);
  Pods pods{hop};
  const MigrationStatus& status = hop.status();
  const bool is_replica_sets = is_owned_by(hop.migration(), kReplicaSet);
  if (is_replica_sets)
    if (auto replaced = replace_in_replica_set(hop, limits); !replaced) return replaced.error();
  if (status.strategy == Strategy::live)
    if (auto held = prove_name_held_still(hop, hop.after_commit(kAgentPatience)); !held) return held.error();
  if (auto removed = pods.force_remove(status.source.pod, status.source.uid, limits); !removed) return removed.error();
  // It may have chosen late. The archives are there still.
  if (is_replica_sets)
    if (auto stays = check_target_stays(hop, limits); !stays) return stays.error();
  if (auto settled = settle_target(hop, limits); !settled) return settled.error();
  if (!status.placeholder.empty())
    if (auto removed = pods.remove_ours(status.placeholder, limits); !removed) return removed.error();
  // Its archives are memory: they go at once, and if that cannot be, tidy() sees to it. Not where the source's record
  // is kept as well: that has to stay as long as the source's containers do.
  const Event end = usual_end(Phase::finishing, hop.migration());
  if (end == Event::done) drop_archives(hop);  // else beside the second hop, which need not wait for that
  hop.world().metrics.moved(status.freeze.value_or(milliseconds{0}), status.gap.value_or(milliseconds{0}),
                            total_size(status));
  if (replays(hop) && status.messages) hop.world().metrics.replayed(status.strategy, *status.messages);
  return {end, "", ""};
}

void drop_archives(Hop& hop) {
  const MigrationStatus& status = hop.status();
  if (status.target.node != status.source.node)
    (void)clean_up(hop, status.target.node, hop.after_commit(kAgentPatience));
  (void)withdraw_images(hop, hop.after_commit(kAgentPatience));
}

bool tidy(Hop& hop) {
  if (!hop.migration().has_finalizer) return true;
  const Limits limits = hop.after_commit(kAgentPatience);
  switch (hop.status().phase) {
    case Phase::succeeded:
      if (!is_set_awake(hop, limits)) return false;
      // Its record keeps the frozen source from being thawed until the kubelet has ended it.
      if (!source_has_ended(hop, limits) || !clean_broker(hop, limits) || !clean_nodes(hop, limits)) return false;
      break;
    case Phase::rolled_back:
      if (!is_set_awake(hop, limits)) return false;
      if (replays(hop) && !is_settled(remove_queues(hop, limits))) return false;
      if (!clean_nodes(hop, limits)) return false;
      break;
    case Phase::failed:
      // The archives are all that is left of the memory: they stay as long as the object does.
      if (!hop.signals().deleting()) return is_failed_source_settled(hop, limits);
      if (!let_go(hop, limits)) return false;
      // Whoever has the source's name later looks into the same control queue, and would look for the mirror for ever.
      if (replays(hop) && !(is_settled(take_back_words(hop, limits)) && is_settled(remove_queues(hop, limits))))
        return false;
      // A set makes its Pod anew, under the same name.
      if (!is_owned_by(hop.migration(), kStatefulSet) && !clean_broker(hop, limits)) return false;
      if (!clean_nodes(hop, limits)) return false;
      break;
    default:
      break;
  }
  if (!hop.journal().end()) return false;
  if (hop.status().phase == Phase::failed) wake_set_at_last(hop);
  return true;
}

}  // namespace migrate::controller
