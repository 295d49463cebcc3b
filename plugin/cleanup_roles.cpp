#include "plugin/cleanup_roles.h"

#include <algorithm>

#include "plugin/json_path.h"
#include "shared/kube/known_objects.h"
#include "shared/migration/names.h"
#include "shared/migration/placeholder.h"

namespace migrate::plugin {
namespace {

using Json = nlohmann::json;
using kube::metadata_of;

constexpr const char* kFieldManager = "kubectl-migrate";

// Whatever somebody has copied our marks to was written by others alone.
bool is_written_by_us(const Json& object) {
  const Json& writes = list_at(object, {"metadata", "managedFields"});
  return std::any_of(writes.begin(), writes.end(),
                     [](const Json& write) { return text_at(write, {"manager"}) == kFieldManager; });
}

// Not one that migrate-runc has refused: that never began. Nor one of which its kubelet knows nothing any more.
bool has_run(const Json& container) {
  if (find(container, {"state", "running"}) != nullptr) return true;
  for (const char* state : {"state", "lastState"})
    if (const Json* ended = find(container, {state, "terminated"}))
      if (const std::string reason = text_at(*ended, {"reason"});
          reason != "StartError" && reason != "ContainerStatusUnknown")
        return true;
  return false;
}

// A copy that is restored beside its source, which goes on until the commit.
bool is_shadow(const Json& pod) {
  const Json& gates = list_at(pod, {"spec", "readinessGates"});
  return std::any_of(gates.begin(), gates.end(),
                     [](const Json& one) { return text_at(one, {"conditionType"}) == kLiveGate; });
}

bool has_taken_over(const Json& pod) {
  const Json& conditions = list_at(pod, {"status", "conditions"});
  return std::any_of(conditions.begin(), conditions.end(), [](const Json& one) {
    return text_at(one, {"type"}) == kLiveGate && text_at(one, {"status"}) == "True";
  });
}

// An agent that tells what is so now, all of it. A heartbeat from the future is of a clock that nobody can judge.
bool is_heard(const NodeFacts& node, Instant now) {
  return now - node.heartbeat < kHeartbeatLimit && node.heartbeat - now < kHeartbeatLimit &&
         node.held.size() < kMostHeld;
}

}  // namespace

std::string restored_for(const Json& pod) {
  const bool is_ours = find(pod, {"metadata", "labels", kMigrationLabel}) != nullptr && is_written_by_us(pod);
  return is_ours ? text_at(pod, {"metadata", "annotations", kRestoreAnnotation}) : "";
}

std::string settled_for(const Json& pod) {
  return is_written_by_us(pod) ? text_at(pod, {"metadata", "annotations", kRestoredForAnnotation}) : "";
}

bool has_run_at_all(const Json& pod) {
  const Json& containers = list_at(pod, {"status", "containerStatuses"});
  return std::any_of(containers.begin(), containers.end(), has_run);
}

Source source_of(const Inventory& seen, const std::string& migration) {
  bool are_all_heard = seen.has_all_nodes && !seen.nodes.empty();
  bool works = false;
  bool is_unclear = false;
  for (const NodeFacts& node : seen.nodes) {
    const bool heard = is_heard(node, seen.now);
    are_all_heard = are_all_heard && heard;
    for (const HeldMigration& one : node.held) {
      if (one.migration != migration || one.source.empty() || one.source == kHeldNone) continue;
      if (one.source == kHeldCommitted) return Source::committed;
      const bool runs = heard && (one.source == kHeldThawed || one.source == kHeldSnapshotted);
      (runs ? works : is_unclear) = true;
    }
  }
  if (is_unclear) return Source::unclear;
  if (works) return Source::works;
  return are_all_heard ? Source::unheard : Source::unclear;
}

Role role_of(const Inventory& seen, const Json& pod) {
  if (is_placeholder(metadata_of(pod, "name"))) return Role::nothing;
  const bool has_run = has_run_at_all(pod);
  if (has_run && (!is_shadow(pod) || has_taken_over(pod))) return Role::application;
  switch (source_of(seen, restored_for(pod))) {
    case Source::works:
      return has_run ? Role::copy : Role::nothing;
    case Source::committed:
      return has_run ? Role::application : Role::unknown;
    case Source::unheard:
      return has_run ? Role::unknown : Role::nothing;
    case Source::unclear:
      break;
  }
  return Role::unknown;
}

std::string application_for(const Inventory& seen, const Json& pod) {
  const std::string settled = settled_for(pod);
  if (!settled.empty()) return settled;
  const std::string restored = restored_for(pod);
  return !restored.empty() && role_of(seen, pod) == Role::application ? restored : "";
}

}  // namespace migrate::plugin
