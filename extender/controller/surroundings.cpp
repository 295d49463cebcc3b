#include "extender/controller/surroundings.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "extender/controller/live_gate.h"
#include "extender/controller/neighbours.h"
#include "extender/controller/other_migrations.h"
#include "extender/controller/pods.h"
#include "extender/controller/registry.h"
#include "extender/controller/set_refusals.h"
#include "extender/controller/volumes.h"
#include "shared/migration/names.h"

namespace migrate::controller {
namespace {

using Kind = kube::ApiError::Kind;

Attempt<Json> list(Hop& hop, const kube::ResourcePath& path, const Limits& limits) {
  return Pods{hop}.call<Json>("list " + describe(path), limits, [&](const kube::CallOptions& options) {
    return hop.world().client.list(path, {}, options);
  });
}

std::map<std::string, std::string> texts_in(const Json* object) {
  std::map<std::string, std::string> texts;
  if (object == nullptr || !object->is_object()) return texts;
  for (const auto& [key, value] : object->items())
    if (value.is_string()) texts[key] = value.get<std::string>();
  return texts;
}

// The set that the Pod belongs to, and what stands beside it.
Attempt<void> look_at_set(Hop& hop, const Json& pod, const Limits& limits, Surroundings& around) {
  const Migration& migration = hop.migration();
  // What is on its way back belongs there, whatever the set is about to do.
  if (!migration.status.owner || is_local(migration)) return {};
  const OwnerRef& owner = *migration.status.owner;
  const char* const plural = is_owned_by(migration, kStatefulSet) ? "statefulsets" : "replicasets";
  auto set = Pods{hop}.read({"apps", "v1", plural, migration.namespace_, owner.name, ""}, limits);
  if (!set) return tl::make_unexpected(set.error());
  Json deployment;
  if (*set)
    for (const Json& above : list_at(**set, {"metadata", "ownerReferences"})) {
      if (text_at(above, {"kind"}) != "Deployment" || !flag_at(above, {"controller"})) continue;
      auto found =
          Pods{hop}.read({"apps", "v1", "deployments", migration.namespace_, text_at(above, {"name"}), ""}, limits);
      if (!found) return tl::make_unexpected(found.error());
      if (*found) deployment = std::move(**found);
    }
  const Json there = set->value_or(Json{});
  const SetFacts facts{there, deployment};
  const auto all = set_refusals(migration, pod, facts);
  around.set_refusals.insert(around.set_refusals.end(), all.begin(), all.end());
  around.set_warnings = set_warnings(facts);
  return {};
}

// They concern a shadow alone.
Attempt<void> look_at_services(Hop& hop, const Json& pod, const Limits& limits, Surroundings& around) {
  const Strategy asked = hop.migration().spec.strategy;
  if (asked == Strategy::stop || asked == Strategy::sequential) return {};
  auto services = list(hop, kube::core("services", hop.migration().namespace_, ""), limits);
  if (!services) return tl::make_unexpected(services.error());
  around.unready_services = services_of_unready(*services, pod);
  around.in_service = is_in_service(*services, pod);
  return {};
}

// Whether volumes of that CSI driver are attached to nodes. Kubernetes takes a driver that says nothing for one.
Attempt<bool> attaches(Hop& hop, const std::string& driver, const Limits& limits) {
  auto found = Pods{hop}.read({"storage.k8s.io", "v1", "csidrivers", "", driver, ""}, limits);
  if (!found) return tl::make_unexpected(found.error());
  return !*found || !has(**found, {"spec", "attachRequired"}) || flag_at(**found, {"spec", "attachRequired"});
}

// Another Pod that keeps the claim's volume where it is; empty: none.
Attempt<std::string> other_user_of(Hop& hop, const std::string& claim, const Limits& limits) {
  auto pods = list(hop, kube::core("pods", hop.migration().namespace_, ""), limits);
  if (!pods) return tl::make_unexpected(pods.error());
  for (const Json& pod : list_at(*pods, {"items"})) {
    const PodView view = view_of(pod);
    const bool is_over = view.phase == "Succeeded" || view.phase == "Failed";
    if (is_over || view.uid == hop.migration().spec.pod_uid) continue;
    for (const Json& volume : list_at(pod, {"spec", "volumes"}))
      if (text_at(volume, {"persistentVolumeClaim", "claimName"}) == claim) return view.name;
  }
  return std::string{};
}

// Claims whose data only the source's node has, and such as the source must let go first.
Attempt<void> look_at_claims(Hop& hop, const Json& pod, const Limits& limits, Surroundings& around) {
  for (const Json& volume : list_at(pod, {"spec", "volumes"})) {
    const std::string claim = text_at(volume, {"persistentVolumeClaim", "claimName"});
    if (claim.empty()) continue;
    auto found = Pods{hop}.read(kube::core("persistentvolumeclaims", hop.migration().namespace_, claim), limits);
    if (!found) return tl::make_unexpected(found.error());
    const std::string name = *found ? text_at(**found, {"spec", "volumeName"}) : "";
    if (name.empty()) continue;
    auto persistent = Pods{hop}.read(kube::core("persistentvolumes", "", name), limits);
    if (!persistent) return tl::make_unexpected(persistent.error());
    if (!*persistent) continue;
    const std::string driver = text_at(**persistent, {"spec", "csi", "driver"});
    bool attached = false;
    if (!driver.empty() && is_for_one_node(**persistent)) {
      auto answer = attaches(hop, driver, limits);
      if (!answer) return tl::make_unexpected(answer.error());
      attached = *answer;
    }
    const VolumeTrouble trouble = volume_trouble(claim, **persistent, attached);
    if (!trouble.bound.empty()) around.bound_volumes.push_back(trouble.bound);
    if (around.target && trouble.bound.empty() && !is_reached_from(**persistent, around.target->labels))
      around.bound_volumes.push_back(fmt::format("claim {} cannot be used from node {} (nodeAffinity of volume {})",
                                                 claim, around.target->name, name));
    if (trouble.lone.empty()) continue;
    auto other = other_user_of(hop, claim, limits);
    if (!other) return tl::make_unexpected(other.error());
    if (!other->empty())
      around.bound_volumes.push_back(fmt::format("{}, and Pod {} uses it as well", trouble.lone, *other));
    around.lone_volumes.push_back(trouble.lone);
    around.moved_volumes.push_back({claim, name});
  }
  return {};
}

// The target as the API server would take it, without making it. A policy that stays unread is a refusal like others.
Attempt<std::string> try_admission(Hop& hop, const Json& pod, const Limits& limits) {
  const TargetPlan plan = trial_plan(hop, pod);
  const Json target = target_pod(pod, hop.migration(), plan);
  const auto path = kube::pod(hop.migration().namespace_, plan.name);
  std::string trouble;
  const auto patience = hop.world().pacer.now() + kPolicyPatience;
  auto tried = Pods{hop}.call<Json>("try to create " + describe(path), limits, [&](const kube::CallOptions& options) {
    kube::WriteOptions write;
    write.dry_run = kube::DryRun::server;
    auto answer = hop.world().client.create(path.collection(), target, write, options);
    if (!answer && is_policy_yet_to_be_read(answer.error()) && hop.world().pacer.now() < patience) return answer;
    if (answer) {
      trouble = admission_trouble(pod, *answer);
      return answer;
    }
    const Kind kind = answer.error().kind;
    // With a name to keep the source has it: whatever comes before that question was passed.
    if (kind == Kind::already_exists)
      trouble = takes_name(hop.migration()) ? "" : fmt::format("the name {} is taken; remove that Pod", plan.name);
    else if (kind == Kind::forbidden || kind == Kind::invalid || kind == Kind::not_found)
      trouble = answer.error().text();
    else
      return answer;
    return kube::ApiResult<Json>{Json{}};
  });
  if (!tried) return tl::make_unexpected(tried.error());
  return trouble;
}

}  // namespace

// Whoever admits images by their names says so at the trial.
TargetPlan trial_plan(Hop& hop, const Json& pod) {
  TargetPlan plan = hop.target_plan();
  const std::vector<std::string> names = view_of(pod).containers;
  if (hop.is_by_image())
    for (const std::string& container : names)
      plan.images[container] =
          is_via_registry(hop.migration())
              ? fmt::format("{}@sha256:{}", hop.migration().spec.registry, std::string(64, '0'))
              : fmt::format("{}/{}@sha256:{}", kImageRegistry, std::string(32, '0'), std::string(64, '0'));
  return plan;
}

NodeState state_of_node(const Json& node) {
  NodeState state;
  state.name = text_at(node, {"metadata", "name"});
  state.exists = true;
  state.cordoned = flag_at(node, {"spec", "unschedulable"});
  state.labels = texts_in(find(node, {"metadata", "labels"}));
  state.allocatable = texts_in(find(node, {"status", "allocatable"}));
  return state;
}

Attempt<NodeState> look_at_node(Hop& hop, const std::string& name, const Limits& limits) {
  NodeState state;
  auto node = Pods{hop}.read(kube::core("nodes", "", name), limits);
  if (!node) return tl::make_unexpected(node.error());
  if (*node) state = state_of_node(**node);
  state.name = name;
  if (!state.exists) return state;
  auto facts = hop.world().agents.facts(name);
  if (!facts) return give_up(Event::failed, "ApiError", facts.error().message);
  state.facts = *facts;
  return state;
}

Attempt<Surroundings> look_around(Hop& hop, const Json* pod, const Limits& limits) {
  Surroundings around;
  around.now = hop.world().clock.now();
  const std::string& asked_for = hop.migration().spec.target_node;
  auto space = Pods{hop}.read(kube::core("namespaces", "", hop.migration().namespace_), limits);
  if (!space) return tl::make_unexpected(space.error());
  around.namespace_enabled = *space && text_at(**space, {"metadata", "labels", kEnabledLabel}) == "true";
  // Without it nothing else may be looked at; without the Pod there is nothing else.
  if (!around.namespace_enabled || pod == nullptr) return around;
  auto others = find_others(hop, limits);
  if (!others) return tl::make_unexpected(others.error());
  around.others = std::move(*others);
  auto source = look_at_node(hop, view_of(*pod).node, limits);
  if (!source) return tl::make_unexpected(source.error());
  around.source = *source;
  if (!asked_for.empty()) {
    auto target = look_at_node(hop, asked_for, limits);
    if (!target) return tl::make_unexpected(target.error());
    around.target = *target;
  }
  for (auto* const look : {look_at_neighbours, look_at_set, look_at_services, look_at_claims})
    if (auto looked = look(hop, *pod, limits, around); !looked) return tl::make_unexpected(looked.error());
  auto trouble = try_admission(hop, *pod, limits);
  if (!trouble) return tl::make_unexpected(trouble.error());
  around.admission_trouble = *trouble;
  return around;
}

}  // namespace migrate::controller
