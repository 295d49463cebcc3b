#include "test/e2e/product_processes.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace harness {
namespace {

using Json = nlohmann::json;

constexpr const char* kNamespace = "kubectl-migrate";
// A process is found by its name, of which the kernel keeps so much, and by its Pod's uid, which stands in its cgroup's
// path.
constexpr std::size_t kNameLength = 15;

Json pods_of(const Cluster& cluster, const std::string& program) {
  return cluster.get({"pods", "-n", kNamespace, "-l", "app.kubernetes.io/name=" + program});
}

ProductProcess process_of(const Json& pod, const std::string& program) {
  return {pod.at("metadata").at("name").get<std::string>(), pod.at("metadata").at("uid").get<std::string>(),
          pod.at("spec").value("nodeName", ""), program};
}

bool is_alive(const Json& pod) {
  return !pod.at("metadata").contains("deletionTimestamp") && pod.at("status").value("phase", "") == "Running";
}

bool is_ready(const Json& pod) {
  const Json conditions = pod.at("status").value("conditions", Json::array());
  return std::any_of(conditions.begin(), conditions.end(), [](const Json& condition) {
    return condition.at("type") == "Ready" && condition.at("status") == "True";
  });
}

std::string lease_holder(const Cluster& cluster) {
  return cluster
      .run({"kubectl", "-n", kNamespace, "get", "lease", "migrate-controller", "-o", "jsonpath={.spec.holderIdentity}"})
      .output;
}

}  // namespace

ProductProcess agent_on(const Cluster& cluster, const std::string& node) {
  ProductProcess found;
  eventually("an agent on " + node, [&] {
    const Json pods = pods_of(cluster, "migrate-agent");
    for (const Json& pod : pods.at("items"))
      if (is_alive(pod) && pod.at("spec").value("nodeName", "") == node) found = process_of(pod, "migrate-agent");
    return !found.pod.empty();
  });
  return found;
}

ProductProcess leader(const Cluster& cluster) {
  ProductProcess found;
  eventually("a replica to hold the Lease kubectl-migrate/migrate-controller", [&] {
    const std::string holder = lease_holder(cluster);
    const Json pods = pods_of(cluster, "migrate-extender");
    for (const Json& pod : pods.at("items"))
      if (is_alive(pod) && holder.find(pod.at("metadata").at("name").get<std::string>()) != std::string::npos)
        found = process_of(pod, "migrate-extender");
    return !found.pod.empty();
  });
  return found;
}

double mib_of(const Cluster& cluster, const ProductProcess& process, const std::string& what) {
  constexpr const char* kRead = R"(for p in $(pgrep -x "$0"); do
  grep -q "$1" /proc/$p/cgroup || continue
  sed -n "s/^$2:[^0-9]*//p" /proc/$p/status
done)";
  const std::string kib =
      cluster.on(process.node, {"sh", "-c", kRead, process.program.substr(0, kNameLength), process.pod_uid, what});
  return kib.empty() ? 0 : std::stod(kib) / 1024;
}

void forget_peak(const Cluster& cluster, const ProductProcess& process) {
  constexpr const char* kForget = R"(for p in $(pgrep -x "$0"); do
  ! grep -q "$1" /proc/$p/cgroup || echo 5 >/proc/$p/clear_refs
done)";
  cluster.on(process.node, {"sh", "-c", kForget, process.program.substr(0, kNameLength), process.pod_uid});
}

bool send_signal(const Cluster& cluster, const ProductProcess& process, const std::string& signal) {
  constexpr const char* kSend = R"(found=1
for p in $(pgrep -x "$0"); do
  ! grep -q "$1" /proc/$p/cgroup || { kill -s "$2" $p && found=0; }
done
exit $found)";
  return cluster
      .run({"exec", process.node, "sh", "-c", kSend, process.program.substr(0, kNameLength), process.pod_uid, signal})
      .succeeded();
}

void renew(const Cluster& cluster, const ProductProcess& process) {
  // Not by force: the next agent would come up while this one still has the node's ports and answers the probes of
  // both, and its process would end while its Pod counts as ready.
  cluster.kubectl({"-n", kNamespace, "delete", "pod", process.pod, "--ignore-not-found"});
  // For a moment `rollout status` still counts the Pod that is gone.
  const std::size_t wanted = process.program == "migrate-agent" ? 3 : 2;
  eventually("a Pod in place of " + process.pod + " to be ready", [&] {
    const Json pods = pods_of(cluster, process.program);
    std::size_t ready = 0;
    for (const Json& pod : pods.at("items"))
      if (is_alive(pod) && is_ready(pod) && pod.at("metadata").at("uid") != process.pod_uid) ++ready;
    return ready == wanted;
  });
  wait_for_product(cluster);
}

void restart_controllers(const Cluster& cluster) {
  cluster.kubectl({"-n", kNamespace, "rollout", "restart", "deployment/migrate-extender"});
  wait_for_product(cluster);
}

void wait_for_product(const Cluster& cluster) {
  for (const char* what : {"deployment/migrate-extender", "daemonset/migrate-agent"})
    cluster.kubectl({"-n", kNamespace, "rollout", "status", what, "--timeout=180s"});
  (void)leader(cluster);
}

}  // namespace harness
