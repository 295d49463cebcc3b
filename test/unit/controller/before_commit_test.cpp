// What interrupts a migration before its commit: the source runs on, and nothing is left.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>

#include "extender/controller/target_pod.h"
#include "test/unit/controller/scene.h"

namespace {

using namespace migrate;
using namespace migrate::controller;
using namespace std::chrono_literals;
using Kind = agent::AgentError::Kind;
namespace data = boost::unit_test::data;

const std::string kTarget = target_name(samples::migration(), 1);

BOOST_AUTO_TEST_SUITE(before_commit)

// Every order before the commit, on either node, fails: back.
const std::vector<std::string> kSourceOrders{"freeze", "checkpoint", "commit"};
const std::vector<std::string> kTargetOrders{"prepare", "pull"};

BOOST_DATA_TEST_CASE(an_order_that_fails_leads_back, data::make(kSourceOrders) + data::make(kTargetOrders), order) {
  Scene scene;
  for (controller::fakes::Agent* agent : {&scene.source, &scene.target})
    agent->before = [&](const std::string& what) -> std::optional<agent::AgentError> {
      if (what != order) return std::nullopt;
      return agent::AgentError{Kind::failed, "criu says no"};
    };
  const MigrationStatus status = scene.run();
  scene.check_rolled_back();
  BOOST_TEST(status.message.find("criu says no") != std::string::npos, status.message);
}

BOOST_DATA_TEST_CASE(an_abort_at_any_order_leads_back,
                     data::make(kSourceOrders) + data::make(kTargetOrders) + data::make({std::string{"inspect"}}),
                     order) {
  if (order == "commit") return;  // too late, below
  for (const bool keep_name : {false, true}) {
    if (keep_name && order == "prepare") continue;  // comes after the commit
    Scene scene{keep_name};
    const auto abort_at = [&](const std::string& what) {
      if (what == order && !scene.migration().spec.abort) scene.abort();
    };
    for (controller::fakes::Agent* agent : {&scene.source, &scene.target})
      agent->before = [&](const std::string& what) {
        abort_at(what);
        return std::optional<agent::AgentError>{};
      };
    const MigrationStatus status = scene.run();
    scene.check_rolled_back();
    BOOST_TEST(status.reason == "Aborted");
  }
}

BOOST_AUTO_TEST_CASE(an_abort_after_the_commit_comes_too_late) {
  Scene scene;
  scene.source.before = [&](const std::string& what) {
    if (what == "commit") scene.abort();
    return std::optional<agent::AgentError>{};
  };
  scene.run();
  scene.check_succeeded(kTarget);
}

BOOST_AUTO_TEST_CASE(a_deleted_migration_goes_back_and_leaves_nothing) {
  Scene scene;
  scene.source.after = [&](const std::string& what) {
    if (what == "checkpoint")
      scene.edit([](Json& object) { object["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"; });
  };
  while (scene.cluster.look(Scene::path()) && scene.once()) {
  }
  BOOST_TEST(!scene.cluster.look(Scene::path()));
  BOOST_CHECK(scene.source.record.state == agent::SourceState::thawed);
  BOOST_TEST(scene.cluster.names("pods") == std::vector<std::string>{"orders"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(no_place_until_the_timeout) {
  Scene scene;
  scene.place_on.clear();
  const MigrationStatus status = scene.run();
  scene.check_rolled_back();
  BOOST_TEST(status.reason == "TimedOut");
  BOOST_TEST(status.message.find("too small") != std::string::npos, status.message);
  BOOST_TEST(scene.source.record.frozen_at.has_value() == false);
}

BOOST_AUTO_TEST_CASE(a_target_deleted_before_the_commit_does_not_take_the_memory_along) {
  Scene scene;
  scene.target.after = [&](const std::string& what) {
    if (what == "pull") scene.cluster.drop(Scene::pod(kTarget));
  };
  const MigrationStatus status = scene.run();
  scene.check_rolled_back();
  BOOST_TEST(status.reason == "TargetDeleted");
}

BOOST_AUTO_TEST_CASE(a_silent_source_node_is_not_committed) {
  Scene scene;
  scene.cluster.put({"coordination.k8s.io", "v1", "leases", "kube-node-lease", "node-a", ""},
                    {{"spec", {{"renewTime", "2025-12-31T23:59:30.000000Z"}}}});
  const MigrationStatus status = scene.run();
  scene.check_rolled_back();
  BOOST_TEST(status.reason == "SourceNodeSilent");
}

// A kubelet that has been told to renew seldom.
BOOST_AUTO_TEST_CASE(how_old_a_lease_may_be_goes_by_its_duration) {
  for (const auto& [duration, outcome] : {std::pair{40, "RolledBack"}, std::pair{120, "Succeeded"}}) {
    Scene scene;
    scene.cluster.put({"coordination.k8s.io", "v1", "leases", "kube-node-lease", "node-a", ""},
                      {{"spec", {{"renewTime", "2025-12-31T23:59:35.000000Z"}, {"leaseDurationSeconds", duration}}}});
    BOOST_TEST(to_string(scene.run().phase) == outcome);
  }
}

BOOST_AUTO_TEST_CASE(an_agent_that_thawed_by_itself_is_not_committed) {
  Scene scene;
  scene.target.after = [&](const std::string& what) {
    if (what != "pull") return;
    scene.source.record.state = agent::SourceState::thawed;
    scene.source.record.message = "its deadline passed";
  };
  const MigrationStatus status = scene.run();
  scene.check_rolled_back();
  BOOST_TEST(status.message.find("its deadline passed") != std::string::npos, status.message);
}

BOOST_AUTO_TEST_CASE(an_agent_that_is_away_for_a_moment_is_waited_for) {
  Scene scene;
  int left = 3;
  scene.target.before = [&](const std::string& what) -> std::optional<agent::AgentError> {
    if (what != "pull" || left-- <= 0) return std::nullopt;
    return agent::AgentError{Kind::unreachable, "connection refused"};
  };
  scene.run();
  scene.check_succeeded(kTarget);
}

BOOST_AUTO_TEST_CASE(an_agent_that_stays_away_leads_back_within_the_freeze_budget) {
  Scene scene;
  scene.target.before = [&](const std::string& what) -> std::optional<agent::AgentError> {
    if (what != "pull") return std::nullopt;
    return agent::AgentError{Kind::unreachable, "connection refused"};
  };
  const MigrationStatus status = scene.run();
  scene.check_rolled_back();
  BOOST_TEST(status.reason == "TimedOut");
  BOOST_TEST(status.freeze.value_or(0ms).count() >= 17'000);
  BOOST_TEST(status.freeze.value_or(0ms).count() <= 19'000);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
