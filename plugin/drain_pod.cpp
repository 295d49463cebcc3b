#include "plugin/drain_pod.h"

#include <fmt/format.h>

#include <algorithm>

#include "plugin/json_path.h"
#include "shared/kube/known_objects.h"
#include "shared/migration/names.h"
#include "shared/migration/owners.h"

namespace migrate::plugin {
namespace {

using Way = Leaving::Way;

constexpr const char* kMirrorAnnotation = "kubernetes.io/config.mirror";

bool is_set(const OwnerRef& owner) {
  return owner.kind == kStatefulSet || owner.kind == kReplicaSet;
}

// A Pod that is lent is controlled by its Migration, and belongs to its set all the same.
OwnerRef controller_of(const Json& pod) {
  if (const auto set = owner_of(pod)) return *set;
  for (const Json& one : list_at(pod, {"metadata", "ownerReferences"}))
    if (flag_at(one, {"controller"}) && text_at(one, {"kind"}) != "Migration")
      return {text_at(one, {"kind"}), text_at(one, {"name"}), text_at(one, {"uid"})};
  return {};
}

// All of them wait to be started anew, or have ended. Before the first status nothing is known.
bool has_no_process(const Json& pod) {
  bool is_known = false;
  for (const char* of : {"containerStatuses", "initContainerStatuses"})
    for (const Json& one : list_at(pod, {"status", of})) {
      is_known = true;
      if (find(one, {"state", "running"}) != nullptr) return false;
    }
  return is_known;
}

bool has_local_storage(const Json& pod) {
  const Json& volumes = list_at(pod, {"spec", "volumes"});
  return std::any_of(volumes.begin(), volumes.end(), [](const Json& one) { return one.contains("emptyDir"); });
}

}  // namespace

DrainPod drain_pod(Json pod) {
  DrainPod made;
  made.namespace_ = kube::metadata_of(pod, "namespace");
  made.name = kube::metadata_of(pod, "name");
  made.uid = kube::metadata_of(pod, "uid");
  made.owner = controller_of(pod);
  made.object = std::move(pod);
  return made;
}

bool is_finished(const Json& pod) {
  const std::string phase = text_at(pod, {"status", "phase"});
  return phase == "Succeeded" || phase == "Failed";
}

Leaving leaving(const DrainPod& pod, bool is_enabled, const DrainRules& rules) {
  const Json& object = pod.object;
  // The kubelet's own, which cannot be taken away through the API server.
  if (find(object, {"metadata", "annotations", kMirrorAnnotation}) != nullptr)
    return {Way::ignore, "a static Pod of the node"};
  if (!kube::metadata_of(object, "deletionTimestamp").empty()) return {Way::go, "it is being deleted"};
  // There is no memory to lose: kubectl drain asks no questions either.
  if (is_finished(object)) return {Way::evict, "it has finished"};
  if (pod.owner.kind == kDaemonSet) {
    if (rules.ignore_daemonsets) return {Way::ignore, "a DaemonSet-managed Pod"};
    return {Way::nothing, fmt::format("DaemonSet {} would make it anew on this node", pod.owner.name),
            "--ignore-daemonsets leaves such Pods where they are"};
  }
  if (!is_enabled)
    return without_migration(pod, rules, fmt::format("migrations are not enabled in namespace {}", pod.namespace_),
                             fmt::format("kubectl migrate enable -n {} enables them", pod.namespace_));
  if (!pod.owner.kind.empty() && !is_set(pod.owner))
    return without_migration(pod, rules,
                             fmt::format("it belongs to {} {}, which would not know the target for its own",
                                         pod.owner.kind, pod.owner.name));
  if (const std::string phase = text_at(object, {"status", "phase"}); phase != "Running")
    return without_migration(
        pod, rules,
        fmt::format("it is {}, not Running: there is no memory to move", phase.empty() ? "not started" : phase));
  if (has_no_process(object))
    return without_migration(pod, rules, "none of its containers runs: there is no memory to move");
  return {Way::migrate};
}

Leaving without_migration(const DrainPod& pod, const DrainRules& rules, std::string why, std::string advice) {
  if (!rules.evict) {
    advice += fmt::format("{}--evict evicts what cannot be migrated", advice.empty() ? "" : "; ");
    return {Way::nothing, std::move(why), std::move(advice)};
  }
  // kubectl drain's words.
  const auto kept = [&](const char* what, const char* flag) {
    return Leaving{Way::nothing, fmt::format("{}; nor is it evicted: {}", why, what),
                   fmt::format("{}{} evicts it all the same", advice.empty() ? "" : advice + "; ", flag)};
  };
  if (pod.owner.kind.empty() && !rules.force) return kept("it declares no controller", "--force");
  if (has_local_storage(pod.object) && !rules.delete_emptydir_data)
    return kept("it has local storage (emptyDir)", "--delete-emptydir-data");
  return {Way::evict, std::move(why)};
}

}  // namespace migrate::plugin
