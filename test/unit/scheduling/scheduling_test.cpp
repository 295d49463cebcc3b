#include "extender/scheduling/scheduling.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <functional>

#include "test/unit/scheduling/world_of.h"

namespace {

using namespace migrate;
using namespace migrate::scheduling;
using namespace std::chrono_literals;

const NodeNames kNodes{"node-a", "node-b", "node-c"};

// What a case changes of the cluster in which node-b and node-c would do.
struct Scene {
  Migration migration = migration_of("m");
  NodeFacts a = facts_of("node-a");
  NodeFacts b = facts_of("node-b");
  NodeFacts c = facts_of("node-c");
  std::optional<NodeSet> selected;
  std::string pod = "orders-mig-abcde";
};

struct Case {
  std::string name;
  std::function<void(Scene&)> change;
  std::string fitting;  // their last letters
  std::string reason;   // part of what is said of node-b, or of the error
};
std::ostream& operator<<(std::ostream& out, const Case& one) {
  return out << one.name;
}

const std::vector<Case> kCases{
    {"all is well", [](Scene&) {}, "bc", ""},
    {"a node was asked for", [](Scene& s) { s.migration.spec.target_node = "node-c"; }, "c", "asks for node node-c"},
    {"the source's node was asked for", [](Scene& s) { s.migration.spec.target_node = "node-a"; }, "", "asks for node"},
    {"a selector",
     [](Scene& s) {
       s.migration.spec.target_selector = {{"disk", "ssd"}};
       s.selected = NodeSet{"node-a", "node-c"};
     },
     "c", "does not match its node selector"},
    {"a selector whose nodes are unknown",
     [](Scene& s) {
       s.migration.spec.target_selector = {{"disk", "ssd"}};
     },
     "", "not known here (yet)"},
    {"no agent", [](Scene& s) { s.b.node = "node-z"; }, "c", "no migrate-agent has reported"},
    {"a heartbeat of the limit", [](Scene& s) { s.b.heartbeat = kNow - kHeartbeatLimit; }, "bc", ""},
    {"a heartbeat beyond it", [](Scene& s) { s.b.heartbeat = kNow - kHeartbeatLimit - 1ms; }, "c",
     "silent for more than 30 s"},
    {"a clock that goes before ours", [](Scene& s) { s.b.heartbeat = kNow + 10s; }, "bc", ""},
    {"no handler", [](Scene& s) { s.b.has_handler = false; }, "c", "does not know the handler migrate"},
    {"images, and a node that restores none",
     [](Scene& s) {
       s.migration.spec.restore = RestoreWay::image;
       s.pod = "orders-mig-hold";
       s.b.runtime = s.c.runtime = "containerd";
       s.b.runtime_version = "2.4.2";
       s.c.runtime_version = "2.3.7";
     },
     "c", "restores nothing from images"},
    {"images, and where the placeholder was",
     [](Scene& s) {
       s.migration.spec.restore = RestoreWay::image;
       s.migration.status.target.node = "node-c";
       s.c.runtime = "containerd";
       s.c.runtime_version = "2.3.7";
     },
     "c", "room is held on node node-c"},
    {"another architecture", [](Scene& s) { s.b.architecture = "arm64"; }, "c", "node-a (amd64)"},
    {"no CRIU", [](Scene& s) { s.b.criu = ""; }, "c", "older than 4.2.1"},
    {"a CRIU older than the source's", [](Scene& s) { s.b.criu = "4.2"; }, "c", "older than 4.2.1"},
    {"a CRIU newer than the source's", [](Scene& s) { s.b.criu = "4.10"; }, "bc", ""},
    {"CRIU too old everywhere", [](Scene& s) { s.a.criu = s.b.criu = s.c.criu = "4.1"; }, "", "older than 4.2.0"},
    {"a lesser CPU",
     [](Scene& s) {
       s.b.cpu_features = {"avx", "sse2"};
     },
     "c", "CPU lacks features"},
    {"a better CPU",
     [](Scene& s) {
       s.b.cpu_features = {"sse2", "avx", "avx2", "avx512f"};
     },
     "bc", ""},
    {"too little room before sizes are known", [](Scene& s) { s.b.free_disk = 63_MiB; }, "c", "64 MiB free"},
    {"too little room for what is forecast",
     [](Scene& s) {
       s.migration.status.forecast_size = 120_MiB;
       s.b.free_disk = 303_MiB;
       s.c.free_disk = 304_MiB;
     },
     "c", "304 MiB free"},
    {"what was made counts, and not what was forecast",
     [](Scene& s) {
       s.migration.status.forecast_size = 500_MiB;
       s.migration.status.archives = {{"app", 100_MiB, ""}};
       s.b.free_disk = 263_MiB;
       s.c.free_disk = 264_MiB;
     },
     "c", "264 MiB free"},
    {"room that the archives have taken where it is held",
     [](Scene& s) {
       s.pod = "orders";
       s.migration.status.target = {"orders-mig-hold", "x", "node-c"};
       s.migration.status.archives = {{"app", 100_MiB, ""}};
       s.c.free_disk = 1_MiB;
     },
     "c", "room is held on node node-c"},
    {"too little room for the archives",
     [](Scene& s) {
       s.migration.status.archives = {{"app", 100_MiB, ""}, {"volume/data", 20_MiB, ""}};
       s.b.free_disk = 303_MiB;
       s.c.free_disk = 304_MiB;
     },
     "c", "304 MiB free"},
    {"the source's node says nothing of itself: nothing to compare with",
     [](Scene& s) {
       s.a.node = "node-z";
       s.b.architecture = "arm64";
     },
     "bc", ""},
    {"after the commit the source's node will do", [](Scene& s) { s.migration.status.phase = Phase::repeating; }, "abc",
     ""},
    {"after the commit only where the archives are",
     [](Scene& s) {
       s.migration.status.phase = Phase::repeating;
       s.migration.status.target = {"orders-mig-abcde", "", "node-c"};
     },
     "c", "room is held on node node-c"},
    {"a kept name goes where its placeholder is",
     [](Scene& s) {
       s.pod = "orders";
       s.migration.status.target = {"orders-mig-hold", "x", "node-c"};
     },
     "c", "room is held on node node-c"},
    {"a kept name, held on the source's node after a failure",
     [](Scene& s) {
       s.pod = "orders";
       s.migration.status.phase = Phase::repeating;
       s.migration.status.target = {"orders", "x", "node-a"};
     },
     "a", "room is held on node node-a"},
    {"a kept name whose placeholder's node is unknown", [](Scene& s) { s.pod = "orders"; }, "",
     "where room is held for Pod orders is not known here (yet)"},
    {"a placeholder is free to go", [](Scene& s) { s.pod = "orders-mig-hold"; }, "bc", ""},
    {"the Migration is over", [](Scene& s) { s.migration.status.phase = Phase::rolled_back; }, "",
     "Migration ns/m is over (RolledBack)"},
    {"another Migration of that name", [](Scene& s) { s.migration.uid = "later"; }, "", "belongs to a Migration"},
    {"no such Migration", [](Scene& s) { s.migration.name = "other"; }, "", "Migration ns/m is not known here (yet)"},
};

BOOST_AUTO_TEST_SUITE(scheduling)

BOOST_DATA_TEST_CASE(filter, boost::unit_test::data::make(kCases), one) {
  Scene scene;
  const PodInfo original = target_of(scene.migration);
  one.change(scene);
  World world;
  for (const NodeFacts& facts : {scene.a, scene.b, scene.c})
    world.put(facts);
  world.put({scene.migration, scene.selected});
  PodInfo pod = original;
  pod.name = scene.pod;

  const Filtered filtered = filter_nodes(pod, kNodes, world, kNow);
  std::string fitting;
  for (const std::uint32_t place : filtered.fitting)
    fitting += kNodes.at(place).back();
  BOOST_TEST(fitting == one.fitting);
  if (!filtered.error.empty()) {
    BOOST_TEST(filtered.failed.empty());
    BOOST_TEST(!one.reason.empty());
    BOOST_TEST(filtered.error.find(one.reason) != std::string::npos, filtered.error);
    return;
  }
  BOOST_TEST(filtered.fitting.size() + filtered.failed.size() == kNodes.size());
  std::string reason;
  for (const Filtered::Failed& failed : filtered.failed)
    if (kNodes.at(failed.node) == "node-b" || (reason.empty() && fitting == "a"))
      reason = filtered.reasons.at(failed.reason);
  BOOST_TEST(reason.empty() == one.reason.empty());
  BOOST_TEST(reason.find(one.reason) != std::string::npos, reason);
}

BOOST_AUTO_TEST_CASE(other_pods_pass_untouched) {
  const Filtered filtered = filter_nodes({"ns", "web", "", ""}, kNodes, World{}, kNow);
  BOOST_TEST((filtered.fitting == std::vector<std::uint32_t>{0, 1, 2}));
  BOOST_TEST(filtered.failed.empty());
  BOOST_TEST(filtered.error == "");
  BOOST_TEST(score_nodes({"ns", "web", "", ""}, kNodes, World{}).empty());
}

BOOST_AUTO_TEST_CASE(a_reason_is_said_once_however_many_nodes_it_concerns) {
  World world;
  world.put({migration_of("m"), {}});
  const Filtered filtered = filter_nodes(target_of(migration_of("m")), kNodes, world, kNow);
  BOOST_TEST(filtered.failed.size() == 3U);
  BOOST_TEST(filtered.reasons.size() == 2U);  // comes from here; no agent
}

BOOST_AUTO_TEST_CASE(what_is_removed_is_not_known_any_more) {
  World world;
  world.put({migration_of("m"), {}});
  world.put(facts_of("node-b"));
  BOOST_TEST((world.facts("node-b")->cpu_features == facts_of("node-b").cpu_features));
  world.remove_node("node-b");
  world.remove_migration("ns", "m");
  BOOST_TEST(!world.facts("node-b"));
  BOOST_TEST(world.migration("ns", "m") == nullptr);
}

BOOST_AUTO_TEST_CASE(the_more_a_node_is_like_the_source_and_the_more_room_it_has_the_higher_its_score) {
  World world;
  world.put({migration_of("m"), {}});
  world.put(facts_of("node-a"));
  NodeFacts b = facts_of("node-b");
  b.free_disk = Bytes{facts_of("node-a").free_disk.count / 2};
  world.put(b);
  NodeFacts c = facts_of("node-c");
  c.runtime = "cri-o";
  c.kernel = "6.1.0";
  c.cpu_features.emplace_back("avx512f");
  c.free_disk = {};
  world.put(c);
  const auto scores = score_nodes(target_of(migration_of("m")), {"node-a", "node-b", "node-c", "node-d"}, world);
  BOOST_TEST((scores == std::vector<int>{10, 8, 0, 0}));
}

// From 100 nodes on a scheduler asks about some of them only, unless percentageOfNodesToScore is 100.
BOOST_AUTO_TEST_CASE(of_a_sample_without_the_node_that_was_asked_for_none_is_left) {
  World world;
  Migration migration = migration_of("m");
  migration.spec.target_node = "node-c";
  world.put({migration, {}});
  for (const char* node : {"node-a", "node-b", "node-c"})
    world.put(facts_of(node));
  const Filtered filtered = filter_nodes(target_of(migration), {"node-a", "node-b"}, world, kNow);
  BOOST_TEST(filtered.error == "");  // an answer, and no reason to ask again at once
  BOOST_TEST(filtered.fitting.empty());
  BOOST_TEST(filtered.failed.size() == 2U);
  BOOST_TEST((filtered.reasons == std::vector<std::string>{"Migration ns/m asks for node node-c"}));
}

struct Preference {
  std::string prefer_nodes;
  std::vector<int> scores;  // of node-b, node-c, node-d
};
std::ostream& operator<<(std::ostream& out, const Preference& one) {
  return out << "\"" << one.prefer_nodes << "\"";
}
// Without one node-b has all that counts, node-c another runtime and half the room, node-d nothing.
const std::vector<Preference> kPreferences{
    {"", {10, 4, 0}},
    {"node-b", {10, 1, 0}},
    {"node-c", {3, 8, 0}},
    {"node-d", {3, 1, 7}},
    {"node-d, node-c", {3, 8, 7}},
    {"node-b,node-c,node-d", {10, 8, 7}},
    // Whom it names cannot be chosen, or it is not to be read: as if there were none.
    {"node-a", {10, 4, 0}},
    {"node-x,node-y", {10, 4, 0}},
    {"node-c,Node D", {10, 4, 0}},
    {"disk=ssd", {10, 4, 0}},
};

BOOST_DATA_TEST_CASE(preferred_nodes_come_first, boost::unit_test::data::make(kPreferences), one) {
  World world;
  world.put({migration_of("m"), {}});
  world.put(facts_of("node-a"));
  world.put(facts_of("node-b"));
  NodeFacts c = facts_of("node-c");
  c.runtime = "cri-o";
  c.free_disk = Bytes{c.free_disk.count / 2};
  world.put(c);
  PodInfo pod = target_of(migration_of("m"));
  pod.prefer_nodes = one.prefer_nodes;
  const NodeNames nodes{"node-b", "node-c", "node-d"};
  BOOST_TEST(score_nodes(pod, nodes, world) == one.scores, boost::test_tools::per_element());
  // It is no filter: the same nodes are left, whatever is preferred.
  BOOST_TEST(filter_nodes(pod, nodes, world, kNow).fitting.size() == 2U);
}

BOOST_AUTO_TEST_CASE(the_least_that_is_preferred_comes_before_the_best_that_is_not_and_strangers_have_no_say) {
  World world;
  world.put({migration_of("m"), {}});
  world.put(facts_of("node-a"));
  world.put(facts_of("node-b"));
  PodInfo pod = target_of(migration_of("m"));
  pod.prefer_nodes = "node-d";  // of which nothing is known
  BOOST_TEST((score_nodes(pod, {"node-b", "node-d"}, world) == std::vector<int>{3, 7}));
  PodInfo other{"ns", "web", "", ""};
  other.prefer_nodes = "node-b";
  BOOST_TEST(score_nodes(other, {"node-b", "node-d"}, world).empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
