#include "extender/controller/live_gate.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "extender/controller/frozen_source.h"
#include "extender/controller/pods.h"
#include "shared/kube/label_selector.h"
#include "shared/migration/names.h"

namespace migrate::controller {
namespace {

constexpr milliseconds kLookEvery{250};
constexpr milliseconds kGatePatience{3'000};
constexpr milliseconds kListPatience{1'000};
constexpr milliseconds kBeforeProbes{1'000};  // else the watch over the source would end it as if it held the memory

// Taken for granted where it cannot be told.
bool has_service(Hop& hop, const Limits& limits) {
  const kube::ResourcePath path = kube::core("services", hop.migration().namespace_, "");
  const Limits patience{std::min(limits.until, hop.world().pacer.now() + kListPatience), limits.stop};
  const auto services = Pods{hop}.call<Json>("list " + describe(path), patience, [&](const kube::CallOptions& options) {
    return hop.world().client.list(path, {}, options);
  });
  return !services || is_in_service(*services, hop.source());
}

Attempt<void> open(Hop& hop, const Limits& limits) {
  const PodPlace& target = hop.status().target;
  kube::ResourcePath path = kube::pod(hop.migration().namespace_, target.pod);
  path.subresource = "status";
  const Json condition{{"type", kLiveGate}, {"status", "True"}};
  const Json patch = Json::array({{{"op", "test"}, {"path", "/metadata/uid"}, {"value", target.uid}},
                                  {{"op", "add"}, {"path", "/status/conditions/-"}, {"value", condition}}});
  auto done = Pods{hop}.call<Json>("let traffic to " + describe(path), limits, [&](const kube::CallOptions& options) {
    return hop.world().client.json_patch(path, patch, {}, options);
  });
  if (done) return {};
  if (auto there = Pods{hop}.live_target(limits); !there) return tl::make_unexpected(there.error());
  return tl::make_unexpected(done.error());
}

// Its kubelet has only to see the gate. The source's Pod goes next, and a kube-proxy takes in what changes within a
// second of its last turn when that second is over (iptables.minSyncPeriod): were the source gone from a Service first,
// nobody would be in it until then. Where it takes longer, or cannot be seen, or the frozen source may wait no longer,
// the target comes into the Service later, and that is all.
void await_readiness(Hop& hop) {
  const auto is_ready = [](const Json* pod) { return pod == nullptr || view_of(*pod).ready; };
  Limits patience = until_probes(hop, hop.after_commit(kGatePatience + kBeforeProbes));
  patience.until -= kBeforeProbes;
  (void)Pods{hop}.await(hop.status().target.pod, is_ready, patience);
}

}  // namespace

bool is_in_service(const Json& services, const Json& pod) {
  const Json& all = list_at(services, {"items"});
  const Json* labels = find(pod, {"metadata", "labels"});
  return std::any_of(all.begin(), all.end(), [&](const Json& one) {
    return kube::selects_by_map(find(one, {"spec", "selector"}), labels);
  });
}

bool needs_readiness(const Migration& migration) {
  return is_owned_by(migration, kReplicaSet);
}

Readiness::Readiness(Hop& hop, Steady began, const Limits& limits)
    : until_(needs_readiness(hop.migration()) || has_service(hop, limits)
                 ? began + readiness_patience(hop.source()) + kKubeletSettles
                 : began) {}

Attempt<void> Readiness::look(Hop& hop, Steady now, const Limits& limits) {
  if (ready_since_ || now < next_look_ || now >= until_) return {};
  next_look_ = now + kLookEvery;
  auto live = Pods{hop}.live_target(limits);
  if (!live) return tl::make_unexpected(live.error());
  if (containers_ready(*live)) ready_since_ = now;
  return {};
}

bool Readiness::is_awaited(Steady now) const {
  return now < until_ && (!ready_since_ || now - *ready_since_ < kKubeletSettles);
}

Attempt<void> open_gate(Hop& hop, const Limits& limits) {
  if (hop.status().strategy != Strategy::live) return {};
  auto pod = Pods{hop}.live_target(limits);
  if (!pod) return tl::make_unexpected(pod.error());
  if (!is_true_condition(*pod, kLiveGate))
    if (auto opened = open(hop, limits); !opened) return opened;
  if (containers_ready(*pod) && has_service(hop, limits)) await_readiness(hop);
  return {};
}

}  // namespace migrate::controller
