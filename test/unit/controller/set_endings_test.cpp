// The controller ends at any write while a set's Pod moves with replay, comes back into its name, or is given back; the
// next one goes on: in the end one Pod has the name, works and is the set's, and no message is missing.
#include <algorithm>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <set>

#include "shared/migration/owners.h"
#include "test/unit/controller/ending.h"
#include "test/unit/controller/set_replay.h"

namespace {

using namespace migrate;
using namespace migrate::controller;
using namespace std::chrono_literals;
namespace data = boost::unit_test::data;

// Whether the write that it ends at is carried out or not.
const auto kIsWritten = data::make({false, true});

std::ptrdiff_t times_written(const Scene& scene, const std::string& what) {
  const auto writes = scene.cluster.writes();
  return std::count(writes.begin(), writes.end(), what);
}

BOOST_AUTO_TEST_SUITE(set_endings)

BOOST_DATA_TEST_CASE(a_live_move_goes_on_and_comes_into_its_name, kIsWritten, is_written) {
  for_each_ending(20, [&](Ending& ending) {
    SetReplay scene{Strategy::live};
    ending.at_write(scene, is_written);
    scene.run();
    scene.check_succeeded(kPod);
    scene.check_is_sets(kPod);
    BOOST_TEST(text_at(scene.cluster.look(Scene::pod(kPod)).value(), {"metadata", "uid"}) == kHome);
    BOOST_TEST(went_through(scene.status(), Phase::returning));
    // Neither let in twice, nor on two ways back.
    BOOST_TEST(times_written(scene, std::string{"patch pods/"} + kTargetOfSet + "/status") == 1);
    BOOST_TEST(times_written(scene, "create migrations/orders-1-name-1") == 1);
    BOOST_TEST(!scene.cluster.look(migration_path("shop", "orders-1-name-2")));
    BOOST_TEST(!scene.broker->has_queue(scene.mirror()));
    scene.check_complete();
  });
}

BOOST_DATA_TEST_CASE(a_sequential_move_goes_on, kIsWritten, is_written) {
  for_each_ending(20, [&](Ending& ending) {
    SetReplay scene{Strategy::sequential};
    ending.at_write(scene, is_written);
    scene.run();
    scene.check_succeeded(kPod);
    scene.check_is_sets(kPod);
    scene.check_queues_gone();
    scene.check_complete();
  });
}

// A shadow's second hop: it is the first one's, and what comes into the name is the set's.
struct WayHome : OfSet {
  WayHome() {
    Json shadow = cluster.look(pod(kPod)).value();
    Migration first = samples::migration();
    first.name = "first";
    first.uid = "uid-first";
    shadow["metadata"]["ownerReferences"] = lent_owners(shadow, first);
    cluster.drop(pod(kPod));
    cluster.put(pod(kTargetOfSet), shadow);
    cluster.change(path(), [](Json& object) {
      Json& spec = object["spec"];
      spec["pod"]["name"] = kTargetOfSet;
      spec["target"]["node"] = "node-a";
      spec["target"]["name"] = kPod;
      spec["strategy"] = "Stop";
    });
    place_on = "";  // the scheduler would put nothing beside it
  }
};

BOOST_DATA_TEST_CASE(the_second_hop_into_the_name_goes_on, kIsWritten, is_written) {
  for_each_ending(15, [&](Ending& ending) {
    WayHome scene;
    ending.at_write(scene, is_written);
    scene.run();
    scene.check_succeeded(kPod);
    scene.check_is_sets(kPod);
  });
}

// Aborted when the source is asked to stand still, and the controller ends from then on.
struct GivenUp {
  Strategy strategy;
  const char* order;
  friend std::ostream& operator<<(std::ostream& out, const GivenUp& one) { return out << to_string(one.strategy); }
};
const std::vector<GivenUp> kGivenUp{
    {Strategy::stop, "checkpoint"}, {Strategy::sequential, "freeze"}, {Strategy::live, "freeze"}};

BOOST_DATA_TEST_CASE(one_that_is_given_up_is_the_sets_again, data::make(kGivenUp) * kIsWritten, given_up, is_written) {
  for_each_ending(4, [&](Ending& ending) {
    SetReplay scene{given_up.strategy};
    scene.source.before = [&, before = scene.source.before](const std::string& what) {
      if (what == given_up.order && !scene.migration().spec.abort) {
        scene.abort();
        ending.at_write(scene, is_written);
      }
      return before(what);
    };
    scene.run();
    const MigrationStatus now = scene.status();
    BOOST_TEST(to_string(now.phase) == "RolledBack", now.reason + ": " + now.message + "\n" + scene.log.text());
    BOOST_TEST(now.reason == "Aborted");
    BOOST_CHECK(scene.source.record.state == agent::SourceState::thawed);
    scene.check_clean({kPod});
    scene.check_is_sets(kPod);
    BOOST_TEST(text_at(scene.cluster.look(Scene::pod(kPod)).value(), {"metadata", "uid"}) == "uid-source");
    scene.check_queues_gone();
    // The source has handled them all, whatever a copy did.
    scene.check_complete();
    const std::set<std::string> handled{scene.in_source.begin(), scene.in_source.end()};
    BOOST_TEST(handled.size() == static_cast<std::size_t>(scene.sent));
  });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
