// A StatefulSet's Pod is lent to the Migration, and its name is held: from here on the set makes no Pod in its place,
// whatever becomes of it.
#include <nlohmann/json.hpp>

#include "extender/controller/identity.h"
#include "extender/controller/pods.h"
#include "extender/controller/set_refusals.h"
#include "extender/controller/steps.h"

namespace migrate::controller {
namespace {

// Placing may take minutes: what was at rest then may be rolling out or shrinking by now, or be another set of that
// name. Lent, its Pod would keep it from that.
Outcome check_set(Hop& hop, const Limits& limits) {
  const Migration& migration = hop.migration();
  if (!migration.status.owner) return {Event::failed, "OwnerUnknown", "the record names no set"};
  const kube::ResourcePath path{"apps", "v1", "statefulsets", migration.namespace_, migration.status.owner->name, ""};
  auto set = Pods{hop}.read(path, limits);
  if (!set) return set.error();
  const Json there = set->value_or(Json{});
  const Json no_deployment;
  const auto standing = set_refusals(migration, hop.source(), {there, no_deployment});
  if (standing.empty()) return {};
  return {Event::failed, standing.front().reason, standing.front().message};
}

}  // namespace

Outcome orphaning(Hop& hop) {
  const Limits limits = hop.before_commit();
  if (auto held = await_name_held(hop, limits); !held) return held.error();
  if (Outcome ready = await_target(hop, limits); ready.event != Event::done) return ready;
  if (Outcome rests = check_set(hop, limits); rests.event != Event::done) return rests;
  // Last: as long as it is lent its set does nothing else.
  if (auto lent = lend_source(hop, limits); !lent) return lent.error();
  return {};
}

}  // namespace migrate::controller
