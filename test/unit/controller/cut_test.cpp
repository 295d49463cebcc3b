// What is asked of the broker while the source stands frozen for the cut: no more than the cut takes.
#include <algorithm>
#include <boost/test/unit_test.hpp>

#include "test/unit/controller/live.h"

namespace {

using namespace migrate;
using namespace migrate::controller;
using namespace std::chrono_literals;

const std::vector<Strategy> kStrategies{Strategy::live, Strategy::sequential};

BOOST_AUTO_TEST_SUITE(cuts)

BOOST_AUTO_TEST_CASE(nobody_connects_anew_while_the_source_stands_still) {
  for (const Strategy strategy : kStrategies) {
    Replay scene{strategy};
    int before = 0;
    int meanwhile = 0;
    scene.on_connect = [&] {
      if (scene.time.is_ticking() || is_final(scene.status().phase)) return;
      const agent::SourceState state = scene.source.record.state;
      const bool stands = state == agent::SourceState::frozen || state == agent::SourceState::committed;
      ++(stands ? meanwhile : before);
    };
    scene.run();
    scene.check_succeeded("orders-mig-a6pfz");
    BOOST_TEST(before > 0);
    BOOST_TEST(meanwhile == 0);
  }
}

// Nor is a failure waited out with a connection that may be its reason.
BOOST_FIXTURE_TEST_CASE(who_goes_back_connects_anew, Live) {
  int meanwhile = 0;
  bool has_failed = false;
  on_connect = [&] {
    if (!time.is_ticking() && has_failed) ++meanwhile;
  };
  source.before = [&](const std::string& what) -> std::optional<agent::AgentError> {
    if (what != "commit") return std::nullopt;
    has_failed = true;
    return agent::AgentError{agent::AgentError::Kind::failed, "no"};
  };
  run();
  check_rolled_back();
  check_queues_gone();
  BOOST_TEST(meanwhile > 0);
}

BOOST_AUTO_TEST_CASE(it_has_logged_in_to_amqp_before_and_lists_no_consumers_after) {
  for (const Strategy strategy : kStrategies) {
    Replay scene{strategy};
    std::vector<std::string> at_freeze;
    scene.source.before = [&](const std::string& what) -> std::optional<agent::AgentError> {
      if (what == "snapshot") scene.in_memory = scene.in_source.size();
      if (what == "freeze") at_freeze = scene.broker->calls();
      return std::nullopt;
    };
    scene.run();
    scene.check_succeeded("orders-mig-a6pfz");
    const auto listed = std::find(at_freeze.rbegin(), at_freeze.rend(), "consumers orders");
    BOOST_REQUIRE(listed != at_freeze.rend());
    BOOST_TEST(std::count(at_freeze.rbegin(), listed, "depth orders") > 0);
    const auto calls = scene.broker->calls();
    const auto closed = calls.begin() + static_cast<std::ptrdiff_t>(scene.call_at("close_connection mine"));
    const auto unbound = calls.begin() + static_cast<std::ptrdiff_t>(scene.call_at("unbind " + scene.mirror()));
    BOOST_REQUIRE(closed < unbound);
    BOOST_TEST(std::count(closed, unbound, "consumers orders") == 0);
    BOOST_TEST(std::count(closed, unbound, "depth orders") > 0);
  }
}

// Behind the commit there is only forward. A new leader has to read it once more.
BOOST_FIXTURE_TEST_CASE(a_brokers_secret_that_is_missing_behind_the_commit_is_waited_for, Live) {
  const kube::ResourcePath secret = kube::core("secrets", "shop", "rabbit");
  const Json content = cluster.look(secret).value();
  std::optional<Instant> back;
  source.after = [&](const std::string& what) {
    if (what != "commit" || back) return;
    back = now() + 10s;
    cluster.drop(secret);
    die();
  };
  time.on_pass = [&] {
    leadership.turn({});
    if (back && now() >= *back && !cluster.look(secret)) cluster.put(secret, content);
    live_on();
  };
  const MigrationStatus status = run();
  BOOST_REQUIRE(back);
  check_succeeded(kShadow);
  check_queues_gone();
  check_complete();
  BOOST_TEST((status.running_at.value_or(Instant{}) >= *back));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
