// Whether there is a node at all for a target, where none was asked for by name.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "extender/controller/any_node.h"
#include "extender/controller/target_pod.h"
#include "test/unit/controller/scene.h"

namespace {

using namespace migrate;
using namespace migrate::controller;
using namespace std::chrono_literals;
namespace data = boost::unit_test::data;

const Instant kNow{1h};

BOOST_AUTO_TEST_SUITE(any_node)

struct Case {
  Migration migration = samples::migration();
  Json pod = samples::pod();
  Json node = Json::parse(R"({"metadata": {"name": "node-b", "labels": {"disk": "tape"}}})");
  NodeFacts facts = samples::facts("node-b", kNow);
  bool is_reported = true;

  void taint(const char* key, const char* effect) {
    node["spec"]["taints"].push_back({{"key", key}, {"value", "yes"}, {"effect", effect}});
  }
  void tolerate(const char* key) { pod["spec"]["tolerations"].push_back({{"key", key}, {"operator", "Exists"}}); }
  [[nodiscard]] std::optional<Objection> look() const {
    Candidate candidate{std::make_shared<const Json>(node), {"node-b", true, false, {}, {}, {}}};
    candidate.state.cordoned = flag_at(node, {"spec", "unschedulable"});
    candidate.state.labels = {{"disk", "tape"}};
    if (is_reported) candidate.state.facts = facts;
    return objection(migration, pod, samples::node("node-a", kNow), candidate, 100_MiB, kNow);
  }
};

struct Row {
  const char* name;
  std::function<void(Case&)> change;
  const char* clause;  // empty: it will do
  bool passes = false;
  friend std::ostream& operator<<(std::ostream& out, const Row& row) { return out << row.name; }
};

const std::vector<Row> kRows{
    {"a good one", [](Case&) {}, ""},
    {"the label that is asked for",
     [](Case& c) {
       c.migration.spec.target_selector = {{"disk", "tape"}};
     },
     ""},
    {"another value of the label",
     [](Case& c) {
       c.migration.spec.target_selector = {{"disk", "ssd"}};
     },
     "node node-b does not have the label disk=ssd"},
    {"the Pod's own selector",
     [](Case& c) {
       c.pod["spec"]["nodeSelector"] = {{"disk", "ssd"}};
     },
     "node node-b is none of those that the Pod's nodeSelector and node affinity ask for"},
    {"cordoned", [](Case& c) { c.node["spec"]["unschedulable"] = true; }, "node node-b is cordoned"},
    {"cordoned, and the Pod does not mind",
     [](Case& c) {
       c.node["spec"]["unschedulable"] = true;
       c.tolerate("node.kubernetes.io/unschedulable");
     },
     ""},
    {"a taint", [](Case& c) { c.taint("for", "NoSchedule"); },
     "node node-b has the taint for=yes:NoSchedule, which the Pod does not tolerate"},
    {"a taint that is tolerated",
     [](Case& c) {
       c.taint("for", "NoSchedule");
       c.tolerate("for");
     },
     ""},
    {"a taint that only prefers", [](Case& c) { c.taint("for", "PreferNoSchedule"); }, ""},
    // It comes and goes by itself.
    {"a taint of Kubernetes' own", [](Case& c) { c.taint("node.kubernetes.io/disk-pressure", "NoSchedule"); }, ""},
    {"no agent", [](Case& c) { c.is_reported = false; }, "node node-b has no migrate-agent: it never reported"},
    {"an agent that is silent", [](Case& c) { c.facts.heartbeat -= 31s; },
     "the migrate-agent of node node-b has been silent for 31 s", true},
    {"no CRIU", [](Case& c) { c.facts.criu.clear(); }, "node node-b has no CRIU"},
    {"no handler", [](Case& c) { c.facts.has_handler = false; },
     "containerd 2.3.7 on node node-b does not know the runtime handler `migrate`"},
    {"another processor", [](Case& c) { c.facts.cpu_features = {"sse2"}; },
     "the CPU of node node-b lacks avx of the source's node node-a"},
    {"no room", [](Case& c) { c.facts.free_disk = 263_MiB; },
     "node node-b has 263 MiB left for archives, 264 MiB are needed"},
    {"room", [](Case& c) { c.facts.free_disk = 264_MiB; }, ""},
    {"no restore from images",
     [](Case& c) {
       c.migration.spec.restore = RestoreWay::image;
       c.facts.runtime = "cri-o";
     },
     "cri-o 2.3.7 on node node-b is not used for restores from images by this version, only containerd 2.1 to 2.3 is"},
};

BOOST_DATA_TEST_CASE(what_stands_against_a_node, data::make(kRows), row) {
  Case one;
  row.change(one);
  const auto found = one.look();
  BOOST_TEST((found ? found->clause : "") == row.clause);
  BOOST_TEST((found && found->passes) == row.passes);
}

BOOST_AUTO_TEST_CASE(all_of_few_nodes_are_named) {
  const Refusal refusal = no_node(samples::migration(), "node-a",
                                  {{"cordon", "node node-b is cordoned"}, {"cordon", "node node-c is cordoned"}});
  BOOST_TEST(refusal.reason == "NoNode");
  BOOST_TEST(refusal.message ==
             "no node can take Pod shop/orders: node node-b is cordoned; node node-c is cordoned; see kubectl migrate "
             "nodes");
  BOOST_TEST(refusal.accept == "");
}

BOOST_AUTO_TEST_CASE(of_many_nodes_one_of_each_kind_is_named) {
  std::vector<Objection> all{{"NoAgent", "node g has no agent"}};
  for (const char* name : {"b", "c", "d", "e", "f", "h"})
    all.push_back({"cordon", std::string{"node "} + name + " is cordoned"});
  BOOST_TEST(no_node(samples::migration(), "node-a", all).message ==
             "no node can take Pod shop/orders: node g has no agent; node b is cordoned, and 5 more like it; see "
             "kubectl migrate nodes");
}

// Whoever drains a node asks again, and evicts nobody for it.
BOOST_AUTO_TEST_CASE(an_agent_that_may_report_again_is_named_by_that) {
  const Refusal refusal = no_node(samples::migration(), "node-a",
                                  {{"cordon", "node node-b is cordoned"}, {"AgentDown", "that of node-c", true}});
  BOOST_TEST(refusal.reason == "AgentDown");
}

BOOST_AUTO_TEST_CASE(with_the_source_s_node_alone_there_is_none) {
  BOOST_TEST(no_node(samples::migration(), "node-a", {}).message ==
             "no node can take Pod shop/orders: there is none but node-a; see kubectl migrate nodes");
}

// The scheduler would find none, and be waited for until the timeout.
BOOST_AUTO_TEST_CASE(where_no_node_will_do_it_is_refused_at_once) {
  for (const bool is_dry_run : {true, false}) {
    Scene scene;
    scene.edit([&](Json& object) {
      if (is_dry_run) object["spec"]["dryRun"] = true;
      object["spec"]["target"] = {{"nodeSelector", {{"nothing", "here"}}}};
    });
    const MigrationStatus status = scene.run();
    BOOST_TEST(to_string(status.phase) == "Refused", status.message);
    BOOST_TEST(status.reason == "NoNode");
    BOOST_TEST(status.message.find("node node-b does not have the label nothing=here") != std::string::npos,
               status.message);
    BOOST_TEST(scene.cluster.names("pods") == std::vector<std::string>{"orders"}, boost::test_tools::per_element());
  }
}

BOOST_AUTO_TEST_CASE(what_is_forecast_has_to_find_room_somewhere) {
  for (const std::uint64_t free : {103U, 104U}) {
    Scene scene;
    scene.report = [&](NodeFacts& facts) { facts.free_disk = facts.node == "node-b" ? Bytes{free << 20} : 10'000_MiB; };
    const MigrationStatus status = scene.run();
    BOOST_TEST(to_string(status.phase) == (free == 103U ? "Refused" : "Succeeded"), status.message);
  }
}

BOOST_AUTO_TEST_CASE(one_that_will_do_is_enough) {
  Scene scene;
  scene.cluster.put(kube::core("nodes", "", "node-0"), {{"spec", {{"unschedulable", true}}}});
  scene.unreported = {"node-0"};
  scene.run();
  scene.check_succeeded(target_name(samples::migration(), 1));
}

// It is asked for by name, and answered for by itself.
BOOST_AUTO_TEST_CASE(a_node_that_was_named_is_the_only_one_that_is_looked_at) {
  Scene scene;
  scene.report = [](NodeFacts& facts) { facts.has_handler = facts.node != "node-b"; };
  scene.edit([](Json& object) { object["spec"]["target"] = {{"node", "node-b"}}; });
  const MigrationStatus status = scene.run();
  BOOST_TEST(status.reason == "NoHandler");
  BOOST_TEST(status.refusals.size() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
