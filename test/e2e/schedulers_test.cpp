// Who places migrated Pods: a scheduler of the product's own (the default), or the cluster's with the extender in its
// configuration; and what becomes of Pods while the extender is down.
#include <fmt/format.h>

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include "test/harness/cluster.h"
#include "test/harness/product.h"

using namespace harness;
using Json = nlohmann::json;

namespace {

constexpr const char* kHome = "kubectl-migrate";
constexpr const char* kOwn = "migrate-scheduler";

// Ends with the product as it is installed by default, whatever a case did to it.
struct World {
  Cluster cluster;
  Namespace ns{cluster, "schedulers"};

  World() {
    cluster.must({"install"});
    enable_migrations(cluster, ns);
    make_pod("sleeper", "default-scheduler", "node-a");
    cluster.wait_ready(ns.name(), "sleeper");
  }

  void make_pod(const std::string& name, const std::string& scheduler, const std::string& node = "") const {
    Json spec = {{"terminationGracePeriodSeconds", 0},
                 {"schedulerName", scheduler},
                 {"containers",
                  {{{"name", "main"}, {"image", "registry.test/busybox:trixie"}, {"command", {"sleep", "100000"}}}}}};
    // Where the test starts from; a selector would go along and keep it there.
    if (!node.empty())
      spec["affinity"]["nodeAffinity"]["preferredDuringSchedulingIgnoredDuringExecution"] = {
          {{"weight", 100},
           {"preference",
            {{"matchExpressions", {{{"key", "kubernetes.io/hostname"}, {"operator", "In"}, {"values", {node}}}}}}}}};
    cluster.apply({{"apiVersion", "v1"},
                   {"kind", "Pod"},
                   {"metadata", {{"name", name}, {"namespace", ns.name()}}},
                   {"spec", spec}});
  }

  [[nodiscard]] std::string node_of(const std::string& pod) const {
    return cluster.field({"pod", pod, "-n", ns.name()}, ".spec.nodeName");
  }
  // Of Events of that reason about a Pod: "SCHEDULER: MESSAGE", a line each.
  [[nodiscard]] std::string events(const std::string& pod, const std::string& reason) const {
    const Json listed = cluster.get(
        {"events", "-n", ns.name(), "--field-selector", fmt::format("involvedObject.name={},reason={}", pod, reason)});
    std::string lines;
    for (const Json& event : listed.at("items"))
      lines += fmt::format("{}: {}\n", event.value("reportingComponent", ""), event.value("message", ""));
    return lines;
  }

  void scale(const std::string& deployment, int replicas) const {
    cluster.kubectl({"-n", kHome, "scale", "deployment", deployment, fmt::format("--replicas={}", replicas)});
    if (replicas > 0) {
      cluster.kubectl({"-n", kHome, "rollout", "status", "deployment/" + deployment, "--timeout=120s"});
      return;
    }
    eventually("the Pods of " + deployment + " to go", [&] {
      return cluster.get({"pods", "-n", kHome, "-l", "app.kubernetes.io/name=" + deployment}).at("items").empty();
    });
  }
};

World& world() {
  static World made;
  return made;
}

// Moves the consumer, which goes by its own name, to another node than it is on, and answers the Migration.
Json move(const Words& words) {
  Words all{"sleeper", "-n", world().ns.name(), "--strategy", "stop", "--keep-name", "-o", "json"};
  all.insert(all.end(), words.begin(), words.end());
  const auto moved = migrate_command(world().cluster, all);
  BOOST_REQUIRE_MESSAGE(moved.succeeded(), to_string(moved.ending) << "\n" << moved.output << moved.errors);
  world().cluster.wait_ready(world().ns.name(), "sleeper");
  return Json::parse(moved.output);
}

// The scheduler is asked for a node that no node is, and says why each is none.
void check_reasons() {
  const auto answer = migrate_command(world().cluster, {"sleeper", "-n", world().ns.name(), "--strategy", "stop",
                                                        "--node-selector", "disk=of-gold", "--timeout", "10s"});
  BOOST_TEST((answer.ending == migrate::Ending{migrate::Exited{5}}), to_string(answer.ending));
  const std::string told = answer.output + answer.errors;
  BOOST_TEST(told.find("the node does not match its node selector") != std::string::npos, told);
  BOOST_TEST(told.find("0/3 nodes are available") != std::string::npos, told);
}

bool is_placed(const std::string& pod) {
  return !world().node_of(pod).empty();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(schedulers)

BOOST_AUTO_TEST_CASE(the_own_scheduler_places_where_it_is_asked_to_and_says_why_not_elsewhere) {
  const std::string from = world().node_of("sleeper");
  const std::string to = from == "node-b" ? "node-a" : "node-b";
  const Json migration = move({"--to", to});
  BOOST_TEST(world().node_of("sleeper") == to);
  // It has placed what held the room for the name. A scheduler writes its Events behind its work.
  const std::string held = "sleeper-mig-hold";
  eventually("an Event by the own scheduler that it assigned Pod " + held, [&] {
    return world().events(held, "Scheduled").find(std::string(kOwn) + ": Successfully assigned") != std::string::npos;
  });
  BOOST_TEST_MESSAGE("gap " << migration.at("status").value("gapMs", 0) << " ms");
  move({});  // wherever it likes
  BOOST_TEST(world().node_of("sleeper") != to);
  check_reasons();
}

BOOST_AUTO_TEST_CASE(pods_that_are_not_ours_pass_untouched) {
  world().make_pod("stranger", kOwn);
  world().cluster.wait_ready(world().ns.name(), "stranger");
}

BOOST_AUTO_TEST_CASE(a_scheduler_that_starts_while_the_extender_is_down_keeps_pods_until_it_is_back) {
  const World& w = world();
  w.scale("migrate-extender", 0);
  w.cluster.kubectl({"-n", kHome, "rollout", "restart", "deployment/migrate-scheduler"});
  w.cluster.kubectl({"-n", kHome, "rollout", "status", "deployment/migrate-scheduler", "--timeout=120s"});
  w.make_pod("patient", kOwn);
  eventually("the scheduler to say that it cannot ask",
             [&] { return !w.events("patient", "FailedScheduling").empty(); });
  BOOST_TEST(!is_placed("patient"));
  // Everybody else's scheduler knows nothing of it.
  w.make_pod("passer-by", "default-scheduler");
  w.cluster.wait_ready(w.ns.name(), "passer-by");
  BOOST_TEST(!is_placed("patient"), w.events("patient", "Scheduled"));
  w.scale("migrate-extender", 2);
  w.cluster.wait_ready(w.ns.name(), "patient");
}

BOOST_AUTO_TEST_CASE(the_cluster_s_own_scheduler_does_it_with_the_extender_in_its_configuration) {
  const World& w = world();
  w.cluster.must({"install", "--scheduler", "main"});
  BOOST_TEST(!w.cluster.run({"kubectl", "-n", kHome, "get", "deployment", "migrate-scheduler"}).succeeded());
  const std::string to = w.node_of("sleeper") == "node-c" ? "node-b" : "node-c";
  move({"--to", to});
  BOOST_TEST(w.node_of("sleeper") == to);
  check_reasons();
  // Down, it stops nobody: here it is ignorable.
  w.scale("migrate-extender", 0);
  w.make_pod("indifferent", "default-scheduler");
  w.cluster.wait_ready(w.ns.name(), "indifferent");
}

BOOST_AUTO_TEST_CASE(installing_again_goes_back_to_the_own_scheduler) {
  const World& w = world();
  w.cluster.must({"install"});
  BOOST_TEST(w.cluster.on("control", {"cat", "/etc/kubernetes/scheduler.yaml"}).find("extenders") == std::string::npos);
  const std::string to = w.node_of("sleeper") == "node-a" ? "node-b" : "node-a";
  move({"--to", to});
  BOOST_TEST(w.node_of("sleeper") == to);
}

BOOST_AUTO_TEST_SUITE_END()
