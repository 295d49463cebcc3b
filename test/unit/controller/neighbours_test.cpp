// Moves of a Pod that has rules about others of its kind: where it may come to, and that nothing of that is left on it.
#include <boost/test/unit_test.hpp>

#include "test/unit/controller/scene.h"

namespace {

using namespace migrate;
using namespace migrate::controller;

constexpr const char* kHost = "kubernetes.io/hostname";

Json labelled(const char* name) {
  return {{"metadata", {{"labels", {{kHost, name}}}}}, {"status", {{"allocatable", {{"cpu", "2"}}}}}};
}

// On node-a, with one more of its kind on node-b, one for each node; node-c is empty.
struct Spreading : Scene {
  explicit Spreading(bool keep_name = false) : Scene(keep_name) {
    for (const char* node : {"node-a", "node-b", "node-c"})
      cluster.put(kube::core("nodes", "", node), labelled(node));
    cluster.change(pod("orders"), [](Json& object) {
      object["spec"]["topologySpreadConstraints"] =
          Json::array({{{"maxSkew", 1},
                        {"topologyKey", kHost},
                        {"whenUnsatisfiable", "DoNotSchedule"},
                        {"labelSelector", {{"matchLabels", {{"app", "orders"}}}}}}});
    });
    put("other", "node-b");
    place_on = "node-c";
    cluster.before_write = [this](const std::string& verb,
                                  const kube::ResourcePath& where) -> std::optional<kube::ApiError> {
      if (verb == "delete" && where.name == "orders-mig-hold") hold = cluster.look(where).value_or(Json{});
      return std::nullopt;
    };
  }
  void put(const std::string& name, const std::string& node) {
    Json one = samples::pod();
    one["metadata"]["uid"] = "uid-" + name;
    one["spec"]["nodeName"] = node;
    cluster.put(pod(name), one);
  }
  void ask_for(const char* node) {
    edit([&](Json& object) { object["spec"]["target"]["node"] = node; });
  }
  void check_refused(const std::string& reason, const std::string& says) {
    const MigrationStatus now = run();
    BOOST_TEST(to_string(now.phase) == "Refused", now.message);
    BOOST_TEST(now.reason == reason, now.reason + ": " + now.message);
    BOOST_TEST(now.message.find(says) != std::string::npos, now.message);
    BOOST_TEST(source.orders == std::vector<std::string>{"inspect"}, boost::test_tools::per_element());
  }
  Json hold;
};
struct KeepingItsName : Spreading {
  KeepingItsName() : Spreading(true) {}
};

BOOST_AUTO_TEST_SUITE(neighbours)

BOOST_FIXTURE_TEST_CASE(a_node_that_would_have_two_is_refused_and_a_better_one_named, KeepingItsName) {
  ask_for("node-b");
  check_refused("Spread", "--to node-c");
}

BOOST_FIXTURE_TEST_CASE(without_a_name_to_keep_it_is_the_same, Spreading) {
  ask_for("node-b");
  check_refused("Spread", "2 of its kind in kubernetes.io/hostname node-b");
}

BOOST_FIXTURE_TEST_CASE(where_no_node_is_left_none_has_to_be_named, KeepingItsName) {
  cluster.change(kube::core("nodes", "", "node-c"), [](Json& node) { node["spec"]["unschedulable"] = true; });
  check_refused("Spread", "no other node keeps that either");
}

BOOST_FIXTURE_TEST_CASE(its_placeholder_goes_where_it_is_kept_and_nothing_of_that_stays, KeepingItsName) {
  run();
  const MigrationStatus now = status();
  BOOST_TEST(to_string(now.phase) == "Succeeded", now.reason + ": " + now.message + "\n" + log.text());
  BOOST_TEST(now.target.node == "node-c");
  BOOST_REQUIRE(!hold.is_null());
  BOOST_TEST(!hold["spec"].contains("topologySpreadConstraints"));
  const Json& terms =
      hold["spec"]["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"];
  BOOST_TEST(terms == Json::parse(R"([{"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "In",
                                                             "values": ["node-a", "node-c"]}]}])"));
  const Json moved = cluster.look(pod("orders")).value();
  BOOST_TEST(!moved["spec"].contains("affinity"));
  BOOST_TEST(moved["spec"]["topologySpreadConstraints"].size() == 1U);
}

// Between the look at the cluster and the placing.
BOOST_FIXTURE_TEST_CASE(who_comes_meanwhile_leads_back, KeepingItsName) {
  source.before = [this](const std::string& what) -> std::optional<agent::AgentError> {
    if (what == "inspect")
      for (const char* name : {"late", "later"})
        put(name, "node-c");
    return std::nullopt;
  };
  ask_for("node-c");
  const MigrationStatus now = run();
  BOOST_TEST(to_string(now.phase) == "RolledBack");
  BOOST_TEST(now.reason == "Spread", now.reason + ": " + now.message);
  BOOST_TEST(cluster.names("pods") == (std::vector<std::string>{"late", "later", "orders", "other"}),
             boost::test_tools::per_element());
}

// Within one zone it comes and goes; but until the source has gone there are two.
struct WithinAZone : KeepingItsName {
  WithinAZone() {
    cluster.drop(pod("other"));
    for (const char* node : {"node-a", "node-b", "node-c"})
      cluster.change(kube::core("nodes", "", node), [&](Json& object) {
        object["metadata"]["labels"]["zone"] = std::string{node} == "node-b" ? "west" : "east";
      });
    cluster.change(pod("orders"),
                   [](Json& object) { object["spec"]["topologySpreadConstraints"][0]["topologyKey"] = "zone"; });
    ask_for("node-c");
  }
};

BOOST_FIXTURE_TEST_CASE(a_shadow_is_one_more, WithinAZone) {
  edit([](Json& object) { object["spec"]["strategy"] = "Live"; });
  check_refused("Spread", "while the source is there still, on node node-c there would be 2 of its kind in zone east");
}

BOOST_FIXTURE_TEST_CASE(who_comes_after_its_source_is_not, WithinAZone) {
  edit([](Json& object) { object["spec"]["strategy"] = "Stop"; });
  const MigrationStatus now = run();
  BOOST_TEST(to_string(now.phase) == "Succeeded", now.reason + ": " + now.message);
}

BOOST_FIXTURE_TEST_CASE(anti_affinity_that_no_node_lets_hold_is_found_without_a_node_s_name, Spreading) {
  cluster.change(pod("orders"), [](Json& object) {
    object["spec"].erase("topologySpreadConstraints");
    object["spec"]["affinity"]["podAntiAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"] =
        Json::parse(R"([{"topologyKey": "zone", "labelSelector": {"matchLabels": {"app": "orders"}}}])");
  });
  for (const char* node : {"node-a", "node-b", "node-c"})
    cluster.change(kube::core("nodes", "", node), [](Json& object) { object["metadata"]["labels"]["zone"] = "east"; });
  check_refused("AntiAffinity", "both in east");
}

BOOST_FIXTURE_TEST_CASE(anti_affinity_that_another_node_lets_hold_is_the_scheduler_s, Spreading) {
  cluster.change(pod("orders"), [](Json& object) {
    object["spec"].erase("topologySpreadConstraints");
    object["spec"]["affinity"]["podAntiAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"] = Json::parse(
        R"([{"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": {"app": "orders"}}}])");
  });
  const MigrationStatus now = run();
  BOOST_TEST(to_string(now.phase) == "Succeeded", now.reason + ": " + now.message);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
