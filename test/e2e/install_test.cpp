// Putting the product on a cluster and taking it away again.
#include <boost/test/unit_test.hpp>
#include <map>
#include <nlohmann/json.hpp>
#include <thread>

#include "test/e2e/node_under_pressure.h"
#include "test/harness/cluster.h"
#include "test/harness/product.h"

using namespace harness;
using Json = nlohmann::json;

namespace {

const Cluster cluster;

constexpr const char* kHome = "kubectl-migrate";
constexpr const char* kWrapper = "/opt/kubectl-migrate/bin/migrate-runc";
const Words kNodes{"node-a", "node-b", "node-c"};

std::string pods_of_product() {
  return cluster.kubectl({"-n", kHome, "get", "pods", "-o", "jsonpath={.items[*].metadata.uid}"});
}

std::string shell(const std::string& node, const std::string& script) {
  return cluster.on(node, {"sh", "-c", script});
}

std::string output_of(const Words& kubectl_words) {
  return cluster.kubectl(kubectl_words);
}

// Somebody who makes Pods of StatefulSets all the while, as the API server would take them.
class PodsMeanwhile {
 public:
  explicit PodsMeanwhile(const std::string& ns)
      : thread_{[this, ns](const std::stop_token& stop) {
          while (!stop.stop_requested())
            try_one(ns);
        }} {}

  // How many there were, and what was said to the first that was refused.
  struct Tried {
    int count = 0;
    std::string refused;
  };
  Tried end() {
    thread_.request_stop();
    thread_.join();
    return tried_;
  }

 private:
  void try_one(const std::string& ns) {
    const Json pod = {
        {"apiVersion", "v1"},
        {"kind", "Pod"},
        {"metadata",
         {{"name", "orders-0"}, {"namespace", ns}, {"labels", {{"statefulset.kubernetes.io/pod-name", "orders-0"}}}}},
        {"spec", {{"containers", {{{"name", "main"}, {"image", "registry.test/busybox:trixie"}}}}}}};
    const auto answer = cluster.run({"kubectl", "create", "--dry-run=server", "-f", "-"}, pod.dump());
    ++tried_.count;
    if (!answer.succeeded() && tried_.refused.empty()) tried_.refused = answer.errors;
  }

  Tried tried_;
  std::jthread thread_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(installing)

BOOST_AUTO_TEST_CASE(the_product_comes_up_and_every_node_reports) {
  const auto installed = cluster.run({"install"});
  BOOST_REQUIRE_MESSAGE(installed.succeeded(), installed.errors);
  BOOST_TEST_MESSAGE(installed.errors);  // the times are for whoever reads the log
  const Json nodes = cluster.get({"migrationnodes"});
  BOOST_TEST(nodes.at("items").size() == kNodes.size());
  for (const Json& node : nodes.at("items")) {
    BOOST_TEST(node.at("facts").at("hasHandler") == true, node.dump(2));
    BOOST_TEST(node.at("facts").at("canCheckpointDirectly") == true, node.dump(2));
  }
  for (const std::string& node : kNodes) {
    BOOST_TEST(shell(node, std::string("stat -c '%F %a %U' ") + kWrapper) == "regular file 755 root\n");
    BOOST_TEST(shell(node, "stat -c '%a %U' /var/lib/kubectl-migrate") == "700 root\n");
  }
}

// What no test of a migration would miss.
BOOST_AUTO_TEST_CASE(the_objects_are_as_the_manifests_promise) {
  const Json kind = cluster.get({"crd", "migrations.kubectl-migrate.dev"});
  Words columns;
  for (const Json& column : kind.at("spec").at("versions").at(0).at("additionalPrinterColumns"))
    if (column.value("priority", 0) == 0) columns.push_back(column.at("name").get<std::string>());
  const Words promised{"Pod", "From", "To", "Phase", "Gap", "Age"};
  BOOST_TEST(columns == promised, boost::test_tools::per_element());
  // The API server answers with them, under the short name as well.
  for (const auto& [name, short_name] : {std::pair{"migrations", "mig"}, std::pair{"migrationnodes", "mignode"}}) {
    const Json crd = cluster.get({"crd", std::string{name} + ".kubectl-migrate.dev"});
    BOOST_TEST(crd.at("status").at("acceptedNames").value("shortNames", Json::array()) == Json::array({short_name}));
  }
  // Agents enter their node.
  const Json home = cluster.get({"namespace", kHome});
  BOOST_TEST(home.at("metadata").at("labels").value("pod-security.kubernetes.io/enforce", "") == "privileged");
  const Json policies = cluster.get({"networkpolicies", "-n", kHome});
  std::map<std::string, Json> specs;
  for (const Json& one : policies.at("items"))
    specs[one.at("metadata").at("name").get<std::string>()] = one.at("spec");
  BOOST_REQUIRE(specs.contains("nothing-comes-in"));
  BOOST_REQUIRE(specs.contains("migrate-extender"));
  // Of all Pods, and nothing is let in.
  BOOST_TEST(specs["nothing-comes-in"].at("podSelector").empty(), specs["nothing-comes-in"].dump());
  BOOST_TEST(!specs["nothing-comes-in"].contains("ingress"), specs["nothing-comes-in"].dump());
  BOOST_TEST(specs["migrate-extender"].at("ingress").at(0).at("ports").at(0).at("port") == 9443);
  const Json extender = cluster.get({"deployment", "migrate-extender", "-n", kHome});
  BOOST_TEST(extender.at("status").value("readyReplicas", 0) == 2);
}

BOOST_AUTO_TEST_CASE(installing_again_changes_nothing) {
  const std::string before = pods_of_product();
  cluster.must({"install"});
  BOOST_TEST(pods_of_product() == before);
}

BOOST_AUTO_TEST_CASE(wrong_words_are_answered_with_what_is_wrong) {
  for (const Words& words : {Words{"install", "--scheduler", "both"}, Words{"install", "--image-tag"},
                             Words{"install", "--no-wait", "--scheduler", "main"}, Words{"install", "--fast"},
                             Words{"uninstall", "--force"}}) {
    const auto answer = cluster.run(words);
    BOOST_TEST((answer.ending == migrate::Ending{migrate::Exited{1}}));
    BOOST_TEST(answer.errors.starts_with("cluster: error: "), answer.errors);
  }
}

BOOST_AUTO_TEST_CASE(uninstalling_waits_for_nobody_who_is_under_way_and_leaves_nothing_else) {
  const Namespace ns{cluster, "installing"};
  enable_migrations(cluster, ns);
  cluster.apply(
      {{"apiVersion", "v1"},
       {"kind", "Pod"},
       {"metadata", {{"name", "sleeper"}, {"namespace", ns.name()}}},
       {"spec",
        {{"terminationGracePeriodSeconds", 0},
         {"containers",
          {{{"name", "main"}, {"image", "registry.test/busybox:trixie"}, {"command", {"sleep", "100000"}}}}}}}});
  cluster.wait_ready(ns.name(), "sleeper");
  // Nothing is placed there, so it stays where it is placed.
  const std::string at = cluster.field({"pod", "sleeper", "-n", ns.name()}, ".spec.nodeName");
  const NodeUnderPressure busy{cluster, at == "node-b" ? "node-a" : "node-b"};
  const auto begun = migrate_command(cluster, {"sleeper", "-n", ns.name(), "--strategy", "stop", "--name", "waiting",
                                               "--node-selector", busy.label(), "--no-wait"});
  BOOST_REQUIRE_MESSAGE(begun.succeeded(), begun.errors);
  const auto refused = cluster.run({"uninstall"});
  BOOST_TEST(!refused.succeeded());
  BOOST_TEST(refused.errors.find("migrations are under way: installing/waiting") != std::string::npos, refused.errors);
  const auto aborted = migrate_command(cluster, {"abort", "waiting", "-n", ns.name()});
  BOOST_REQUIRE_MESSAGE(aborted.succeeded(), aborted.errors);

  PodsMeanwhile meanwhile{ns.name()};
  const auto uninstalled = cluster.run({"uninstall"});
  const auto tried = meanwhile.end();
  BOOST_REQUIRE_MESSAGE(uninstalled.succeeded(), uninstalled.errors);
  BOOST_TEST(tried.count > 5);
  BOOST_TEST(tried.refused.empty(), tried.refused);
  BOOST_TEST_MESSAGE(uninstalled.errors);
  BOOST_TEST(output_of({"get", "crd", "-o", "name"}).find("kubectl-migrate") == std::string::npos);
  BOOST_TEST(output_of({"get", "namespace", kHome, "--ignore-not-found", "-o", "name"}).empty());
  BOOST_TEST(output_of({"get", "runtimeclass", "migrate", "--ignore-not-found", "-o", "name"}).empty());
  for (const char* kind : {"clusterroles", "clusterrolebindings", "roles", "rolebindings",
                           "validatingadmissionpolicies", "validatingadmissionpolicybindings"})
    BOOST_TEST(output_of({"get", kind, "-A", "-l", "app.kubernetes.io/part-of=kubectl-migrate", "-o", "name"}).empty(),
               kind);
  BOOST_TEST(output_of({"get", "namespaces", "-l", "kubectl-migrate.dev/enabled", "-o", "name"}).empty());
  for (const std::string& node : kNodes) {
    // No Pod was migrated that would go on under it (cleanup_test has one that was).
    BOOST_TEST(
        shell(node, "ls -d /opt/kubectl-migrate /etc/kubectl-migrate /var/lib/kubectl-migrate 2>/dev/null || true")
            .empty(),
        node);
    BOOST_TEST(shell(node, "grep -c kubectl-migrate /etc/criu/runc.conf || true") == "0\n");
  }
  // The Pod never noticed.
  BOOST_TEST(
      cluster.get({"pod", "sleeper", "-n", ns.name()}).at("status").at("containerStatuses").at(0).at("restartCount") ==
      0);
  const auto again = cluster.run({"uninstall"});
  BOOST_TEST(again.succeeded(), again.errors);
}

BOOST_AUTO_TEST_CASE(it_can_be_installed_again) {
  cluster.must({"install"});
  BOOST_TEST(cluster.get({"migrationnodes"}).at("items").size() == kNodes.size());
}

BOOST_AUTO_TEST_SUITE_END()
