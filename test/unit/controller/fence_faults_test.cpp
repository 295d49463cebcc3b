// What keeps the fence from being passed, and a mirror from being whole when a copy is to read it: all goes back, and
// the source has not noticed.
#include <algorithm>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "test/unit/controller/live.h"

namespace {

namespace data = boost::unit_test::data;
using namespace migrate;
using namespace migrate::controller;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(fence_faults)

// Takes all that a queue holds, as somebody does who consumes it.
void empty(Replay& scene, const std::string& queue) {
  scene.broker->consume(queue, {"stranger", "another's", "10.0.0.66", 0});
  std::vector<std::string> taken;
  scene.handle(queue, "stranger", taken);
  scene.broker->cancel(queue, "stranger");
}

// Three messages wait as it begins, and the source handles nothing.
struct Waiting : Live {
  Waiting() {
    source_works = false;
    for (int i = 0; i < 3; ++i)
      broker->arrive("shop", "", {std::to_string(sent++)});
  }
  void check_source_untouched() const {
    for (const std::string& order : source.orders)
      BOOST_TEST((order != "freeze" && order != "snapshot" && order != "thaw"), order);
    BOOST_TEST(broker->closed_connections().empty());
  }
};

BOOST_FIXTURE_TEST_CASE(a_source_that_handles_nothing_is_not_waited_for_without_end, Waiting) {
  const MigrationStatus status = run();
  check_said(status, "RolledBack", "FenceNotPassed", "that waited in queue orders before its mirror began");
  const auto mirroring = std::find_if(status.steps.begin(), status.steps.end(),
                                      [](const Step& one) { return one.name == to_string(Phase::mirroring); });
  BOOST_REQUIRE((mirroring != status.steps.end() && mirroring->finished));
  BOOST_TEST((*mirroring->finished - mirroring->started >= 60s));
  BOOST_TEST((*mirroring->finished - mirroring->started < 62s));
  check_rolled_back();
  check_queues_gone();
  check_source_untouched();
  source_works = true;
  check_complete();
}

BOOST_FIXTURE_TEST_CASE(a_mirror_that_somebody_takes_from_is_of_no_use, Waiting) {
  bool was_taken = false;
  broker->on_call = [&](const std::string& call) -> std::optional<Error> {
    if (was_taken || call != "depth " + mirror() || broker->ready(mirror()).size() < 5) return std::nullopt;
    was_taken = true;
    empty(*this, mirror());
    return std::nullopt;
  };
  const MigrationStatus status = run();
  BOOST_TEST(was_taken);
  check_said(status, "RolledBack", "MirrorConsumed", "the mirror of orders, has lost messages");
  check_rolled_back();
  check_queues_gone();
  check_source_untouched();
  source_works = true;
  check_complete();
}

BOOST_FIXTURE_TEST_CASE(a_queue_that_is_deleted_is_no_queue_that_is_empty, Waiting) {
  bool was_deleted = false;
  broker->on_call = [&](const std::string& call) -> std::optional<Error> {
    if (was_deleted || call != "depth orders" || status().phase != Phase::mirroring) return std::nullopt;
    was_deleted = true;
    BOOST_TEST(broker->remove_queue("orders", {}).has_value());
    return std::nullopt;
  };
  const MigrationStatus status = run();
  BOOST_TEST(was_deleted);
  check_said(status, "RolledBack", "QueueLost", "queue orders was deleted");
  check_rolled_back();
  check_queues_gone();
  check_source_untouched();
}

struct Loss {
  Strategy strategy;
  bool fills_again;  // it holds more than before when it is looked at
  friend std::ostream& operator<<(std::ostream& out, const Loss& loss) {
    return out << to_string(loss.strategy) << (loss.fills_again ? ", and fills again" : "");
  }
};
const std::vector<Loss> kLosses{
    {Strategy::live, false}, {Strategy::live, true}, {Strategy::sequential, false}, {Strategy::sequential, true}};

// As a broker does that is started anew, with messages that are not persistent: the source has handled them.
BOOST_DATA_TEST_CASE(a_mirror_that_loses_messages_while_archives_travel_is_found_out, data::make(kLosses), loss) {
  Replay scene{loss.strategy};
  scene.target.before = [&](const std::string& what) -> std::optional<agent::AgentError> {
    if (what != "pull") return std::nullopt;
    // Seen before and after by whoever reads beside the phases.
    scene.time.pass(500ms);
    empty(scene, scene.mirror());
    if (loss.fills_again) scene.time.pass(10s);
    return std::nullopt;
  };
  const MigrationStatus status = scene.run();
  check_said(status, "RolledBack", "MirrorConsumed", "they are not persistent");
  scene.check_rolled_back();
  scene.check_queues_gone();
  scene.check_complete();
}

// A copy that has been told takes from it: then it may hold less.
BOOST_FIXTURE_TEST_CASE(a_controller_that_comes_after_the_word_does_not_take_that_for_a_loss, Live) {
  bool has_died = false;
  on_release = [&] {
    if (has_died) return;
    has_died = true;
    time.pass(500ms);
    die();
  };
  arm();
  run();
  BOOST_TEST(has_died);
  check_succeeded(kShadow);
  check_queues_gone();
  check_complete();
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
