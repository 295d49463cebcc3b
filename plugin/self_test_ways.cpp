#include "plugin/self_test_ways.h"

#include <fmt/format.h>

#include "plugin/of_group.h"
#include "plugin/our_label.h"
#include "shared/migration/names.h"

namespace migrate::plugin {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds kHopTimeout = 120s;
constexpr const char* kNameLabel = "app.kubernetes.io/name";

// The first of two that says something.
std::string either(const std::string& one, const std::string& other) {
  return one.empty() ? other : one;
}

std::string direct_trouble(const NodeFacts& facts) {
  if (facts.can_checkpoint_directly) return "";
  return fmt::format("the agent of node {} cannot reach {} for a direct checkpoint", facts.node, facts.runtime);
}

Json labels(const std::string& name) {
  return {{kPartOfLabel, kPartOfUs}, {kNameLabel, name}};
}

// All that Pod Security's profile "restricted" asks for but a uid other than 0: where a node's root lacks
// CAP_SYS_RESOURCE, CRIU cannot checkpoint other users' processes. Whose process it is the image says, and a cluster
// that gives every Pod a uid of its own.
Json security() {
  return {{"allowPrivilegeEscalation", false},
          {"capabilities", {{"drop", {"ALL"}}}},
          {"seccompProfile", {{"type", "RuntimeDefault"}}}};
}

Json spec_of(const std::string& image) {
  const Json container = {
      {"name", "counter"},
      {"image", image},
      {"imagePullPolicy", "IfNotPresent"},
      {"command", {"/migrate-counter"}},
      {"resources", {{"requests", {{"cpu", "10m"}, {"memory", "16Mi"}}}, {"limits", {{"memory", "64Mi"}}}}},
      {"securityContext", security()}};
  return {{"automountServiceAccountToken", false},
          {"enableServiceLinks", false},
          {"terminationGracePeriodSeconds", 5},
          {"containers", Json::array({container})}};
}

// By name, whatever the nodes' labels say.
Json one_of(const NodePair& nodes) {
  Json terms = Json::array();
  for (const NodeFacts* node : {&nodes.from, &nodes.to}) {
    const Json named = {{"key", "metadata.name"}, {"operator", "In"}, {"values", Json::array({node->node})}};
    terms.push_back({{"matchFields", Json::array({named})}});
  }
  return {{"nodeAffinity",
           {{"requiredDuringSchedulingIgnoredDuringExecution", {{"nodeSelectorTerms", std::move(terms)}}}}}};
}

}  // namespace

std::vector<Way> ways_between(const NodePair& nodes) {
  const auto trouble = [&](std::string (*of)(const NodeFacts&)) { return either(of(nodes.from), of(nodes.to)); };
  return {{.title = "checkpoint by the agent (--checkpoint direct)",
           .name = "direct",
           .checkpoint = CheckpointBackend::direct,
           .restore = RestoreWay::runtime,
           .skipped = trouble(direct_trouble)},
          {.title = "checkpoint by the kubelet (--checkpoint kubelet)",
           .name = "kubelet",
           .checkpoint = CheckpointBackend::kubelet,
           .restore = RestoreWay::runtime,
           .skipped = trouble(kubelet_checkpoint_trouble)},
          {.title = "under its own name (--keep-name)", .name = "keep-name", .keep_name = true},
          {.title = "restored from an image (--restore image)",
           .name = "image",
           .restore = RestoreWay::image,
           .skipped = trouble(image_restore_trouble)},
          {.title = "the Pod of a StatefulSet", .name = "set", .is_set = true},
          {.title = "with replay (--strategy live, sequential)",
           .name = "replay",
           .skipped = "it takes a broker, and an application that follows the replay protocol\n"
                      "kubectl migrate check-app POD tries one of yours"}};
}

Options options_for(const Way& way, const std::string& pod, const std::string& to) {
  Options options;
  options.name = pod;
  options.to = to;
  options.strategy = Strategy::stop;
  options.checkpoint = way.checkpoint;
  options.restore = way.restore;
  options.keep_name = way.keep_name;
  options.timeout = kHopTimeout;
  return options;
}

Json namespace_object(const std::string& name) {
  // Its Pods may run as uid 0, which a cluster's default may forbid.
  Json all = labels("self-test");
  all["pod-security.kubernetes.io/enforce"] = "baseline";
  all["pod-security.kubernetes.io/warn"] = "baseline";
  return {{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", name}, {"labels", std::move(all)}}}};
}

Workload workload_for(const Way& way, const std::string& namespace_, const std::string& image, const NodePair& nodes) {
  Json spec = spec_of(image);
  const Json metadata = {{"name", way.name}, {"namespace", namespace_}, {"labels", labels(way.name)}};
  if (!way.is_set) {
    spec["nodeName"] = nodes.from.node;
    return {kube::pod(namespace_, way.name),
            {{"apiVersion", "v1"}, {"kind", "Pod"}, {"metadata", metadata}, {"spec", std::move(spec)}}};
  }
  spec["affinity"] = one_of(nodes);
  return {of_group("apps", "statefulsets", namespace_, way.name),
          {{"apiVersion", "apps/v1"},
           {"kind", "StatefulSet"},
           {"metadata", metadata},
           {"spec",
            {{"serviceName", way.name},
             {"replicas", 1},
             {"selector", {{"matchLabels", {{kNameLabel, way.name}}}}},
             {"template", {{"metadata", {{"labels", labels(way.name)}}}, {"spec", std::move(spec)}}}}}}};
}

}  // namespace migrate::plugin
