// What goes wrong once the source is committed, and controllers that end at any point.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>

#include "extender/controller/target_pod.h"
#include "test/unit/controller/ending.h"

namespace {

using namespace migrate;
using namespace migrate::controller;
using namespace std::chrono_literals;
using agent::RestoreState;
using Kind = agent::AgentError::Kind;
namespace data = boost::unit_test::data;

const std::string kTarget = target_name(samples::migration(), 1);

BOOST_AUTO_TEST_SUITE(after_commit)

bool has_step(const MigrationStatus& status, const char* name) {
  return std::any_of(status.steps.begin(), status.steps.end(), [&](const Step& one) { return one.name == name; });
}

BOOST_AUTO_TEST_CASE(a_restore_that_never_ran_is_repeated) {
  Scene scene;
  scene.target.outcome = RestoreState::failed;
  scene.target.resumed = false;
  scene.target.after = [&](const std::string& what) {
    if (what == "cancel") scene.target.outcome = RestoreState::used;
    if (what == "release" && scene.target.outcome == RestoreState::used) scene.run_containers();
  };
  const MigrationStatus status = scene.run();
  scene.check_succeeded(target_name(samples::migration(), 2));
  BOOST_TEST(has_step(status, "Repeating"));
  BOOST_TEST(status.attempt == 2U);
  // Once more, as its node may have been started anew: it takes what it has not got.
  BOOST_TEST(std::count(scene.target.orders.begin(), scene.target.orders.end(), "pull") == 2);
}

// With the source's node gone for good nobody hands them on, and nothing may be missing.
BOOST_AUTO_TEST_CASE(archives_that_cannot_be_asked_for_again_may_all_be_there) {
  Scene scene;
  scene.target.outcome = RestoreState::failed;
  scene.target.resumed = false;
  scene.target.before = [&](const std::string& what) -> std::optional<agent::AgentError> {
    if (what != "pull" || scene.source.record.state != agent::SourceState::committed) return std::nullopt;
    return agent::AgentError{Kind::failed, "no route to host"};
  };
  scene.target.after = [&](const std::string& what) {
    if (what == "cancel") scene.target.outcome = RestoreState::used;
    if (what == "release" && scene.target.outcome == RestoreState::used) scene.run_containers();
  };
  scene.run();
  scene.check_succeeded(target_name(samples::migration(), 2));
}

BOOST_AUTO_TEST_CASE(when_no_restore_ever_runs_the_source_goes_on) {
  Scene scene;
  scene.target.outcome = RestoreState::failed;
  scene.target.resumed = false;
  const MigrationStatus status = scene.run();
  scene.check_rolled_back();
  BOOST_TEST(scene.source.thawed_after_commit);
  BOOST_TEST(status.message.find("criu: no such file") != std::string::npos, status.message);
  BOOST_TEST(std::count(scene.target.orders.begin(), scene.target.orders.end(), "release") == 3);
}

BOOST_AUTO_TEST_CASE(with_its_name_freed_it_is_restored_where_it_was) {
  Scene scene{true};
  scene.target.outcome = RestoreState::failed;
  scene.target.resumed = false;
  scene.source.after = [&](const std::string& what) {
    if (what == "release") scene.run_containers();
  };
  scene.target.after = [&](const std::string& what) {
    if (what == "cancel" && std::count(scene.target.orders.begin(), scene.target.orders.end(), "release") == 3)
      scene.next_node = "node-a";
  };
  const MigrationStatus status = scene.run();
  scene.check_succeeded("orders");
  BOOST_TEST(status.target.node == "node-a");
}

BOOST_AUTO_TEST_CASE(memory_that_may_have_run_is_never_run_again) {
  for (const auto resumed : {std::optional<bool>{}, std::optional<bool>{true}}) {
    Scene scene;
    scene.target.outcome = RestoreState::failed;
    scene.target.resumed = resumed;
    const MigrationStatus status = scene.run(3);
    BOOST_TEST(to_string(status.phase) == "InDoubt", scene.log.text());
    BOOST_REQUIRE(find_condition(status, "InDoubt") != nullptr);
    BOOST_TEST(find_condition(status, "InDoubt")->value);
    BOOST_TEST(std::count(scene.target.orders.begin(), scene.target.orders.end(), "release") == 1);
    BOOST_CHECK(scene.source.record.state == agent::SourceState::committed);
  }
}

BOOST_AUTO_TEST_CASE(a_target_that_is_deleted_as_it_comes_to_life_is_in_doubt) {
  Scene scene;
  scene.target.after = [&](const std::string& what) {
    if (what == "release") scene.cluster.drop(Scene::pod(kTarget));
  };
  const MigrationStatus status = scene.run(3);
  BOOST_TEST(to_string(status.phase) == "InDoubt", scene.log.text());
  BOOST_TEST(status.reason == "TargetDeleted");
  BOOST_TEST(scene.target.has_archives);
}

BOOST_AUTO_TEST_CASE(a_target_that_is_deleted_while_its_agent_is_away_is_not_released_any_more) {
  Scene scene;
  int tries = 0;
  scene.target.before = [&](const std::string& what) -> std::optional<agent::AgentError> {
    if (what != "release" || ++tries > 2) return std::nullopt;
    if (tries == 2) scene.cluster.drop(Scene::pod(kTarget));
    return agent::AgentError{agent::AgentError::Kind::unreachable, "connection refused"};
  };
  scene.run();
  scene.check_succeeded(target_name(samples::migration(), 2));
  BOOST_TEST(tries == 3);  // the third one is the second Pod's
}

// Before the liveness probe's time is over, which frozen_source_test is about.
struct Doubt : Scene {
  Doubt() {
    target.outcome = RestoreState::failed;
    run(1);
    BOOST_REQUIRE(to_string(status().phase) == "InDoubt");
  }
  void decide(const char* what) {
    edit([&](Json& object) { object["spec"]["resolve"] = what; });
    run();
  }
};

BOOST_FIXTURE_TEST_CASE(a_person_decides_for_the_source, Doubt) {
  decide("Source");
  check_rolled_back();
  BOOST_TEST(source.thawed_after_commit);
}

BOOST_FIXTURE_TEST_CASE(a_person_decides_for_the_target, Doubt) {
  decide("Target");
  check_succeeded(kTarget);
}

BOOST_FIXTURE_TEST_CASE(a_person_decides_for_the_checkpoint, Doubt) {
  target.outcome = RestoreState::used;
  decide("Checkpoint");
  check_succeeded(target_name(samples::migration(), 2));
}

// What was decided is carried out, and comes to nothing; the same may be tried again.
BOOST_FIXTURE_TEST_CASE(a_decision_that_led_into_doubt_again_can_be_made_again, Doubt) {
  for (std::size_t doubts = 2; doubts < 4; ++doubts) {
    decide("Checkpoint");
    const MigrationStatus now = status();
    BOOST_TEST(to_string(now.phase) == "InDoubt", log.text());
    BOOST_CHECK(migration().spec.resolve == Resolution::none);
    BOOST_TEST(static_cast<std::size_t>(std::count_if(now.steps.begin(), now.steps.end(), [](const Step& one) {
                 return one.name == "InDoubt";
               })) == doubts);
  }
  target.outcome = RestoreState::used;
  decide("Checkpoint");
  check_succeeded(target_name(samples::migration(), 2));
}

// Whoever takes over neither forgets a decision nor takes an old one for a new one.
BOOST_AUTO_TEST_CASE(a_controller_may_end_at_any_write_between_two_doubts) {
  for_each_ending(4, [](Ending& ending) {
    Doubt scene;
    ending.at_write(scene);
    scene.decide("Checkpoint");
    const MigrationStatus again = scene.status();
    BOOST_TEST(to_string(again.phase) == "InDoubt", scene.log.text());
    BOOST_CHECK(scene.migration().spec.resolve == Resolution::none);
    BOOST_TEST(std::count_if(again.steps.begin(), again.steps.end(),
                             [](const Step& one) { return one.name == "InDoubt"; }) == 2);
  });
}

BOOST_FIXTURE_TEST_CASE(doubt_that_resolves_itself, Doubt) {
  for (auto& [uid, state] : target.targets)
    state = RestoreState::used;
  run_containers();
  run();
  check_succeeded(kTarget);
}

BOOST_AUTO_TEST_CASE(a_target_deleted_before_it_ran_is_made_anew) {
  Scene scene;
  bool once = true;
  scene.source.after = [&](const std::string& what) {
    if (what == "commit" && std::exchange(once, false)) scene.cluster.drop(Scene::pod(kTarget));
  };
  scene.run();
  scene.check_succeeded(target_name(samples::migration(), 2));
}

BOOST_AUTO_TEST_CASE(deleting_it_after_the_commit_ends_it_well) {
  Scene scene;
  scene.source.after = [&](const std::string& what) {
    if (what == "commit")
      scene.edit([](Json& object) { object["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"; });
  };
  while (scene.cluster.look(Scene::path()) && scene.once()) {
  }
  BOOST_TEST(scene.cluster.names("pods") == std::vector<std::string>{kTarget}, boost::test_tools::per_element());
  BOOST_TEST(!scene.source.has_archives);
}

BOOST_AUTO_TEST_CASE(a_newer_leader_s_orders_make_this_one_leave) {
  Scene scene;
  scene.source.before = [&](const std::string& what) {
    if (what == "checkpoint") scene.source.term = 99;
    return std::optional<agent::AgentError>{};
  };
  scene.once();
  BOOST_TEST(to_string(scene.status().phase) == "Checkpointing");
}

BOOST_AUTO_TEST_CASE(who_lost_the_lead_writes_nothing_and_orders_nothing) {
  Scene scene;
  scene.source.after = [&](const std::string& what) {
    if (what != "checkpoint") return;
    scene.time.on_pass = nullptr;  // asleep: no renewals
    scene.time.pass(30s);
  };
  scene.once();
  BOOST_TEST(to_string(scene.status().phase) == "Checkpointing");
  BOOST_TEST(scene.target.orders.back() != "pull");
}

BOOST_AUTO_TEST_CASE(another_controller_s_record_is_not_overwritten) {
  Scene scene;
  scene.source.after = [&](const std::string& what) {
    if (what == "checkpoint")
      scene.cluster.change(Scene::path(), [](Json& object) { object["status"]["phase"] = "RollingBack"; });
  };
  scene.once();
  BOOST_TEST(to_string(scene.status().phase) == "RollingBack");
}

BOOST_DATA_TEST_CASE(a_controller_may_end_at_any_write, data::make({false, true}), keep_name) {
  for_each_ending(10, [&](Ending& ending) {
    Scene scene{keep_name};
    ending.at_write(scene);
    scene.run();
    scene.check_succeeded(keep_name ? "orders" : kTarget);
  });
}

BOOST_DATA_TEST_CASE(a_controller_may_end_after_any_order, data::make({false, true}), keep_name) {
  for_each_ending(6, [&](Ending& ending) {
    Scene scene{keep_name};
    ending.after_order(scene);
    scene.run();
    scene.check_succeeded(keep_name ? "orders" : kTarget);
  });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
