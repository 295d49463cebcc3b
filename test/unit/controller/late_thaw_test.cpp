// A thaw behind the commit that does not work at once. The target has been removed for it, so the source is all that
// works: nothing of it may be given up, as long as it is not gone.
#include <algorithm>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "extender/controller/target_pod.h"
#include "shared/base/time.h"
#include "test/unit/controller/live.h"
#include "test/unit/controller/of_set.h"

namespace {

using namespace migrate;
using namespace migrate::controller;
using namespace std::chrono_literals;
using Kind = agent::AgentError::Kind;
namespace data = boost::unit_test::data;

// No probe ends it meanwhile.
void drop_probes(Scene& scene) {
  scene.cluster.change(Scene::pod("orders"),
                       [](Json& object) { object["spec"]["containers"][0].erase("livenessProbe"); });
}

void ask_for_deletion(Scene& scene) {
  scene.edit([](Json& object) { object["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"; });
}

void run_on(Scene& scene, int most) {
  while (most-- > 0 && scene.cluster.look(Scene::path()) && scene.once()) {
  }
}

void keep_from_thawing(Scene& scene) {
  scene.source.before = [](const std::string& what) -> std::optional<agent::AgentError> {
    if (what != "thaw") return std::nullopt;
    return agent::AgentError{Kind::failed, "containerd does not answer"};
  };
}

// No restore succeeds. Of the second hop of a set's Pod the source is the shadow, which is lent to the first one.
struct WayBack : Scene {
  explicit WayBack(bool is_second_hop = false) {
    drop_probes(*this);
    if (is_second_hop) {
      cluster.change(pod("orders"), [](Json& object) {
        object["metadata"]["ownerReferences"] = owners_of("StatefulSet");
        Migration first;
        first.name = "first";
        first.uid = "uid-first";
        const Json lent = lent_owners(object, first);
        object["metadata"]["ownerReferences"] = lent;
      });
      cluster.change(path(), [](Json& object) {
        object["spec"]["target"] = {{"node", "node-a"}, {"name", "home"}};
        object["spec"]["strategy"] = "Stop";
      });
      place_on = "";
    }
    controller::fakes::Agent& restores = is_second_hop ? source : target;
    restores.outcome = agent::RestoreState::failed;
    restores.resumed = false;
    keep_from_thawing(*this);
    run_on(*this, 5);
    check_waits();
  }
  void check_waits() const {
    const MigrationStatus now = status();
    BOOST_TEST(to_string(now.phase) == "RollingBack", now.reason + ": " + now.message + "\n" + log.text());
    BOOST_TEST(!now.finished.has_value());  // nor does it end by itself, after a day
    BOOST_REQUIRE(!now.steps.empty());
    BOOST_TEST(now.steps.back().message.find("containerd does not answer") != std::string::npos,
               now.steps.back().message);
    BOOST_TEST(cluster.names("pods") == std::vector<std::string>{"orders"}, boost::test_tools::per_element());
    BOOST_TEST(source.has_archives);
    BOOST_CHECK(source.record.state == agent::SourceState::committed);
  }
  void check_never_removed() const {
    const auto writes = cluster.writes();
    BOOST_TEST(std::count(writes.begin(), writes.end(), "delete pods/orders") == 0);
    BOOST_TEST(text_at(cluster.look(pod("orders")).value_or(Json::object()), {"metadata", "uid"}) == "uid-source");
    BOOST_TEST(source.thawed_after_commit);
  }
};

BOOST_AUTO_TEST_SUITE(late_thaw)

BOOST_DATA_TEST_CASE(a_source_is_thawed_once_its_runtime_answers, data::make({false, true}), is_second_hop) {
  WayBack scene{is_second_hop};
  scene.source.before = nullptr;
  scene.run();
  scene.check_rolled_back();
  scene.check_never_removed();
}

BOOST_DATA_TEST_CASE(whoever_deletes_it_meanwhile, data::make({false, true}), is_second_hop) {
  WayBack scene{is_second_hop};
  ask_for_deletion(scene);
  run_on(scene, 5);
  BOOST_REQUIRE(scene.cluster.look(Scene::path()).has_value());
  scene.check_waits();
  scene.source.before = nullptr;
  run_on(scene, 10);
  BOOST_TEST(!scene.cluster.look(Scene::path()), scene.log.text());
  scene.check_never_removed();
}

// An earlier version called that a failure, which ends by itself one day.
BOOST_DATA_TEST_CASE(one_that_failed_for_it_goes_with_its_source_at_work, data::make({false, true}), is_second_hop) {
  WayBack scene{is_second_hop};
  scene.cluster.change(Scene::path(), [&](Json& object) {
    object["status"]["phase"] = "Failed";
    object["status"]["reason"] = "ThawFailed";
    object["status"]["finishedAt"] = to_rfc3339(scene.now());
  });
  ask_for_deletion(scene);
  run_on(scene, 3);
  BOOST_TEST(scene.cluster.look(Scene::path()).has_value());
  BOOST_TEST(scene.source.has_archives);
  scene.source.before = nullptr;
  run_on(scene, 10);
  BOOST_TEST(!scene.cluster.look(Scene::path()), scene.log.text());
  scene.check_never_removed();
}

// Then there is nothing to be thawed any more, and the archives are all that is left.
BOOST_FIXTURE_TEST_CASE(a_source_that_somebody_deletes_meanwhile_leaves_the_archives, WayBack) {
  cluster.drop(pod("orders"));
  run_on(*this, 2);
  const MigrationStatus doubt = status();
  BOOST_TEST(to_string(doubt.phase) == "InDoubt", doubt.message + log.text());
  BOOST_TEST(doubt.reason == "SourceLost");
  target.outcome = agent::RestoreState::used;
  edit([](Json& object) { object["spec"]["resolve"] = "Checkpoint"; });
  run();
  check_succeeded(target_name(samples::migration(), 2));
}

// By then the copy was removed for it, and no archive has what was replayed.
BOOST_FIXTURE_TEST_CASE(a_live_migrations_source_is_waited_for_as_well, Live) {
  drop_probes(*this);
  end_copy_as_it_switches();
  run(1);
  BOOST_REQUIRE(to_string(status().phase) == "InDoubt");
  broker->on_call = nullptr;
  keep_from_thawing(*this);
  edit([](Json& object) { object["spec"]["resolve"] = "Source"; });
  run_on(*this, 5);
  BOOST_TEST(to_string(status().phase) == "RollingBack", status().message + log.text());
  BOOST_TEST(!cluster.look(pod(kShadow)));
  BOOST_TEST(cluster.look(pod("orders")).has_value());
  source.before = nullptr;
  run();
  check_rolled_back();
  BOOST_TEST(source.thawed_after_commit);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
