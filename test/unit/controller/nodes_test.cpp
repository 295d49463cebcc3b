// Whether the two nodes will do: found out before anything is touched, or when the target was placed.
#include <algorithm>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>

#include "extender/controller/target_pod.h"
#include "test/unit/controller/scene.h"

namespace {

using namespace migrate;
using namespace migrate::controller;
namespace data = boost::unit_test::data;

const std::string kTarget = target_name(samples::migration(), 1);

BOOST_AUTO_TEST_SUITE(nodes)

// As with a scheduler for which the extender is `ignorable`, and was not there.
BOOST_AUTO_TEST_CASE(a_target_that_was_placed_elsewhere_than_asked_for_leads_back) {
  for (const bool keep_name : {false, true}) {
    for (const Json& target : {Json{{"node", "node-b"}}, Json{{"nodeSelector", {{"disk", "ssd"}}}}}) {
      Scene scene{keep_name};
      scene.cluster.put(kube::core("nodes", "", "node-b"), {{"metadata", {{"labels", {{"disk", "ssd"}}}}}});
      scene.cluster.put(kube::core("nodes", "", "node-c"), {{"metadata", {{"labels", {{"disk", "tape"}}}}}});
      scene.place_on = "node-c";
      scene.edit([&](Json& object) { object["spec"]["target"] = target; });
      const MigrationStatus status = scene.run();
      scene.check_rolled_back();
      BOOST_TEST(status.reason == "NotWhereAsked");
      BOOST_TEST(status.message.find("placed on node node-c") != std::string::npos, status.message);
      BOOST_TEST(!status.frozen_at.has_value());
    }
  }
}

struct BadTarget {
  const char* reason;
  std::function<void(NodeFacts&)> spoil;
  const char* says;
  friend std::ostream& operator<<(std::ostream& out, const BadTarget& one) { return out << one.reason; }
};

const std::vector<BadTarget> kBadTargets{
    {"CpuFeatures", [](NodeFacts& facts) { facts.cpu_features = {"sse2"}; }, "the CPU of node node-b lacks avx"},
    {"Architecture", [](NodeFacts& facts) { facts.architecture = "arm64"; }, "node node-b is arm64"},
    {"CriuTooOld", [](NodeFacts& facts) { facts.criu = "4.2"; }, "4.2.1 of the source's node node-a"},
    // Its 20 MiB as an archive and unpacked, and 64 MiB for others.
    {"NoRoom", [](NodeFacts& facts) { facts.free_disk = 103_MiB; }, "node node-b has 103 MiB left"},
};

// The scheduler would find no other node, and be waited for until the timeout.
BOOST_DATA_TEST_CASE(a_node_that_was_asked_for_and_will_not_do_is_refused_at_once, data::make(kBadTargets), bad) {
  Scene scene;
  scene.report = [&](NodeFacts& facts) {
    if (facts.node == "node-b") bad.spoil(facts);
  };
  scene.edit([](Json& object) { object["spec"]["target"] = {{"node", "node-b"}}; });
  const MigrationStatus status = scene.run();
  BOOST_TEST(to_string(status.phase) == "Refused", status.message);
  BOOST_TEST(status.reason == bad.reason);
  BOOST_TEST(status.message.find(bad.says) != std::string::npos, status.message);
  BOOST_TEST(scene.source.orders == std::vector<std::string>{"inspect"}, boost::test_tools::per_element());
  BOOST_TEST(scene.cluster.names("pods") == std::vector<std::string>{"orders"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_older_kernel_refuses_nothing) {
  Scene scene;
  scene.report = [&](NodeFacts& facts) { facts.kernel = facts.node == "node-b" ? "6.1.0" : "6.12.1"; };
  scene.edit([](Json& object) { object["spec"]["target"] = {{"node", "node-b"}}; });
  scene.run();
  scene.check_succeeded(kTarget);
}

BOOST_AUTO_TEST_CASE(what_is_wrong_with_the_target_s_criu_is_said_once) {
  const Instant now{std::chrono::hours{1}};
  for (const auto& [criu, reason] : {std::pair{"", "NoCriu"}, std::pair{"3.17", "CriuTooOld"}}) {
    NodeState target = samples::node("node-b", now);
    target.facts->criu = criu;
    const auto found = node_refusals(samples::node("node-a", now), target, false, 100_MiB, now);
    BOOST_REQUIRE(found.size() == 1U);
    BOOST_TEST(found.front().reason == reason);
  }
}

// As with a scheduler for which the extender is `ignorable`.
BOOST_AUTO_TEST_CASE(a_node_without_room_for_what_is_forecast_leads_back_before_the_freeze) {
  for (const std::uint64_t free : {103U, 104U}) {
    Scene scene;
    scene.cluster.put(kube::core("nodes", "", "node-c"), Json::object());  // where there would be room
    scene.report = [&](NodeFacts& facts) {
      if (facts.node == "node-b") facts.free_disk = Bytes{free << 20};
    };
    const MigrationStatus status = scene.run();
    BOOST_TEST(status.forecast_size.count == (20_MiB).count);
    if (free == 104U) {
      scene.check_succeeded(kTarget);
      continue;
    }
    scene.check_rolled_back();
    BOOST_TEST(status.reason == "NoRoom");
    BOOST_TEST(!status.frozen_at.has_value());
  }
}

BOOST_AUTO_TEST_CASE(a_kubelet_that_would_not_checkpoint_is_refused_before_the_freeze) {
  for (const bool would : {true, false}) {
    Scene scene;
    scene.edit([](Json& object) { object["spec"]["checkpoint"] = "Kubelet"; });
    scene.source.before = [&](const std::string& what) -> std::optional<agent::AgentError> {
      if (what != "check_kubelet" || would) return std::nullopt;
      return agent::AgentError{agent::AgentError::Kind::failed, "it answered 403"};
    };
    const MigrationStatus status = scene.run();
    if (would) {
      scene.check_succeeded(kTarget);
      BOOST_TEST(scene.source.orders.at(1) == "check_kubelet");
      continue;
    }
    BOOST_TEST(to_string(status.phase) == "Refused");
    BOOST_TEST(status.reason == "KubeletCheckpoint");
    BOOST_TEST(status.message.find("it answered 403; or use --checkpoint direct") != std::string::npos, status.message);
    BOOST_TEST(scene.cluster.names("pods") == std::vector<std::string>{"orders"}, boost::test_tools::per_element());
  }
}

BOOST_AUTO_TEST_CASE(the_kubelet_is_not_asked_where_it_is_not_needed) {
  Scene scene;
  scene.run();
  const auto& orders = scene.source.orders;
  BOOST_TEST(std::count(orders.begin(), orders.end(), "check_kubelet") == 0);
}

BOOST_AUTO_TEST_CASE(what_is_not_carried_along_needs_no_room) {
  for (const bool by_image : {false, true}) {
    Scene scene;
    if (by_image)
      scene.edit([](Json& object) {
        object["spec"]["restore"] = "Image";
        object["spec"]["accept"] = {"emptydir-loss"};
      });
    scene.source.facts.volumes = {{"scratch", 30_MiB}};
    BOOST_TEST(scene.run().forecast_size.count == (by_image ? 20_MiB : 50_MiB).count);
  }
}

BOOST_AUTO_TEST_CASE(a_target_on_the_source_s_own_node_leads_back) {
  Scene scene;
  scene.place_on = "node-a";
  BOOST_TEST(scene.run().reason == "SameNode");
  scene.check_rolled_back();
}

BOOST_AUTO_TEST_CASE(a_node_with_the_labels_that_were_asked_for_is_taken) {
  Scene scene;
  scene.cluster.change(kube::core("nodes", "", "node-b"),
                       [](Json& node) { node["metadata"]["labels"]["disk"] = "ssd"; });
  scene.edit([](Json& object) { object["spec"]["target"] = {{"nodeSelector", {{"disk", "ssd"}}}}; });
  scene.run();
  scene.check_succeeded(kTarget);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
