#include "plugin/drain_finds.h"

#include <algorithm>

#include "plugin/outcome.h"

namespace migrate::plugin {

const Migration* at_work_on(const DrainLook& look, const std::string& pod_uid) {
  const Migration* first = nullptr;  // one that came later waits to be refused
  for (const Migration& one : look.migrations)
    if (one.spec.pod_uid == pod_uid && !is_final(one.status.phase) &&
        (first == nullptr || one.created < first->created))
      first = &one;
  return first;
}

const Migration* failed_on(const DrainLook& look, const std::string& pod_uid) {
  const auto found = std::find_if(look.migrations.begin(), look.migrations.end(), [&](const Migration& one) {
    return one.spec.pod_uid == pod_uid && one.status.phase == Phase::failed;
  });
  return found != look.migrations.end() ? &*found : nullptr;
}

// One that has failed holds a StatefulSet's name until it is deleted; all others then do without the name.
const Migration* stuck_hop_of(const DrainLook& look, const Migration& first) {
  if (first.status.phase != Phase::returning) return nullptr;
  const auto found = std::find_if(look.migrations.begin(), look.migrations.end(), [&](const Migration& one) {
    const bool is_hop = is_local(one) && one.namespace_ == first.namespace_ &&
                        one.spec.pod_uid == first.status.target.uid && is_over(one);
    return is_hop && (one.status.phase == Phase::in_doubt ||
                      (one.status.phase == Phase::failed && is_owned_by(first, kStatefulSet)));
  });
  return found != look.migrations.end() ? &*found : nullptr;
}

const Migration* migration_by_uid(const DrainLook& look, const std::string& uid) {
  const auto found = std::find_if(look.migrations.begin(), look.migrations.end(),
                                  [&](const Migration& one) { return one.uid == uid; });
  return found != look.migrations.end() ? &*found : nullptr;
}

const Migration* towards(const DrainLook& look, const DrainPod& pod) {
  const auto is_target = [&](const MigrationStatus& status) {
    // The name is written down before the Pod is made.
    return status.target.uid.empty() ? status.target.pod == pod.name : status.target.uid == pod.uid;
  };
  const auto found = std::find_if(look.migrations.begin(), look.migrations.end(), [&](const Migration& one) {
    return !is_final(one.status.phase) && one.namespace_ == pod.namespace_ && one.spec.pod_uid != pod.uid &&
           (is_target(one.status) || one.status.placeholder == pod.name);
  });
  return found != look.migrations.end() ? &*found : nullptr;
}

std::map<std::string, std::size_t> all_allowed(const DrainLook& look) {
  std::map<std::string, std::size_t> all;
  for (const Budget& budget : look.budgets)
    all[budget.title()] = budget.allowed;
  return all;
}

}  // namespace migrate::plugin
