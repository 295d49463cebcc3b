// Room for the second hop's target, which no scheduler places. Its node's Pods are counted as far as they can be seen.
// That is all of them only where migrations are enabled in all namespaces: to list every Pod of a node takes the right
// to read every Pod of the cluster, its environment included, and an installation promises to have none to Pods of a
// namespace that was not enabled (manifests/base/rights-extender.yaml). Of the others the node's kubelet knows: it
// refuses what has no room before anything of it starts, and that is waited for alike.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "extender/controller/pods.h"
#include "extender/controller/requests.h"
#include "extender/controller/steps.h"
#include "extender/controller/surroundings.h"

namespace migrate::controller {
namespace {

constexpr milliseconds kBetweenLooks{3'000};
constexpr milliseconds kAfterRefusal{10'000};  // each question to a kubelet is a Pod that failed

Attempt<Json> pods_seen_on(Hop& hop, const std::string& node, const Limits& limits) {
  kube::ListOptions there;
  there.field_selector = "spec.nodeName=" + node;
  return Pods{hop}.call<Json>("list the Pods on node " + node, limits, [&](const kube::CallOptions& options) {
    kube::Client& client = hop.world().client;
    auto all = client.list(kube::core("pods"), there, options);
    const bool is_forbidden = !all && all.error().kind == kube::ApiError::Kind::forbidden;
    return is_forbidden ? client.list(kube::core("pods", hop.migration().namespace_), there, options) : all;
  });
}

// No thread is held meanwhile: those that are to make the room need one.
Outcome look_later(Hop& hop, const std::string& trouble, milliseconds pause, const Limits& limits) {
  const std::string text = "waits for room: " + trouble;
  if (auto said = hop.say(text); !said) return said.error();
  // For another look there must be time left.
  const milliseconds left = hop.left_of(limits);
  if (left < 2 * kBetweenLooks)
    return hop.interrupted({Event::deadline, "DeadlineExceeded", "there was no room in time: " + trouble});
  return {Event::left, "NoRoomYet", text, std::min(pause, left - kBetweenLooks)};
}

}  // namespace

Outcome await_room(Hop& hop, const Limits& limits) {
  auto made = Pods{hop}.get(target_name(hop.migration(), hop.status().attempt), limits);
  if (!made) return made.error();
  // One that is bound has its room, or its kubelet's word that there is none.
  if (*made && !view_of(**made).node.empty()) return {};
  auto node = look_at_node(hop, hop.status().source.node, limits);
  if (!node) return node.error();
  auto others = pods_seen_on(hop, node->name, limits);
  if (!others) return others.error();
  const std::string trouble = room_trouble(hop.source(), *node, *others);
  return trouble.empty() ? Outcome{} : look_later(hop, trouble, kBetweenLooks, limits);
}

Outcome await_taken(Hop& hop, const Limits& limits) {
  Pods pods{hop};
  const std::string name = hop.status().target.pod;
  // A kubelet that has taken a Pod tells of its containers.
  const auto is_decided = [](const Json* pod) {
    return pod == nullptr || view_of(*pod).phase == "Failed" || !list_at(*pod, {"status", "containerStatuses"}).empty();
  };
  auto seen = pods.await(name, is_decided, limits);
  if (!seen) return seen.error();
  if (!*seen || !lacks_room(**seen)) return {};  // whatever became of it, the next look at it says
  const std::string why = text_at(**seen, {"status", "message"});
  hop.log(LogLevel::warning, "a kubelet has no room for the target", {{"pod", name}, {"error", why}});
  if (auto removed = pods.remove_ours(name, limits); !removed) return removed.error();
  return look_later(hop, fmt::format("the kubelet of node {} says: {}", hop.status().target.node, why), kAfterRefusal,
                    limits);
}

}  // namespace migrate::controller
