// The live move of a set's Pod that does not come to its end behind the commit: as long as the shadow may have its
// memory it is kept, whoever deletes the Migration, and in the end it comes into its name.
#include <algorithm>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "test/unit/controller/set_replay.h"

namespace {

using namespace migrate;
using namespace migrate::controller;
using namespace std::chrono_literals;
namespace data = boost::unit_test::data;
using MaybeError = std::optional<kube::ApiError>;

constexpr const char* kShadow = kTargetOfSet;

struct Shadowed : SetReplay {
  Shadowed() : SetReplay(Strategy::live) {
    time.on_pass = [this] {
      lead_on();
      // Half an hour without a broker would be many looks at nothing; what was sent comes when it is back.
      if (!(switched && is_away) && cluster.look(path())) live_on();
    };
    cluster.before_write = [this](const std::string& verb, const kube::ResourcePath& where) -> MaybeError {
      if (verb == "delete" && where.name == kShadow) is_removed = true;
      return std::nullopt;
    };
    broker->on_call = [this](const std::string& call) -> std::optional<Error> {
      if (!switched && cluster.look(path()) && status().phase == Phase::switching) switched = now();
      if (switched && on_switching) on_switching();
      if (!switched || !is_away) return std::nullopt;
      if (!time.is_ticking()) time.pass(4s);
      return Error{call + ": timed out"};
    };
    time.pass(2s);
  }

  void ask_for_deletion() {
    edit([](Json& object) { object["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"; });
  }
  void decide(const char* what) {
    edit([&](Json& object) { object["spec"]["resolve"] = what; });
  }
  void run_on(int most = 40) {
    while (most-- > 0 && cluster.look(path()) && once()) {
    }
  }
  void kubelet_says_it_ended() { Replay::kubelet_says_it_ended(kShadow); }
  void check_doubt(const std::string& reason) const {
    const MigrationStatus now = status();
    BOOST_TEST(to_string(now.phase) == "InDoubt", now.reason + ": " + now.message + "\n" + log.text());
    BOOST_TEST(now.reason == reason);
    BOOST_TEST(!now.finished.has_value());  // nor does it end by itself, after a day
    BOOST_TEST(!is_removed);
    BOOST_TEST(now.message.find(kShadow + std::string{" is kept with its memory"}) != std::string::npos, now.message);
    BOOST_TEST(cluster.look(pod(kShadow)).has_value());
  }
  void check_came_home() const {
    BOOST_TEST((cluster.names("pods") == std::vector<std::string>{kPod}), log.text());
    BOOST_TEST(text_at(cluster.look(pod(kPod)).value_or(Json::object()), {"metadata", "uid"}) == kHome);
    BOOST_TEST(!is_removed);
    BOOST_TEST(!broker->has_queue(mirror_name));
  }

  bool is_away = false;  // the broker, from the switching on
  std::function<void()> on_switching;
  std::optional<Instant> switched;
  bool is_removed = false;  // the shadow, by us
  const std::string mirror_name = kMirror + std::string{"uid-migration"};
};

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

// It was proven before the freeze, which may be days ago when the name is to be free.
struct Unheld : Shadowed {
  Unheld() {
    on_switching = [this] { is_installed = false; };
  }
  [[nodiscard]] std::string uid_of_source() const {
    return text_at(cluster.look(pod(kPod)).value_or(Json::object()), {"metadata", "uid"});
  }
  [[nodiscard]] bool is_held() const {
    const MigrationStatus now = status();
    const Condition* held = find_condition(now, kNameHeldCondition);
    return held != nullptr && held->value;
  }
  [[nodiscard]] bool warns_of_name() const {
    const auto warnings = status().warnings;
    return std::any_of(warnings.begin(), warnings.end(),
                       [](const std::string& one) { return one.find(kNamePolicy) != std::string::npos; });
  }
};

BOOST_FIXTURE_TEST_CASE(a_name_is_not_freed_that_nothing_holds_any_more, Unheld) {
  cluster.change(pod(kPod), [](Json& object) { object["spec"]["containers"][0].erase("livenessProbe"); });
  run_on(10);
  const MigrationStatus waiting = status();
  BOOST_TEST(to_string(waiting.phase) == "Finishing", waiting.message + log.text());
  BOOST_TEST(uid_of_source() == "uid-source");
  BOOST_TEST(!is_held());
  BOOST_REQUIRE(!waiting.steps.empty());
  BOOST_TEST(waiting.steps.back().message.find(kNamePolicy) != std::string::npos, waiting.steps.back().message);
  on_switching = nullptr;
  is_installed = true;
  run_on(1);
  BOOST_TEST(uid_of_source() != "uid-source");
  run_on();
  check_came_home();
  BOOST_TEST(!warns_of_name());
}

// Waited for any longer it would be started cold.
BOOST_FIXTURE_TEST_CASE(its_source_goes_before_its_liveness_probes_all_the_same, Unheld) {
  std::optional<Instant> removed;
  cluster.before_write = [&](const std::string& verb, const kube::ResourcePath& where) -> MaybeError {
    if (verb == "delete" && where.name == kPod && !removed) removed = now();
    return std::nullopt;
  };
  run_on();
  check_came_home();
  const MigrationStatus end = status();
  BOOST_REQUIRE((removed && end.frozen_at));
  BOOST_TEST((*removed - *end.frozen_at < 20s));  // when the third probe in a row is missed
  BOOST_TEST((*removed - *switched >= 3s));
  BOOST_TEST(warns_of_name());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
