// The target is released, until its containers run; and what follows when they do not.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "extender/controller/frozen_source.h"
#include "extender/controller/pods.h"
#include "extender/controller/registry.h"
#include "extender/controller/replay.h"
#include "extender/controller/restore_watch.h"
#include "extender/controller/steps.h"

namespace migrate::controller {
namespace {

using agent::RestoredContainer;
using agent::RestoreState;
using std::chrono::duration_cast;

constexpr milliseconds kRestorePatience{150'000};  // the runtime's own 90 s, and the kubelet's next try
constexpr milliseconds kCancelPatience{60'000};
constexpr milliseconds kRepeatPatience{120'000};
constexpr milliseconds kCleanUpPatience{15'000};
constexpr milliseconds kRunningPatience{30'000};
constexpr milliseconds kLookPatience{10'000};
constexpr milliseconds kShortPause{50};

// It did not come to life as it should: repeat it, when that is safe.
Outcome settle(Hop& hop, const std::string& why) {
  auto cancelled = cancel_target(hop, hop.after_commit(kCancelPatience));
  if (!cancelled && cancelled.error().event == Event::left) return cancelled.error();
  if (!cancelled)
    return {
        Event::unsure, "TargetUnknown",
        fmt::format("{}; and whether the memory ran there cannot be found out: {}", why, cancelled.error().message)};
  if (*cancelled) return {Event::never_ran, "RestoreFailed", why};
  return {Event::unsure, "MemoryMayHaveRun", why + "; its memory may have run already"};
}

// The kubelet's own word comes up to a second after the fact; nothing is taken away before. When somebody has taken the
// Pod itself away, its memory ends as soon as it has come to life: what is left of it then is in the archives.
Outcome await_running(Hop& hop) {
  auto seen = Pods{hop}.await(
      hop.status().target.pod,
      [](const Json* pod) { return pod == nullptr || containers_run(*pod) || view_of(*pod).phase == "Failed"; },
      hop.after_commit(kRunningPatience));
  if (!seen) return seen.error().event == Event::left ? seen.error() : Outcome{};
  const PodPlace& target = hop.status().target;
  if (*seen && view_of(**seen).uid == target.uid) return {};
  return {Event::unsure, "TargetDeleted",
          fmt::format("target Pod {}/{} was deleted while its memory came to life; the archives are kept: kubectl "
                      "migrate resume {} --from-checkpoint",
                      hop.migration().namespace_, target.pod, hop.migration().name)};
}

// What lies there is not sent again, nor is its source asked for it; but a node that was started anew releases nothing
// that it has not been given since. Where that cannot be had and need not be (`is_needed`), the release tells what is
// missing.
Attempt<void> have_archives(Hop& hop, const std::string& node, bool is_needed, const Limits& limits) {
  if (hop.is_by_image()) return {};                               // they are offered anew as the target is made
  if (!is_needed && is_via_registry(hop.migration())) return {};  // its source would be asked first, and may be gone
  const auto pulled = pull_archives(hop, node, limits);
  if (pulled || (!is_needed && pulled.error().event != Event::left)) return {};
  return tl::make_unexpected(pulled.error());
}

Outcome release(Hop& hop, const agent::ReleaseOrder& order, const Limits& limits) {
  // What is carried is laid into the kubelet's folders, and a target that was made a moment ago has none yet.
  if (!order.volumes.empty())
    if (const Outcome waits = await_waiting(hop, limits); waits.event != Event::done)
      return waits.event == Event::left ? waits : settle(hop, waits.message);
  if (auto released = order_release(hop, order, limits); !released)
    return released.error().event == Event::left ? released.error() : settle(hop, released.error().message);
  return {};
}

}  // namespace

Attempt<void> order_release(Hop& hop, const agent::ReleaseOrder& order, const Limits& limits) {
  // Into a Pod that is deleted meanwhile memory would come to life only to end with it.
  const auto still = [&]() -> Attempt<void> {
    if (auto live = Pods{hop}.live_target(limits); !live) return tl::make_unexpected(live.error());
    return {};
  };
  return hop.ask<void>(
      hop.status().target.node, "release the target", "ReleaseFailed", limits,
      [&](agent::AgentApi& agent, const agent::Call& call) { return agent.release(hop.order(), order, call); }, still);
}

Verdict judge(const std::vector<RestoredContainer>& containers) {
  const auto all = [&](auto is) { return std::all_of(containers.begin(), containers.end(), is); };
  const auto any = [&](auto is) { return std::any_of(containers.begin(), containers.end(), is); };
  if (containers.empty()) return Verdict::waiting;
  if (all([](const RestoredContainer& one) { return one.state == RestoreState::used; })) return Verdict::running;
  if (!any([](const RestoredContainer& one) { return one.state == RestoreState::failed; })) return Verdict::waiting;
  // Memory of one container that has run is not to be run again, whatever became of the others.
  const bool none_ran = all([](const RestoredContainer& one) {
    if (one.state == RestoreState::failed) return one.resumed == false;
    return one.state != RestoreState::claimed && one.state != RestoreState::used;
  });
  return none_ran ? Verdict::never_ran : Verdict::unsure;
}

std::string failure_in(const std::vector<RestoredContainer>& containers) {
  for (const RestoredContainer& one : containers)
    if (one.state == RestoreState::failed) return fmt::format("container {}: {}", one.name, one.message);
  return "";
}

Attempt<bool> cancel_target(Hop& hop, const Limits& limits) {
  const PodPlace& target = hop.status().target;
  // Of images even a Pod that no record names may have had them.
  if (target.node.empty() || (target.uid.empty() && !hop.is_by_image())) return true;
  return hop.ask<bool>(target.node, "cancel the restore", "CancelFailed", limits,
                       [&](agent::AgentApi& agent, const agent::Call& call) {
                         return agent.cancel(hop.order(), hop.target_ref(), call);
                       });
}

Outcome restoring(Hop& hop) {
  const Limits limits = hop.after_commit(kRestorePatience);
  Pods pods{hop};
  MigrationStatus& status = hop.status();
  const auto containers = names_of_containers(hop);
  if (auto live = pods.live_target(limits); !live)
    return live.error().event == Event::left ? live.error() : settle(hop, live.error().message);

  const agent::ReleaseOrder order{hop.target_ref(), containers, hop.volumes()};
  // From an image the runtime restores by itself.
  if (!hop.is_by_image())
    if (Outcome released = release(hop, order, limits); released.event != Event::done) return released;

  RestoreWatch watch{hop, "watch the restore", "RestoreFailed"};
  for (;;) {
    auto states = watch.look(limits);
    if (!states) return states.error().event == Event::left ? states.error() : settle(hop, states.error().message);
    switch (judge(*states)) {
      case Verdict::running:
        if (replays(hop)) return await_running(hop);  // the gap ends with the replay
        status.running_at = hop.world().clock.now();
        if (status.frozen_at) note_gap(status, duration_cast<milliseconds>(*status.running_at - *status.frozen_at));
        return await_running(hop);
      case Verdict::never_ran:
        return settle(hop, "restore on node " + status.target.node + ": " + failure_in(*states));
      case Verdict::unsure:
        return {Event::unsure, "MemoryMayHaveRun",
                "restore on node " + status.target.node + ": " + failure_in(*states)};
      case Verdict::waiting:
        break;
    }
    if (watch.has_changed()) continue;
    auto live = pods.live_target(limits);
    if (!live) return live.error().event == Event::left ? live.error() : settle(hop, live.error().message);
    if (hop.pause(kShortPause, limits)) continue;
    if (hop.signals().leaving()) return hop.interrupted({Event::left, "Left", "interrupted"});
    return settle(hop, not_alive(*live, fmt::format("in {} s", kRestorePatience.count() / 1000)));
  }
}

Outcome repeating(Hop& hop) {
  const Limits limits = hop.after_commit(kRepeatPatience);
  Pods pods{hop};
  MigrationStatus& status = hop.status();
  // What is restored from an image asks for no leave: a Pod that may have had it is not taken away for another one.
  if (hop.is_by_image() && !was_decided(status, Resolution::from_checkpoint))
    if (Outcome safe = settle(hop, status.message); safe.event != Event::never_ran) return safe;
  if (status.attempt > kAttempts) {
    auto source = pods.get(status.source.pod, limits);
    if (!source) return source.error();
    if (*source && view_of(**source).uid == status.source.uid) {
      auto left = look_at_source(hop, hop.after_commit(kLookPatience));
      if (!left && left.error().event == Event::left) return left.error();
      // An agent that is not heard of is asked for the thaw all the same, and for longer.
      const Remains remains = left ? left->remains : Remains::frozen;
      if (remains == Remains::frozen || remains == Remains::not_bound)
        return {Event::never_ran, status.reason, "no restore succeeded, and no memory ran: " + status.message};
      if (remains != Remains::gone)
        if (auto ended = end_source(hop, remains == Remains::late ? kTimeIsOver : kHasEnded, limits); !ended)
          return ended.error();
    }
    if (status.attempt > kAttempts + 1)
      return {Event::unsure, "AttemptsUsedUp",
              fmt::format("{} restores failed, no memory ran, and the source Pod is gone; the archives are kept: see "
                          "what keeps them from working, then kubectl migrate resume {} --from-checkpoint: {}",
                          status.attempt - 1, hop.migration().name, status.message)};
  }
  // The last one where the archives were made.
  const std::string node = status.attempt > kAttempts ? status.source.node : status.target.node;
  if (auto removed = pods.remove_ours(status.target.pod, limits); !removed) return removed.error();
  const bool moves = node != status.target.node;
  if (moves) {
    // No record names this node any more: what lies there goes now.
    if (auto cleaned = clean_up(hop, status.target.node, hop.after_commit(kCleanUpPatience)); !cleaned)
      hop.warn(fmt::format("archives may be left on node {} in /var/lib/kubectl-migrate/targets/{}: {}",
                           status.target.node, hop.migration().uid, cleaned.error().message));
  }
  // By a person's word memory may come to life that has perhaps done so before: an agent hands no archive of such on.
  const bool pulls_anew = moves || was_decided(status, Resolution::from_checkpoint);
  if (auto there = have_archives(hop, node, pulls_anew, limits); !there) return there.error();
  status.target = {target_name(hop.migration(), status.attempt), "", node};
  if (auto written = hop.journal().write(); !written) return written.error();
  if (replays(hop)) {
    auto link = connect_replay(hop, limits);
    if (!link) return link.error();
    if (was_decided(status, Resolution::from_checkpoint))
      if (auto noted = note_taken(hop, *link, limits); !noted) return noted.error();
    if (auto forgotten = forget_control_queue(hop, *link, limits); !forgotten) return forgotten.error();
    if (auto told = tell_start(hop, *link, limits); !told) return told.error();
  }
  return with_volumes(hop, make_target_there(hop, limits));
}

}  // namespace migrate::controller
