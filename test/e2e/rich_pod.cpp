#include "test/e2e/rich_pod.h"

#include <fmt/format.h>

#include <algorithm>

namespace harness {
namespace {

using Json = nlohmann::json;

constexpr const char* kBusybox = "registry.test/busybox:trixie";

// Counts in its memory and tells the count in a file; the rest of its life is CRIU's to keep.
constexpr const char* kCount =
    "i=0; while true; do i=$((i+1)); echo $i >/scratch/count.new; mv /scratch/count.new /scratch/count; sleep 0.1; "
    "done";

Json kept_by_admission(Json spec) {
  for (const char* field : {"nodeName", "runtimeClassName", "schedulerName"})
    spec.erase(field);
  const auto rename = [](Json& list) {
    for (Json& one : list)
      if (one.at("name").get<std::string>().starts_with("kube-api-access-")) one["name"] = "kube-api-access";
  };
  if (spec.contains("volumes")) rename(spec["volumes"]);
  for (Json& container : spec["containers"])
    if (container.contains("volumeMounts")) rename(container["volumeMounts"]);
  return spec;
}

Json volumes() {
  return Json::array({
      {{"name", "settings"}, {"configMap", {{"name", "settings"}}}},
      {{"name", "secrets"}, {"secret", {{"secretName", "secrets"}, {"defaultMode", 0400}}}},
      {{"name", "about"},
       {"downwardAPI", {{"items", {{{"path", "labels"}, {"fieldRef", {{"fieldPath", "metadata.labels"}}}}}}}}},
      {{"name", "mixed"},
       {"projected",
        {{"sources",
          {{{"configMap", {{"name", "settings"}}}},
           {{"secret", {{"name", "secrets"}}}},
           {{"serviceAccountToken", {{"path", "token"}, {"audience", "somebody"}, {"expirationSeconds", 3600}}}}}}}}},
      {{"name", "scratch"}, {"emptyDir", Json::object()}},
      {{"name", "ram"}, {"emptyDir", {{"medium", "Memory"}, {"sizeLimit", "32Mi"}}}},
      {{"name", "shared"}, {"persistentVolumeClaim", {{"claimName", "shared"}}}},
  });
}

Json mounts() {
  Json all = Json::array();
  for (const char* name : {"settings", "secrets", "about", "mixed", "scratch", "ram", "shared"})
    all.push_back({{"name", name}, {"mountPath", std::string("/") + name}});
  return all;
}

Json environment() {
  return Json::array({
      {{"name", "PLAIN"}, {"value", "as it is"}},
      {{"name", "FROM_MAP"}, {"valueFrom", {{"configMapKeyRef", {{"name", "settings"}, {"key", "colour"}}}}}},
      {{"name", "FROM_SECRET"}, {"valueFrom", {{"secretKeyRef", {{"name", "secrets"}, {"key", "password"}}}}}},
      {{"name", "NAMESPACE"}, {"valueFrom", {{"fieldRef", {{"fieldPath", "metadata.namespace"}}}}}},
  });
}

Json security() {
  // As uid 0: a machine without CAP_SYS_RESOURCE cannot checkpoint others.
  return {{"runAsUser", 0},
          {"allowPrivilegeEscalation", false},
          {"readOnlyRootFilesystem", true},  // and its image has no /tmp
          {"capabilities", {{"drop", {"NET_RAW"}}}},
          {"seccompProfile", {{"type", "RuntimeDefault"}}}};
}

Json affinity() {
  const Json not_c = {{"key", "kubernetes.io/hostname"}, {"operator", "NotIn"}, {"values", {"node-c"}}};
  const Json term = {{"topologyKey", "kubernetes.io/hostname"},
                     {"labelSelector", {{"matchLabels", {{"app", "somebody-else"}}}}}};
  return {{"nodeAffinity",
           {{"requiredDuringSchedulingIgnoredDuringExecution",
             {{"nodeSelectorTerms", {{{"matchExpressions", {not_c}}}}}}}}},
          {"podAntiAffinity", {{"requiredDuringSchedulingIgnoredDuringExecution", {term}}}}};
}

}  // namespace

void make_surroundings(const Scene& scene) {
  const Cluster& cluster = scene.cluster();
  const std::string& ns = scene.stage().ns().name();
  const auto named = [&](const char* version, const char* kind, const std::string& name, Json rest) {
    rest.update({{"apiVersion", version}, {"kind", kind}, {"metadata", {{"name", name}, {"namespace", ns}}}});
    return rest;
  };
  cluster.apply(named("v1", "ServiceAccount", "mover", Json::object()));
  cluster.apply(named("v1", "ConfigMap", "settings", {{"data", {{"colour", "blue"}}}}));
  cluster.apply(named("v1", "Secret", "secrets", {{"stringData", {{"password", "not told"}}}}));
  // The test cluster's workers share this folder, as they would an NFS server's.
  const std::string folder = "/srv/shared/" + ns;
  cluster.on("node-a", {"sh", "-c", "rm -rf \"$0\" && mkdir -p \"$0\"", folder});
  cluster.kubectl({"delete", "persistentvolume", ns, "--ignore-not-found"});  // of an earlier run
  cluster.apply({{"apiVersion", "v1"},
                 {"kind", "PersistentVolume"},
                 {"metadata", {{"name", ns}}},
                 {"spec",
                  {{"capacity", {{"storage", "1Gi"}}},
                   {"accessModes", {"ReadWriteMany"}},
                   {"storageClassName", ""},
                   {"persistentVolumeReclaimPolicy", "Retain"},
                   {"claimRef", {{"name", "shared"}, {"namespace", ns}}},
                   {"hostPath", {{"path", folder}}}}}});
  cluster.apply(named("v1", "PersistentVolumeClaim", "shared",
                      {{"spec",
                        {{"accessModes", {"ReadWriteMany"}},
                         {"storageClassName", ""},
                         {"volumeName", ns},
                         {"resources", {{"requests", {{"storage", "1Gi"}}}}}}}}));
}

Json rich_pod(const Scene& scene, const std::string& node) {
  Json pod = scene.orders().consumer_pod(Scene::consumer_on(node));
  Json& spec = pod["spec"];
  Json& main = spec["containers"][0];
  main["env"] = environment();
  main["volumeMounts"] = mounts();
  main["securityContext"] = security();
  main["resources"] = {{"requests", {{"cpu", "50m"}, {"memory", "64Mi"}}},
                       {"limits", {{"cpu", "1"}, {"memory", "256Mi"}}}};
  const Json healthz = {{"path", "/healthz"}, {"port", 8080}};
  main["livenessProbe"] = {{"httpGet", healthz}, {"periodSeconds", 5}, {"failureThreshold", 6}};
  main["startupProbe"] = {{"httpGet", healthz}, {"periodSeconds", 1}, {"failureThreshold", 30}};
  spec["containers"].push_back(
      {{"name", "side"},
       {"image", kBusybox},
       {"command", {"sh", "-c", kCount}},
       {"volumeMounts", mounts()},
       {"livenessProbe",
        {{"exec", {{"command", {"cat", "/scratch/count"}}}}, {"periodSeconds", 5}, {"failureThreshold", 6}}},
       {"readinessProbe", {{"exec", {{"command", {"cat", "/scratch/count"}}}}, {"periodSeconds", 1}}},
       {"resources", {{"limits", {{"memory", "64Mi"}}}}}});
  spec["volumes"] = volumes();
  spec["serviceAccountName"] = "mover";
  spec["securityContext"] = {{"fsGroup", 2000}, {"supplementalGroups", {3000}}};
  spec["tolerations"] = {{{"key", "somewhere"}, {"operator", "Exists"}, {"effect", "NoSchedule"}}};
  spec["affinity"] = affinity();
  spec["enableServiceLinks"] = false;
  spec["dnsConfig"] = {{"options", {{{"name", "ndots"}, {"value", "2"}}}}};
  spec["hostAliases"] = {{{"ip", "10.9.8.7"}, {"hostnames", {"elsewhere"}}}};
  return pod;
}

std::vector<std::string> differences(const Json& source, const Json& target) {
  const Json before = kept_by_admission(source.at("spec"));
  const Json after = kept_by_admission(target.at("spec"));
  std::vector<std::string> lines;
  const Json patch = Json::diff(before, after);
  lines.reserve(patch.size());
  for (const Json& one : patch) {
    const Json::json_pointer at{one.at("path").get<std::string>()};
    lines.push_back(fmt::format("{}: {} became {}", at.to_string(),
                                before.contains(at) ? before.at(at).dump() : "nothing",
                                one.contains("value") ? one.at("value").dump() : "nothing"));
  }
  return lines;
}

}  // namespace harness
