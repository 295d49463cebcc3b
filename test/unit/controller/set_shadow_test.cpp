// The live move of a set's Pod that does not come to its end behind the commit: as long as the shadow may have its
// memory it is kept, whoever deletes the Migration, and in the end it comes into its name.
#include <algorithm>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "test/unit/controller/shadowed.h"

namespace {

using namespace migrate;
using namespace migrate::controller;
using namespace std::chrono_literals;
namespace data = boost::unit_test::data;

constexpr const char* kShadow = kTargetOfSet;

BOOST_AUTO_TEST_SUITE(set_shadow)

// Longer than is waited for behind the commit. The source has had to go by then, so that all there is is the shadow's.
BOOST_DATA_TEST_CASE(a_broker_that_stays_away_takes_no_shadow_from_its_set, data::make({false, true}), is_deleted) {
  Shadowed scene;
  scene.is_away = true;
  scene.run_on(3);
  scene.check_doubt("Broker");
  BOOST_TEST(!scene.cluster.look(Scene::pod(kPod)));
  if (is_deleted) {
    scene.ask_for_deletion();
    scene.run_on(10);
    scene.check_doubt("Broker");
  }
  scene.is_away = false;
  scene.decide("Target");
  scene.run_on();
  scene.check_came_home();
  BOOST_TEST(scene.cluster.look(Scene::path()).has_value() != is_deleted);
  if (!is_deleted) BOOST_TEST(to_string(scene.status().phase) == "Succeeded");
  scene.check_complete();
}

// Decided too soon: it is tried once more, and asked once more.
BOOST_FIXTURE_TEST_CASE(a_decision_that_comes_to_nothing_can_be_made_again, Shadowed) {
  is_away = true;
  run_on(3);
  decide("Target");
  run_on(3);
  check_doubt("Broker");
  BOOST_CHECK((migration().spec.resolve == Resolution::none));
  is_away = false;
  decide("Target");
  run_on();
  check_came_home();
}

// What it held is lost, and with the source gone there is nobody else to decide for: but it is not the whole memory.
BOOST_FIXTURE_TEST_CASE(nor_does_a_mirror_that_somebody_deletes, Shadowed) {
  is_away = true;
  on_switching = [this] {
    if (!is_away || now() - *switched < 30s) return;
    is_away = false;
    obeys = false;
    BOOST_TEST(broker->remove_queue(mirror_name, {}).has_value());
  };
  run_on(3);
  check_doubt("MirrorLost");
  // Once, though the doubt says as well what is left.
  const std::string message = status().message;
  const std::string gone = "nothing holds its memory any more";
  BOOST_REQUIRE(message.find(gone) != std::string::npos);
  BOOST_TEST(message.find(gone) == message.rfind(gone), message);
  on_switching = nullptr;
  obeys = true;
  decide("Target");
  run_on();
  check_came_home();
}

// Who has decided knew how it was, and not that it would go.
BOOST_FIXTURE_TEST_CASE(a_shadow_that_goes_after_it_was_decided_for_is_not_waited_for, Shadowed) {
  is_away = true;
  run_on(3);
  check_doubt("Broker");
  is_away = false;
  obeys = false;  // nor does it leave the mirror
  const Instant decided = now();
  on_switching = [this, decided] {
    if (now() - decided > 20s) cluster.drop(pod(kShadow));
  };
  decide("Target");
  run_on(3);
  const MigrationStatus end = status();
  BOOST_TEST(to_string(end.phase) == "Failed", end.message + log.text());
  BOOST_TEST(end.reason == "TargetDeleted");
  BOOST_REQUIRE(end.finished.has_value());
  BOOST_TEST((*end.finished - decided < 1min));
}

// The doubt says what it was about; whoever decides a day later has to know what came since.
BOOST_FIXTURE_TEST_CASE(a_doubt_says_that_its_shadow_has_died_since, Shadowed) {
  is_away = true;
  run_on(3);
  check_doubt("Broker");
  BOOST_TEST(status().message.find("since then") == std::string::npos, status().message);
  kubelet_says_it_ended();
  run_on(1);
  const std::string message = status().message;
  BOOST_TEST(message.find("; since then: a container of target Pod orders-1-mig-a6pfz ended") != std::string::npos,
             message);
  BOOST_TEST(message.find("since then") == message.rfind("since then"), message);
}

// Nothing is kept of one that was started anew.
BOOST_FIXTURE_TEST_CASE(a_shadow_without_its_memory_has_failed_and_makes_room, Shadowed) {
  is_away = true;
  on_switching = [this] {
    if (!is_away || now() - *switched < 30s) return;
    is_away = false;
    obeys = false;
    kubelet_says_it_ended();
  };
  run_on(3);
  BOOST_TEST(to_string(status().phase) == "Failed", status().message);
  BOOST_TEST(status().reason == "TargetDied");
  BOOST_TEST(!is_removed);
  ask_for_deletion();
  run_on();
  BOOST_TEST(!cluster.look(path()), log.text());
  BOOST_TEST(is_removed);
  BOOST_TEST(cluster.names("pods").empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
