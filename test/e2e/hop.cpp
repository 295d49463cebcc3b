#include "test/e2e/hop.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <stdexcept>

namespace harness {
namespace {

using Json = nlohmann::json;
using Steady = std::chrono::steady_clock;

constexpr const char* kAnnotation = "kubectl-migrate.dev/restore";
constexpr const char* kGate = "kubectl-migrate.dev/prepare";
constexpr const char* kWrapper = "/opt/kubectl-migrate/bin/migrate-runc";

long milliseconds_since(Steady::time_point then) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(Steady::now() - then).count();
}

std::string trimmed(std::string text) {
  while (!text.empty() && text.back() == '\n')
    text.pop_back();
  return text;
}

// The steps, each a method; what one learns the next ones need.
class Hop {
 public:
  Hop(const Cluster& cluster, Orders& orders, const Namespace& ns, const HopPlan& plan, const Narrator& tell)
      : cluster_(cluster), orders_(orders), ns_(ns), plan_(plan), tell_(tell) {}

  void run() {
    look_at_source();
    if (plan_.way == Way::runtime) make_waiting_target();
    freeze();
    try {
      close_broker_connections();
      archive_ = checkpoint(cluster_, ns_, plan_.source.node, plan_.source.pod, checkpoint_token(cluster_, ns_));
      tell_(fmt::format("checkpointed by the kubelet of {}: {} MiB, frozen for {} ms so far", plan_.source.node,
                        archive_mib(), milliseconds_since(frozen_)));
      plan_.way == Way::runtime ? restore_by_runtime() : restore_by_image();
      orders_.keep_log(plan_.source.pod);
      remove_source();
    } catch (...) {
      thaw();
      throw;
    }
  }

 private:
  void look_at_source() {
    const Json pod = cluster_.get({"pod", plan_.source.pod, "-n", ns_.name()});
    source_address_ = pod.at("status").at("podIP").get<std::string>();
    source_container_ = container_id(pod);
    // The management API lists a connection some seconds after it was made.
    eventually("the broker to list the consumer's connections", [&] { return broker_connections().size() == 2; });
  }

  // The target exists, is scheduled and has its sandbox before the source is touched; the gate holds it until the
  // wrapper's folder for its uid is there.
  void make_waiting_target() {
    Json pod = target_pod();
    pod["metadata"]["annotations"][kAnnotation] = plan_.target.pod;
    pod["spec"]["runtimeClassName"] = "migrate";
    pod["spec"]["schedulingGates"] = {{{"name", kGate}}};
    cluster_.apply(pod);
    const std::string uid = cluster_.field({"pod", plan_.target.pod, "-n", ns_.name()}, ".metadata.uid");
    folder_ = fmt::format("/var/lib/kubectl-migrate/restores/{}/main", uid);
    on_target({"sh", "-c", "umask 077; mkdir -p \"$0/archive\"; cat >\"$0/expected\"", folder_},
              Json{{"migration", plan_.target.pod}, {"forecastMs", 3000}}.dump());
    cluster_.kubectl({"-n", ns_.name(), "patch", "pod", plan_.target.pod, "--type=json", "-p",
                      R"([{"op": "remove", "path": "/spec/schedulingGates"}])"});
    tell_(
        fmt::format("the target Pod {} is made on {} and waits for a checkpoint", plan_.target.pod, plan_.target.node));
  }

  void freeze() {
    // Through containerd: a pause by runc alone would be invisible to it, and undone by the checkpoint.
    on_source({"ctr", "-n", "k8s.io", "tasks", "pause", source_container_});
    frozen_ = Steady::now();
    tell_(fmt::format("the source {} is frozen", plan_.source.pod));
  }

  void thaw() const {
    (void)cluster_.run({"exec", plan_.source.node, "ctr", "-n", "k8s.io", "tasks", "resume", source_container_});
  }

  // Otherwise what the frozen source holds unacknowledged would come after newer messages.
  void close_broker_connections() const {
    for (const std::string& name : broker_connections())
      broker("DELETE", "/connections/" + trimmed(harness::must({"jq", "-rR", "@uri"}, name)));
    // The connections themselves wait for a frozen peer's answer; what counts is that nobody consumes any more.
    eventually("the broker to have ended the frozen consumer", [&] {
      const Json consumers = Json::parse(broker("GET", "/consumers"));
      return std::none_of(consumers.begin(), consumers.end(), [&](const Json& consumer) {
        return consumer.at("channel_details").value("peer_host", "") == source_address_;
      });
    });
    tell_("the broker has ended its consumer: unacknowledged messages are back in the queue, in order");
  }

  void restore_by_runtime() const {
    cluster_.pipe(plan_.source.node, {"cat", archive_}, plan_.target.node, {"tar", "-x", "-C", folder_ + "/archive"});
    on_target({"sh", "-c",
               "umask 077; printf '{\"bootId\": \"%s\"}' \"$(cat /proc/sys/kernel/random/boot_id)\" >\"$0/go.new\"; "
               "mv \"$0/go.new\" \"$0/go\"",
               folder_});
    wait_for_target("by the runtime wrapper, from its real image's Pod");
  }

  void restore_by_image() const {
    // A name of its own for each checkpoint: a node that has an image of that name does not pull it again.
    const std::string name =
        fmt::format("registry.test/checkpoints/{}:{}", plan_.target.pod, source_container_.substr(0, 12));
    push_checkpoint(cluster_, plan_.source.node, archive_, name);
    tell_("the checkpoint is an image in registry.test");
    Json pod = target_pod();
    pod["spec"]["containers"][0]["image"] = name;
    cluster_.apply(pod);
    wait_for_target("from an OCI image, pulled from the registry");
  }

  void wait_for_target(const std::string& how) const {
    cluster_.wait_ready(ns_.name(), plan_.target.pod);
    tell_(
        fmt::format("restored on {} {}, {} ms after the freeze", plan_.target.node, how, milliseconds_since(frozen_)));
  }

  // The name is free at once; the kubelet kills the frozen process in its own time, and it never runs again.
  void remove_source() const {
    cluster_.kubectl({"-n", ns_.name(), "delete", "pod", plan_.source.pod, "--force", "--grace-period=0"});
    on_source({"rm", "-f", archive_});
    tell_(fmt::format("the source Pod {} is gone", plan_.source.pod));
  }

  [[nodiscard]] Json target_pod() const { return orders_.consumer_pod(plan_.target); }

  std::string on_source(const Words& argv) const { return cluster_.on(plan_.source.node, argv); }
  std::string on_target(const Words& argv, const std::string& input = "") const {
    return cluster_.on(plan_.target.node, argv, input);
  }
  [[nodiscard]] long archive_mib() const {
    return std::stol(cluster_.on(plan_.source.node, {"stat", "-c", "%s", archive_})) >> 20;
  }

  std::string broker(const std::string& method, const std::string& path) const {
    const std::string address = cluster_.field({"service", "rabbitmq", "-n", "rabbitmq"}, ".spec.clusterIP");
    return on_source(
        {"curl", "-fsS", "-u", "guest:guest", "-X", method, fmt::format("http://{}:15672/api{}", address, path)});
  }

  [[nodiscard]] Words broker_connections() const {
    Words names;
    const Json connections = Json::parse(broker("GET", "/connections"));
    for (const Json& connection : connections)
      if (connection.value("peer_host", "") == source_address_)
        names.push_back(connection.at("name").get<std::string>());
    return names;
  }

  const Cluster& cluster_;
  Orders& orders_;
  const Namespace& ns_;
  const HopPlan& plan_;
  const Narrator& tell_;
  std::string source_address_;
  std::string source_container_;
  std::string folder_;
  std::string archive_;
  Steady::time_point frozen_;
};

}  // namespace

void hop(const Cluster& cluster, Orders& orders, const Namespace& ns, const HopPlan& plan, const Narrator& tell) {
  Hop{cluster, orders, ns, plan, tell}.run();
}

void prepare_for_hops(const Cluster& cluster, const Namespace& ns) {
  const std::string wrapper = migrate::test::read_text(program("migrate-runc"));
  if (wrapper.empty()) throw std::runtime_error("cannot read migrate-runc");
  for (const char* node : {"node-a", "node-b", "node-c"}) {
    cluster.on(
        node,
        {"sh", "-c",
         "mkdir -p \"$(dirname \"$0\")\" && cat >\"$0.new\" && chmod 755 \"$0.new\" && mv \"$0.new\" \"$0\"", kWrapper},
        wrapper);
    // CRI-O drops a handler whose program is missing when it starts, and its reload (SIGHUP) does not bring it back.
    cluster.on(node, {"sh", "-c", "[ ! -d /etc/machine/services/crio ] || sv restart crio"});
  }
  cluster.apply({{"apiVersion", "node.k8s.io/v1"},
                 {"kind", "RuntimeClass"},
                 {"metadata", {{"name", "migrate"}}},
                 {"handler", "migrate"}});
  allow_checkpoints(cluster, ns);
}

void allow_checkpoints(const Cluster& cluster, const Namespace& ns) {
  cluster.apply({{"apiVersion", "v1"},
                 {"kind", "ServiceAccount"},
                 {"metadata", {{"name", "checkpointer"}, {"namespace", ns.name()}}}});
  cluster.apply({{"apiVersion", "rbac.authorization.k8s.io/v1"},
                 {"kind", "ClusterRole"},
                 {"metadata", {{"name", "test-checkpoint-only"}}},
                 {"rules", {{{"apiGroups", {""}}, {"resources", {"nodes/checkpoint"}}, {"verbs", {"create"}}}}}});
  cluster.apply(
      {{"apiVersion", "rbac.authorization.k8s.io/v1"},
       {"kind", "ClusterRoleBinding"},
       {"metadata", {{"name", "test-checkpoint-only"}}},
       {"roleRef",
        {{"apiGroup", "rbac.authorization.k8s.io"}, {"kind", "ClusterRole"}, {"name", "test-checkpoint-only"}}},
       {"subjects", {{{"kind", "ServiceAccount"}, {"name", "checkpointer"}, {"namespace", ns.name()}}}}});
}

std::string checkpoint_token(const Cluster& cluster, const Namespace& ns) {
  return trimmed(cluster.kubectl({"-n", ns.name(), "create", "token", "checkpointer"}));
}

std::string checkpoint(const Cluster& cluster, const Namespace& ns, const std::string& node, const std::string& pod,
                       const std::string& token) {
  // A kubelet without a certificate of the cluster's signs its own, and keeps it there. The token goes in through
  // standard input: arguments are everybody's to read.
  const std::string answer =
      cluster.on(node,
                 {"sh", "-c",
                  "ca=/var/lib/kubelet/pki/kubelet.crt; [ -e $ca ] || ca=/etc/kubernetes/pki/ca.crt; "
                  "exec curl -sS --fail-with-body --cacert $ca -X POST -H @- \"$0\"",
                  fmt::format("https://{}:10250/checkpoint/{}/{}/main", node, ns.name(), pod)},
                 "Authorization: Bearer " + token + "\n");
  return Json::parse(answer).at("items").at(0).get<std::string>();
}

std::string container_id(const Json& pod) {
  const auto id = pod.at("status").at("containerStatuses").at(0).at("containerID").get<std::string>();
  return id.substr(id.find("//") + 2);
}

void push_checkpoint(const Cluster& cluster, const std::string& node, const std::string& archive,
                     const std::string& name) {
  const migrate::test::TemporaryFolder folder;
  const std::string checkpoint = (folder / "checkpoint.tar").string();
  const std::string image = (folder / "image.tar").string();
  harness::must({"bash", "-c", "\"$0\" exec \"$1\" cat \"$2\" >\"$3\"",
                 (source_folder() / "test/cluster/cluster").string(), node, archive, checkpoint});
  harness::must(
      {program("oci-image").string(), "--checkpoint", checkpoint, "--container", "main", "--name", name, image});
  cluster.must({"push", image});
}

}  // namespace harness
