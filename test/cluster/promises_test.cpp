// What the cluster promises to everything that is tested on it.
#include <fmt/format.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "test/harness/cluster.h"

using namespace harness;
using Json = nlohmann::json;

namespace {

constexpr const char* kBusybox = "registry.test/busybox:trixie";

// Two Pods on different nodes, a web server on one of them, and its Service; made once for all cases.
struct Pods {
  Cluster cluster;
  Namespace ns{cluster, "promises"};

  Pods() {
    pod("web", "node-a", {"httpd", "-f", "-v", "-p", "8080", "-h", "/etc"});
    pod("client", "node-b", {"sleep", "100000"});
    cluster.apply({{"apiVersion", "v1"},
                   {"kind", "Service"},
                   {"metadata", {{"name", "web"}, {"namespace", ns.name()}}},
                   {"spec", {{"selector", {{"app", "web"}}}, {"ports", {{{"port", 80}, {"targetPort", 8080}}}}}}});
    cluster.wait_ready(ns.name(), "web");
    cluster.wait_ready(ns.name(), "client");
  }

  // With `claim`, that PersistentVolumeClaim is mounted at /data.
  void pod(const std::string& name, const std::string& node, const Words& command,
           const std::string& claim = "") const {
    Json spec = {{"terminationGracePeriodSeconds", 0},
                 {"containers", {{{"name", "main"}, {"image", kBusybox}, {"command", command}}}}};
    if (!node.empty()) spec["nodeSelector"] = {{"kubernetes.io/hostname", node}};
    if (!claim.empty()) {
      spec["volumes"] = Json::array({{{"name", "data"}, {"persistentVolumeClaim", {{"claimName", claim}}}}});
      spec["containers"][0]["volumeMounts"] = Json::array({{{"name", "data"}, {"mountPath", "/data"}}});
    }
    cluster.apply({{"apiVersion", "v1"},
                   {"kind", "Pod"},
                   {"metadata", {{"name", name}, {"namespace", ns.name()}, {"labels", {{"app", name}}}}},
                   {"spec", spec}});
  }

  std::string in(const std::string& pod, const std::string& script) const {
    return cluster.kubectl({"-n", ns.name(), "exec", pod, "--", "sh", "-c", script});
  }
  std::string in_client(const std::string& script) const { return in("client", script); }
  Json pod_json(const std::string& name) const { return cluster.get({"pod", name, "-n", ns.name()}); }
  std::string address(const std::string& name) const {
    return cluster.field({"pod", name, "-n", ns.name()}, ".status.podIP");
  }
};

Pods& pods() {
  static Pods made;
  return made;
}

bool has_process(const std::string& machine, const std::string& name) {
  return pods().cluster.run({"exec", machine, "pgrep", "-x", name}).succeeded();
}

// A kubelet that works renews its node's Lease every 10 s.
void wait_for_new_lease(const std::string& node) {
  const auto renewed = [&] {
    return pods().cluster.get({"lease", node, "-n", "kube-node-lease"})["spec"]["renewTime"];
  };
  const Json before = renewed();
  eventually("a new Lease of " + node, [&] { return renewed() != before; });
}

void client_answers_without_a_restart() {
  eventually("exec through what was healed", [] {
    return pods().cluster.run({"kubectl", "-n", "promises", "exec", "client", "--", "hostname"}).output == "client\n";
  });
  BOOST_TEST(pods().pod_json("client")["status"]["containerStatuses"][0]["restartCount"] == 0);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(cluster_promises)

BOOST_AUTO_TEST_CASE(cluster_dns_answers_for_services_and_the_registry) {
  for (const char* name : {"web.promises.svc.cluster.local", "kubernetes.default.svc.cluster.local",
                           "rabbitmq.rabbitmq.svc.cluster.local"}) {
    const auto address = pods().in_client(fmt::format("nslookup {} | sed -n 's/^Address: *//p' | tail -n 1", name));
    BOOST_TEST(address.starts_with("10.96."), name << " is " << address);
  }
  BOOST_TEST(pods().in_client("nslookup registry.test").find("10.77.0.10") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(one_registry_lets_everybody_in_and_one_asks_for_credentials) {
  const auto status = [](const harness::Words& words) {
    harness::Words all{"curl", "-s", "-o", "/dev/null", "-w", "%{http_code}"};
    all.insert(all.end(), words.begin(), words.end());
    return pods().cluster.on("node-a", all);
  };
  BOOST_TEST(status({"https://registry.test/v2/"}) == "200");
  BOOST_TEST(status({"https://registry.test:5000/v2/"}) == "401");
  BOOST_TEST(status({"-u", "pusher:checkpoints", "https://registry.test:5000/v2/"}) == "200");
}

BOOST_AUTO_TEST_CASE(a_service_reaches_its_pod_on_another_node) {
  BOOST_TEST(pods().in_client("wget -qO- http://web/hostname") == "web\n");
}

BOOST_AUTO_TEST_CASE(pods_reach_each_other_across_nodes_under_their_own_addresses) {
  const std::string web = pods().address("web");
  const std::string client = pods().address("client");
  BOOST_TEST(web.starts_with("10.78.1."));
  BOOST_TEST(client.starts_with("10.78.2."));
  BOOST_TEST(pods().in_client(fmt::format("wget -qO- http://{}:8080/hostname", web)) == "web\n");
  // No address translation in between: what a server (a broker, say) sees as its peer is the Pod.
  eventually("the server's log to name its peer", [&] {
    return pods().cluster.kubectl({"-n", "promises", "logs", "web"}).find(client) != std::string::npos;
  });
}

BOOST_AUTO_TEST_CASE(the_api_server_reaches_pods_their_logs_and_their_processes) {
  BOOST_TEST(pods().cluster.raw("/api/v1/namespaces/promises/pods/web:8080/proxy/hostname") == "web\n");
  pods().pod("speaker", "", {"sh", "-c", "echo said; sleep 100000"});
  pods().cluster.wait_ready("promises", "speaker");
  eventually("the log line", [] { return pods().cluster.kubectl({"-n", "promises", "logs", "speaker"}) == "said\n"; });
  BOOST_TEST(pods().in_client("hostname") == "client\n");
}

BOOST_AUTO_TEST_CASE(an_ordinary_shell_works_with_the_printed_kubeconfig) {
  const std::string path = pods().cluster.must({"kubeconfig"});
  const std::string file = path.substr(0, path.size() - 1);
  std::ifstream stream{file};
  const std::string text{std::istreambuf_iterator<char>{stream}, {}};
  BOOST_TEST(text.find("server: https://127.0.0.1:") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_broker_lets_guest_in_from_pods_and_keeps_its_queues_over_a_restart) {
  const auto api = [](const std::string& method, const std::string& path, const std::string& body) {
    // From a node: busybox' wget has no PUT.
    const std::string address = pods().cluster.field({"service", "rabbitmq", "-n", "rabbitmq"}, ".spec.clusterIP");
    return pods().cluster.run({"exec", "node-a", "curl", "-fsS", "-u", "guest:guest", "-X", method, "-H",
                               "content-type: application/json", "-d", body,
                               fmt::format("http://{}:15672/api{}", address, path)});
  };
  BOOST_TEST(
      pods()
          .in_client(
              "wget -qO- --header 'Authorization: Basic Z3Vlc3Q6Z3Vlc3Q=' http://rabbitmq.rabbitmq:15672/api/whoami")
          .find("\"guest\"") != std::string::npos);
  BOOST_TEST(api("PUT", "/queues/%2F/promises.durable", R"({"durable": true})").succeeded());
  pods().cluster.kubectl({"-n", "rabbitmq", "delete", "pod", "rabbitmq-0"});
  pods().cluster.kubectl({"-n", "rabbitmq", "rollout", "status", "statefulset/rabbitmq", "--timeout=120s"});
  eventually("the broker's management to answer", [&] { return api("GET", "/whoami", "").succeeded(); });
  const auto queue = api("GET", "/queues/%2F/promises.durable", "");
  BOOST_TEST(queue.output.find("promises.durable") != std::string::npos, queue.errors);
  BOOST_TEST(api("DELETE", "/queues/%2F/promises.durable", "").succeeded());
}

BOOST_AUTO_TEST_CASE(a_network_volume_is_on_two_nodes_at_once_and_one_reads_what_the_other_just_wrote) {
  pods().cluster.apply({{"apiVersion", "v1"},
                        {"kind", "PersistentVolumeClaim"},
                        {"metadata", {{"name", "notes"}, {"namespace", "promises"}}},
                        {"spec",
                         {{"storageClassName", "network"},
                          {"accessModes", {"ReadWriteMany"}},
                          {"resources", {{"requests", {{"storage", "1Mi"}}}}}}}});
  pods().pod("writer", "node-b", {"sleep", "100000"}, "notes");
  pods().pod("reader", "node-c", {"sleep", "100000"}, "notes");
  pods().cluster.wait_ready("promises", "writer");
  pods().cluster.wait_ready("promises", "reader");
  const std::string volume = pods().cluster.field({"pvc", "notes", "-n", "promises"}, ".spec.volumeName");
  for (const char* pod : {"writer", "reader"})
    BOOST_TEST(pods().in(pod, "grep -c '/srv/network/" + volume + " /data fuse.sshfs rw' /proc/mounts") == "1\n");
  // The same size within the same second, which a cache that goes by size and time would not notice.
  for (const char* word : {"one", "two", "six"}) {
    pods().in("writer", fmt::format("echo {} >/data/note", word));
    BOOST_TEST(pods().in("reader", "cat /data/note") == fmt::format("{}\n", word));
  }
  pods().in("reader", "echo seven >>/data/note && mv /data/note /data/moved");
  BOOST_TEST(pods().in("writer", "ls /data && cat /data/moved") == "moved\nsix\nseven\n");

  pods().cluster.kubectl({"-n", "promises", "delete", "pod/writer", "pod/reader", "pvc/notes"});
  eventually("the volume to go with its claim, and its mounts with the Pods", [&] {
    return !pods().cluster.run({"kubectl", "get", "pv", volume}).succeeded() &&
           pods().cluster.on("control", {"ls", "-A", "/srv/network/" + volume}).empty() &&
           !has_process("node-b", "sshfs") && !has_process("node-c", "sshfs");
  });
}

BOOST_AUTO_TEST_CASE(a_kubelet_may_read_only_what_its_node_needs) {
  const auto answer = pods().cluster.run({"exec", "node-a", "kubectl", "--kubeconfig",
                                          "/etc/kubernetes/kubelet.kubeconfig", "get", "secrets", "-n", "kube-system"});
  BOOST_TEST(answer.errors.find("Error from server (Forbidden)") != std::string::npos, answer.errors);
}

BOOST_AUTO_TEST_CASE(what_is_done_is_in_the_audit_log) {
  const auto log = pods().cluster.on(
      "control", {"grep", "-c", R"("resource":"pods","namespace":"promises","name":"web")", "/var/log/audit.log"});
  BOOST_TEST(std::stoi(log) > 0);
}

BOOST_AUTO_TEST_CASE(one_kubelet_serves_a_self_signed_certificate_and_the_others_the_clusters) {
  const auto trusted = [](const std::string& address) {
    return pods()
        .cluster
        .run({"exec", "control", "curl", "-sS", "--cacert", "/etc/kubernetes/pki/ca.crt",
              "https://" + address + ":10250/healthz"})
        .succeeded();
  };
  BOOST_TEST(trusted("10.77.0.11"));
  BOOST_TEST(!trusted("10.77.0.12"));
  BOOST_TEST(trusted("10.77.0.13"));
}

BOOST_AUTO_TEST_CASE(the_schedulers_configuration_can_be_replaced_and_restored) {
  const std::string file =
      (std::filesystem::temp_directory_path() / fmt::format("scheduler-{}.yaml", ::getpid())).string();
  std::ofstream{file} << "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n"
                         "clientConnection: {kubeconfig: /etc/kubernetes/kube-scheduler.kubeconfig}\n"
                         "leaderElection: {leaderElect: false}\nprofiles: [{schedulerName: default-scheduler}, "
                         "{schedulerName: other}]\n";
  pods().cluster.must({"scheduler-config", file});
  std::filesystem::remove(file);
  pods().cluster.apply(
      {{"apiVersion", "v1"},
       {"kind", "Pod"},
       {"metadata", {{"name", "elsewhere"}, {"namespace", "promises"}}},
       {"spec",
        {{"schedulerName", "other"},
         {"terminationGracePeriodSeconds", 0},
         {"containers", {{{"name", "main"}, {"image", kBusybox}, {"command", {"sleep", "100000"}}}}}}}});
  pods().cluster.wait_ready("promises", "elsewhere");
  BOOST_TEST(pods().cluster.field(
                 {"events", "-n", "promises", "--field-selector", "involvedObject.name=elsewhere,reason=Scheduled"},
                 ".items[0].reportingComponent") == "other");
  pods().cluster.must({"scheduler-config", "default"});
}

BOOST_AUTO_TEST_CASE(a_killed_kubelet_stays_dead_until_healed_and_its_pods_run_on) {
  pods().cluster.must({"kill", "node-b", "kubelet"});
  BOOST_TEST(!has_process("node-b", "kubelet"));
  BOOST_TEST(pods().cluster.on("node-b", {"pgrep", "-xc", "sleep"}) != "0\n");
  pods().cluster.must({"heal", "node-b"});
  wait_for_new_lease("node-b");
  client_answers_without_a_restart();
}

BOOST_AUTO_TEST_CASE(a_killed_containerd_stays_dead_until_healed_and_its_pods_run_on) {
  pods().cluster.must({"kill", "node-b", "containerd"});
  BOOST_TEST(!has_process("node-b", "containerd"));
  pods().cluster.must({"heal", "node-b"});
  client_answers_without_a_restart();
}

BOOST_AUTO_TEST_CASE(a_node_comes_back_from_a_power_cut_with_its_disk_and_starts_its_pods_again) {
  pods().cluster.on("node-b", {"sh", "-c", "echo kept >/var/lib/kept"});
  pods().cluster.must({"kill", "node-b", "all"});
  BOOST_TEST(!pods().cluster.run({"exec", "node-b", "true"}).succeeded());
  pods().cluster.must({"heal", "node-b"});
  BOOST_TEST(pods().cluster.on("node-b", {"cat", "/var/lib/kept"}) == "kept\n");
  eventually("the Pod's restart", [] {
    const Json status = pods().pod_json("client")["status"]["containerStatuses"][0];
    return status["restartCount"] > 0 && status["ready"] == true;
  });
  BOOST_TEST(pods().in_client("wget -qO- http://web/hostname") == "web\n");
}

BOOST_AUTO_TEST_SUITE_END()
