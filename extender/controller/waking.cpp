#include "extender/controller/waking.h"

#include <nlohmann/json.hpp>

#include "extender/controller/pods.h"
#include "shared/base/time.h"
#include "shared/migration/names.h"

namespace migrate::controller {
namespace {

// Another set of that name looks for its Pods by itself. To an API server a patch that names another uid, and no
// resourceVersion, is no conflict: it is invalid, as it would change what cannot be changed.
bool is_set_gone(const Hop& hop, const kube::ApiError& error) {
  using Kind = kube::ApiError::Kind;
  if (is_policy_yet_to_be_read(error)) return false;
  return error.kind == Kind::not_found || error.kind == Kind::conflict || error.kind == Kind::invalid ||
         is_gone_with_namespace(hop, error.kind);
}

}  // namespace

bool wake_set(Hop& hop, const Limits& limits) {
  const Migration& migration = hop.migration();
  // Of a second hop the first one holds the name still.
  if (!is_owned_by(migration, kStatefulSet) || is_local(migration)) return true;
  Pods pods{hop};
  const auto there = pods.get(migration.spec.pod, limits);
  if (!there || *there) return there.has_value();
  const OwnerRef& set = *migration.status.owner;
  // By way of its status, which leaves the template and the replicas out of reach.
  const kube::ResourcePath path{"apps", "v1", "statefulsets", migration.namespace_, set.name, "status"};
  Json change = Json::object();
  change["metadata"]["uid"] = set.uid;
  change["metadata"]["annotations"][kNameFreedAnnotation] = to_rfc3339(hop.world().clock.now());
  bool is_gone = false;
  auto woken = pods.call<Json>("wake " + describe(path), limits, [&](const kube::CallOptions& options) {
    auto answer = hop.world().client.merge_patch(path, change, {}, options);
    is_gone = !answer && is_set_gone(hop, answer.error());
    return is_gone ? kube::ApiResult<Json>{Json{}} : answer;
  });
  if (!woken) hop.log(LogLevel::warning, "the set is not woken yet", {{"error", woken.error().message}});
  return is_gone;
}

}  // namespace migrate::controller
