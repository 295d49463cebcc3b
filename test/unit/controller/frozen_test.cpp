// What may happen to a source, to its node's clock and to our Lease while it is frozen.
#include "extender/controller/target_pod.h"
#include "extender/controller/transition.h"
#include "test/unit/controller/scene.h"

namespace {

using namespace migrate;
using namespace migrate::controller;
using namespace std::chrono_literals;
using Kind = agent::AgentError::Kind;

const std::string kTarget = target_name(samples::migration(), 1);

BOOST_AUTO_TEST_SUITE(frozen)

BOOST_AUTO_TEST_CASE(a_source_that_was_lost_while_it_was_frozen_is_not_as_before) {
  Scene scene;
  scene.source.lost = {"app"};
  scene.target.after = [&](const std::string& what) {
    if (what == "pull") scene.abort();
  };
  const MigrationStatus status = scene.run();
  scene.check_rolled_back();
  BOOST_TEST(status.reason == "Aborted");
  const Condition* lost = find_condition(status, "SourceLost");
  BOOST_REQUIRE(lost != nullptr);
  BOOST_TEST(lost->value);
  BOOST_TEST(lost->message.find("container app ended while it was frozen") != std::string::npos, lost->message);
  BOOST_TEST(lost->message.find("without its memory") != std::string::npos, lost->message);
  BOOST_REQUIRE(status.warnings.size() == 1U);
  BOOST_TEST(status.warnings.front() == lost->message);
  const auto said = announcement(scene.migration(), Phase::rolling_back, {}, Phase::rolled_back);
  BOOST_TEST(said.value().message.find("as before") == std::string::npos, said.value().message);
}

BOOST_AUTO_TEST_CASE(one_that_was_thawed_is) {
  Scene scene;
  scene.target.after = [&](const std::string& what) {
    if (what == "pull") scene.abort();
  };
  const MigrationStatus status = scene.run();
  scene.check_rolled_back();
  BOOST_TEST(find_condition(status, "SourceLost") == nullptr);
  const auto said = announcement(scene.migration(), Phase::rolling_back, {}, Phase::rolled_back);
  BOOST_TEST(said.value().message.find("the source runs as before") != std::string::npos, said.value().message);
}

BOOST_AUTO_TEST_CASE(a_thaw_that_fails_while_the_runtime_is_restarted_is_repeated) {
  for (const bool comes_back : {true, false}) {
    Scene scene;
    scene.target.after = [&](const std::string& what) {
      if (what == "pull") scene.abort();
    };
    int left = 3;
    scene.source.before = [&](const std::string& what) -> std::optional<agent::AgentError> {
      if (what != "thaw" || (comes_back && left-- <= 0)) return std::nullopt;
      scene.source.record.state = agent::SourceState::thawed;  // it is recorded at once
      return agent::AgentError{Kind::failed, "not all of its containers run yet"};
    };
    const MigrationStatus status = scene.run();
    scene.check_rolled_back();
    const Condition* lost = find_condition(status, "SourceLost");
    BOOST_REQUIRE((lost == nullptr) == comes_back);
    if (!comes_back) BOOST_TEST(lost->message.find("whether the source runs is not known") != std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(a_nodes_clock_need_not_agree_with_ours) {
  Scene straight;
  const MigrationStatus expected = straight.run();
  for (const std::chrono::milliseconds skew : {-600'000ms, -3'000ms, 3'000ms, 600'000ms}) {
    Scene scene;
    scene.source.skew = skew;
    const MigrationStatus status = scene.run();
    scene.check_succeeded(kTarget);
    BOOST_TEST(scene.source.freeze_limit.count() == 18'000);  // what its probes allow
    BOOST_TEST(status.gap.value().count() == expected.gap.value().count(), skew.count() << " ms");
    BOOST_TEST(status.freeze.value().count() == expected.freeze.value().count(), skew.count() << " ms");
    BOOST_TEST((status.frozen_at == expected.frozen_at));
  }
}

// The Lease was deleted and begins with 1 again, while agents have seen a later term.
BOOST_AUTO_TEST_CASE(a_lease_that_began_anew_does_not_stop_what_is_under_way) {
  Scene scene;
  bool is_first = true;
  scene.target.before = [&](const std::string& what) -> std::optional<agent::AgentError> {
    if (what != "pull" || !is_first) return std::nullopt;
    is_first = false;
    scene.source.term = 50;
    scene.target.term = 50;
    return std::nullopt;
  };
  scene.run();
  scene.check_succeeded(kTarget);
  BOOST_TEST(scene.leadership.term() == 51);
  BOOST_TEST(scene.source.term == 51);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
