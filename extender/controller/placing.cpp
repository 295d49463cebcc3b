// The target Pod (or, for a name to keep, a placeholder) is made and placed, and waits.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "extender/controller/neighbours.h"
#include "extender/controller/other_migrations.h"
#include "extender/controller/pods.h"
#include "extender/controller/restore_watch.h"
#include "extender/controller/steps.h"
#include "extender/controller/surroundings.h"
#include "shared/migration/names.h"

namespace migrate::controller {
namespace {

constexpr unsigned kPlacements = 3;  // two schedulers may overbook a node, and its kubelet then refuses the Pod
constexpr milliseconds kShortPause{50};
constexpr milliseconds kRestoreForecast{1'000};  // where the record has none

bool is_bound(const Json& pod) {
  return !view_of(pod).node.empty();
}

// Those that the source holds until the commit.
Attempt<void> plan_volumes(Hop& hop, TargetPlan& plan, const Limits& limits) {
  plan.volumes = hop.status().volumes;
  for (const MovedVolume& one : plan.volumes) {
    const auto path = kube::core("persistentvolumes", "", one.volume);
    auto found = Pods{hop}.read(path, limits);
    if (!found) return tl::make_unexpected(found.error());
    if (*found) plan.persistent.push_back(std::make_shared<const Json>(std::move(**found)));
  }
  return {};
}

Attempt<Json> make_and_place(Hop& hop, const Limits& limits) {
  Pods pods{hop};
  MigrationStatus& status = hop.status();
  const bool hold = hop.has_placeholder();
  TargetPlan plan = hop.target_plan();
  if (auto found = plan_volumes(hop, plan, limits); !found) return tl::make_unexpected(found.error());
  if (hold) {
    auto domains = look_for_domains(hop, limits);
    if (!domains) return tl::make_unexpected(domains.error());
    plan.domains = std::move(*domains);
  }
  const Json wanted =
      hold ? placeholder_pod(hop.source(), hop.migration(), plan) : target_pod(hop.source(), hop.migration(), plan);
  const std::string name = text_at(wanted, {"metadata", "name"});
  for (unsigned placement = 1;; ++placement) {
    // Written before it is made: a Pod that no record names would never be removed.
    status.target = {name, "", ""};
    if (hold) status.placeholder = name;
    if (auto written = hop.journal().write(); !written) return tl::make_unexpected(written.error());
    if (auto made = pods.make(wanted, limits); !made) return made;
    if (is_local(hop.migration()))
      if (auto done = pods.bind(name, hop.status().source.node, limits); !done)
        return tl::make_unexpected(done.error());
    auto bound = await_bound(hop, name, limits);
    if (!bound || view_of(*bound).phase != "Failed") return bound;
    if (is_local(hop.migration()) && lacks_room(*bound)) return bound;  // which await_taken() waits for
    const std::string why = text_at(*bound, {"status", "message"});
    hop.log(LogLevel::warning, "the target Pod failed, making it anew", {{"pod", name}, {"error", why}});
    if (placement == kPlacements)
      return give_up(Event::failed, "TargetFailed",
                     fmt::format("target Pod {} was refused by the kubelet of {} {} times: {}", name,
                                 view_of(*bound).node, placement, why));
    if (auto removed = pods.remove_ours(name, limits); !removed) return tl::make_unexpected(removed.error());
  }
}

Outcome check_node(Hop& hop, const Limits& limits) {
  auto source = look_at_node(hop, hop.status().source.node, limits);
  if (!source) return source.error();
  auto target = look_at_node(hop, hop.status().target.node, limits);
  if (!target) return target.error();
  auto standing =
      node_refusals(*source, *target, is_local(hop.migration()), hop.status().forecast_size, hop.world().clock.now());
  if (standing.empty()) standing = placement_refusals(hop.migration().spec, *target);
  if (standing.empty() && hop.is_by_image()) standing = image_refusals(*target);
  if (standing.empty()) {
    auto of_place = look_at_place(hop, *target, limits);
    if (!of_place) return of_place.error();
    standing = std::move(*of_place);
  }
  if (standing.empty()) return {};
  return {Event::refused, standing.front().reason, standing.front().message};
}

// Their pull overlaps the source's work; afterwards only the sandbox has to be made.
Outcome await_images(Hop& hop, const Limits& limits) {
  auto ready = Pods{hop}.await(
      hop.status().target.pod, [](const Json* pod) { return pod == nullptr || images_are_there(*pod); }, limits);
  if (!ready) return ready.error();
  if (!*ready) return {Event::failed, "TargetDeleted", "the placeholder was deleted meanwhile"};
  return {};
}

}  // namespace

Outcome await_waiting(Hop& hop, const Limits& limits) {
  RestoreWatch watch{hop, "watch the target", "TargetFailed"};
  for (;;) {
    auto states = watch.look(limits);
    if (!states) return states.error();
    if (!states->empty() && states->front().state >= agent::RestoreState::waiting) return {};
    if (watch.has_changed()) continue;
    if (auto live = Pods{hop}.live_target(limits); !live) return live.error();
    if (!hop.pause(kShortPause, limits))
      return hop.interrupted({Event::deadline, "DeadlineExceeded",
                              fmt::format("the runtime of node {} did not ask for the containers of target Pod {} in "
                                          "time; see kubectl describe pod",
                                          hop.status().target.node, hop.status().target.pod)});
  }
}

Outcome await_target(Hop& hop, const Limits& limits) {
  return hop.has_placeholder() ? await_images(hop, limits) : await_waiting(hop, limits);
}

std::vector<std::string> names_of_containers(Hop& hop) {
  return hop.source_view().containers;
}

Attempt<Json> await_bound(Hop& hop, const std::string& name, const Limits& limits) {
  std::string shown;
  for (;;) {
    auto found = Pods{hop}.await(
        name,
        [&](const Json* pod) {
          return pod == nullptr || is_bound(*pod) || view_of(*pod).phase == "Failed" ||
                 scheduling_trouble(*pod) != shown;
        },
        limits);
    if (!found) {
      Outcome why = found.error();
      if (why.event == Event::deadline && !shown.empty()) {
        why.reason = "Unschedulable";
        why.message = fmt::format("Pod {} was not placed in time; the scheduler says: {}", name, shown);
      }
      return tl::make_unexpected(why);
    }
    if (!*found)
      return give_up(Event::failed, "TargetDeleted", fmt::format("Pod {} was deleted while it was placed", name));
    if (is_bound(**found) || view_of(**found).phase == "Failed") return std::move(**found);
    shown = scheduling_trouble(**found);
    if (auto said = hop.say(kSchedulerSays + shown); !said) return tl::make_unexpected(said.error());
  }
}

Attempt<void> prepare_target(Hop& hop, const Limits& limits) {
  agent::PrepareOrder prepare{hop.target_ref(), names_of_containers(hop), {}};
  prepare.forecast = hop.status().forecast_restore.value_or(kRestoreForecast);
  prepare.as_image = hop.is_by_image();
  return hop.ask<void>(
      hop.status().target.node, "prepare the target", "PrepareFailed", limits,
      [&](agent::AgentApi& agent, const agent::Call& call) { return agent.prepare(hop.order(), prepare, call); });
}

Outcome placing(Hop& hop) {
  const Limits limits = hop.before_commit();
  if (Outcome alone = take_hold(hop, limits); alone.event != Event::done) return alone;
  if (is_local(hop.migration()))
    if (Outcome room = await_room(hop, limits); room.event != Event::done) return room;
  auto placed = make_and_place(hop, limits);
  if (!placed) return placed.error();
  const PodView view = view_of(*placed);
  hop.status().target = {view.name, view.uid, view.node};
  // The kubelet needs some 300 ms until it creates the container: the order comes first, and then the record.
  const bool hold = hop.has_placeholder();
  if (!hold)
    if (auto prepared = prepare_target(hop, limits); !prepared) return prepared.error();
  if (auto written = hop.journal().write(); !written) return written.error();
  if (Outcome fits = check_node(hop, limits); fits.event != Event::done) return fits;
  // The second hop's source is a shadow, which was lent and whose name was held from the first one on; and its target's
  // sandbox is waited for in Freezing, where there is something else to wait for as well.
  if (is_local(hop.migration())) return await_taken(hop, limits);
  if (usual_end(Phase::placing, hop.migration()) == Event::set_owns) return {Event::set_owns, "", ""};
  return await_target(hop, limits);
}

}  // namespace migrate::controller
