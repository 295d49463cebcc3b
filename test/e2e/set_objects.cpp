#include "test/e2e/set_objects.h"

#include <fmt/format.h>

#include "test/e2e/scene.h"

namespace harness {
namespace {

using Json = nlohmann::json;

constexpr const char* kLane = "LANE";

Json metadata_of(const std::string& ns, const std::string& name) {
  return {{"name", name}, {"namespace", ns}};
}

Json labelled(Json pod_template, const std::string& app) {
  pod_template["metadata"]["labels"] = {{"app", app}};
  return pod_template;
}

}  // namespace

Json two_nodes() {
  const Json wanted = {{"key", "kubernetes.io/hostname"}, {"operator", "In"}, {"values", {"node-a", "node-b"}}};
  const Json term = {{"matchExpressions", Json::array({wanted})}};
  return {{"nodeAffinity",
           {{"requiredDuringSchedulingIgnoredDuringExecution", {{"nodeSelectorTerms", Json::array({term})}}}}}};
}

ConsumerSpec set_consumer() {
  ConsumerSpec consumer = Scene::consumer_on("");
  consumer.service_ms = 50;
  consumer.prefetch = 5;
  return consumer;
}

Json consumer_template(const Orders& orders, const std::string& lane, const std::string& annotated,
                       ConsumerSpec consumer) {
  consumer.queue = fmt::format("{}.$({})", orders.queue(), kLane);
  consumer.annotated_queue = orders.queue() + "." + annotated;
  const Json pod = orders.consumer_pod(consumer);
  Json spec = pod.at("spec");
  spec.erase("nodeName");
  spec["affinity"] = two_nodes();
  spec["containers"][0]["env"] = Json::array({{{"name", kLane}, {"valueFrom", {{"fieldRef", {{"fieldPath", lane}}}}}}});
  return {{"metadata", {{"annotations", pod.at("metadata").at("annotations")}}}, {"spec", std::move(spec)}};
}

Json stateful_set(const std::string& ns, const std::string& name, const SetSpec& spec, const Json& pod_template) {
  Json set = {{"apiVersion", "apps/v1"},
              {"kind", "StatefulSet"},
              {"metadata", metadata_of(ns, name)},
              {"spec",
               {{"serviceName", name},
                {"replicas", spec.replicas},
                {"podManagementPolicy", spec.parallel ? "Parallel" : "OrderedReady"},
                {"selector", {{"matchLabels", {{"app", name}}}}},
                {"template", labelled(pod_template, name)}}}};
  if (spec.first > 0) set["spec"]["ordinals"] = {{"start", spec.first}};
  return set;
}

void spread_over_nodes(Json& set) {
  const Json constraint = {{"maxSkew", 1},
                           {"topologyKey", "kubernetes.io/hostname"},
                           {"whenUnsatisfiable", "DoNotSchedule"},
                           {"labelSelector", set.at("spec").at("selector")}};
  set["spec"]["template"]["spec"]["topologySpreadConstraints"] = Json::array({constraint});
}

void keep_apart(Json& set) {
  const Json term = {{"topologyKey", "kubernetes.io/hostname"}, {"labelSelector", set.at("spec").at("selector")}};
  set["spec"]["template"]["spec"]["affinity"]["podAntiAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"] =
      Json::array({term});
}

Json headless_service(const std::string& ns, const std::string& name, const std::string& app) {
  return {{"apiVersion", "v1"},
          {"kind", "Service"},
          {"metadata", metadata_of(ns, name)},
          {"spec",
           {{"clusterIP", "None"},
            {"selector", {{"app", app}}},
            {"ports", Json::array({{{"name", "http"}, {"port", 8080}}})}}}};
}

Json deployment(const std::string& ns, const std::string& name, int replicas, const Json& pod_template) {
  return {{"apiVersion", "apps/v1"},
          {"kind", "Deployment"},
          {"metadata", metadata_of(ns, name)},
          {"spec",
           {{"replicas", replicas},
            {"selector", {{"matchLabels", {{"app", name}}}}},
            {"template", labelled(pod_template, name)}}}};
}

Json disruption_budget(const std::string& ns, const std::string& set) {
  return {{"apiVersion", "policy/v1"},
          {"kind", "PodDisruptionBudget"},
          {"metadata", metadata_of(ns, set)},
          {"spec", {{"maxUnavailable", 1}, {"selector", {{"matchLabels", {{"app", set}}}}}}}};
}

Json autoscaler(const std::string& ns, const std::string& set, int least, int most) {
  const Json cpu = {{"type", "Resource"},
                    {"resource", {{"name", "cpu"}, {"target", {{"type", "Utilization"}, {"averageUtilization", 80}}}}}};
  return {{"apiVersion", "autoscaling/v2"},
          {"kind", "HorizontalPodAutoscaler"},
          {"metadata", metadata_of(ns, set)},
          {"spec",
           {{"scaleTargetRef", {{"apiVersion", "apps/v1"}, {"kind", "StatefulSet"}, {"name", set}}},
            {"minReplicas", least},
            {"maxReplicas", most},
            {"metrics", Json::array({cpu})}}}};
}

}  // namespace harness
