// What a person decides in doubt, and what of it cannot be carried out.
#include <algorithm>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "extender/controller/target_pod.h"
#include "test/unit/controller/live.h"
#include "test/unit/controller/of_set.h"

namespace {

namespace data = boost::unit_test::data;
using namespace migrate;
using namespace migrate::controller;
using namespace std::chrono_literals;

const std::string kTarget = target_name(samples::migration(), 1);
const std::string kResume = "kubectl migrate resume orders-1 -n shop --from-checkpoint";
const std::string kKeepSource = "kubectl migrate resolve orders-1 -n shop --keep source";

void decide(Scene& scene, const char* what) {
  scene.edit([&](Json& object) { object["spec"]["resolve"] = what; });
  scene.run(1);
}

void check_refused(const Scene& scene, const std::string& what) {
  const MigrationStatus now = scene.status();
  BOOST_TEST(to_string(now.phase) == "InDoubt", now.message + "\n" + scene.log.text());
  BOOST_TEST(now.message.find("; it cannot be " + what) != std::string::npos, now.message);
  BOOST_CHECK(scene.migration().spec.resolve == Resolution::none);
  BOOST_TEST(std::count(scene.events.reasons.begin(), scene.events.reasons.end(), "MigrationNotResolved") == 1);
}

void check_offers(const Scene& scene, const std::string& command, bool is_offered = true) {
  const std::string message = scene.status().message;
  BOOST_TEST((message.find(command) != std::string::npos) == is_offered, message);
}

BOOST_AUTO_TEST_SUITE(in_doubt_)

// Whether the memory has run at the target is not known.
struct Doubt : Scene {
  Doubt() {
    target.outcome = agent::RestoreState::failed;
    run(1);
    BOOST_REQUIRE(to_string(status().phase) == "InDoubt");
  }
};

struct Loss {
  const char* what;
  std::function<void(Scene&)> happens;
  const char* said;
  friend std::ostream& operator<<(std::ostream& out, const Loss& loss) { return out << loss.what; }
};
const std::vector<Loss> kLosses{
    {"deleted", [](Scene& scene) { scene.cluster.drop(Scene::pod(kTarget)); }, "was deleted meanwhile"},
    {"made anew by somebody",
     [](Scene& scene) {
       scene.cluster.drop(Scene::pod(kTarget));
       scene.cluster.put(Scene::pod(kTarget), samples::pod());
       scene.cluster.change(Scene::pod(kTarget), [](Json& pod) { pod["metadata"]["uid"] = "another"; });
     },
     "was deleted meanwhile"},
    {"being deleted",
     [](Scene& scene) {
       scene.cluster.change(Scene::pod(kTarget), [](Json& pod) {
         pod["metadata"]["finalizers"] = {"somebody"};
         pod["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z";
       });
     },
     "was deleted meanwhile"},
    {"evicted",
     [](Scene& scene) {
       scene.cluster.change(Scene::pod(kTarget), [](Json& pod) {
         pod["status"]["phase"] = "Failed";
         pod["status"]["message"] = "the node was low on memory";
       });
     },
     "is Failed: the node was low on memory"},
};

BOOST_DATA_TEST_CASE(a_target_that_is_gone_is_not_kept, data::make(kLosses), loss) {
  Doubt scene;
  loss.happens(scene);
  decide(scene, "Target");
  check_refused(scene, "resolved for the target: target Pod shop/" + kTarget + " " + loss.said);
  check_offers(scene, kResume);
  check_offers(scene, kKeepSource);
  if (loss.what == std::string{"made anew by somebody"}) return;  // the name is that one's now
  scene.target.outcome = agent::RestoreState::used;
  decide(scene, "Checkpoint");
  scene.run();
  scene.check_succeeded(target_name(samples::migration(), 2));
}

BOOST_FIXTURE_TEST_CASE(a_source_that_is_gone_as_well_is_not_offered, Doubt) {
  cluster.drop(pod(kTarget));
  cluster.drop(pod("orders"));
  decide(*this, "Target");
  check_refused(*this, "resolved for the target: ");
  check_offers(*this, kResume);
  check_offers(*this, kKeepSource, false);
}

// Behind its commit a copy that has replayed dies.
struct LostCopy : Live {
  LostCopy() {
    end_copy_as_it_switches();
    run(1);
    BOOST_REQUIRE(to_string(status().phase) == "InDoubt");
    broker->on_call = nullptr;
  }
  void check_nothing_left() const {
    const MigrationStatus now = status();
    BOOST_TEST(to_string(now.phase) == "Failed", now.message);
    BOOST_TEST(now.reason == "NothingLeft");
    BOOST_TEST(now.message.find("was deleted meanwhile, and source Pod shop/orders") != std::string::npos, now.message);
    BOOST_TEST(now.message.find("nothing holds its memory any more") != std::string::npos, now.message);
  }
};

BOOST_FIXTURE_TEST_CASE(a_live_migration_s_checkpoint_is_not_restored_once_more, LostCopy) {
  decide(*this, "Checkpoint");
  check_refused(*this, "resumed from its checkpoint: what was replayed since then is in no archive");
  check_offers(*this, "kubectl migrate resolve orders-1 -n shop --keep source|target");
  decide(*this, "Source");
  run();
  check_rolled_back();
  check_queues_gone();
}

BOOST_FIXTURE_TEST_CASE(a_live_migration_s_copy_that_is_gone_leaves_the_source, LostCopy) {
  cluster.drop(pod(kShadow));
  decide(*this, "Target");
  check_refused(*this, "resolved for the target: target Pod shop/orders-mig-a6pfz was deleted meanwhile");
  check_offers(*this, kKeepSource);
  check_offers(*this, "--from-checkpoint", false);
  decide(*this, "Source");
  run();
  check_rolled_back();
  check_queues_gone();
}

// A doubt about nothing would never end.
BOOST_FIXTURE_TEST_CASE(with_both_pods_gone_a_live_migration_has_failed, LostCopy) {
  cluster.drop(pod(kShadow));
  cluster.drop(pod("orders"));
  decide(*this, "Target");
  check_nothing_left();
  // Nobody has either name any more.
  edit([](Json& object) { object["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"; });
  for (int i = 0; i < 10 && cluster.look(path()); ++i)
    once();
  BOOST_TEST(!cluster.look(path()));
  for (const std::string& queue :
       {std::string{kMirror} + samples::migration().uid, std::string{kShadowControl}, std::string{kOwnControl}})
    BOOST_TEST(!broker->has_queue(queue), queue);
}

BOOST_FIXTURE_TEST_CASE(whoever_is_decided_for, LostCopy) {
  cluster.drop(pod(kShadow));
  cluster.drop(pod("orders"));
  decide(*this, "Source");
  check_nothing_left();
}

// The copy that may have run did, and took its share; the one that is restored in its place does not know it.
BOOST_AUTO_TEST_CASE(what_a_copy_that_is_given_up_took_of_the_mirror_is_counted_as_lost) {
  for (const std::size_t taken : {0U, 3U}) {
    Replay scene{Strategy::sequential};
    scene.target.outcome = agent::RestoreState::failed;
    scene.run(1);
    BOOST_REQUIRE(to_string(scene.status().phase) == "InDoubt");
    scene.broker->consume(scene.mirror(), {"t9", "given up", "10.0.0.30", 5});
    for (std::size_t i = 0; i < taken; ++i) {
      BOOST_REQUIRE(scene.broker->take(scene.mirror(), "t9"));
      scene.broker->acknowledge(scene.mirror(), "t9");
    }
    // This one comes back.
    BOOST_REQUIRE(scene.broker->take(scene.mirror(), "t9"));
    scene.broker->cancel(scene.mirror(), "t9");
    scene.target.outcome = agent::RestoreState::used;
    decide(scene, "Checkpoint");
    const MigrationStatus now = scene.run();
    BOOST_TEST(to_string(now.phase) == "Succeeded", now.message);
    BOOST_REQUIRE(now.messages && now.messages->mirrored && now.messages->replayed);
    BOOST_TEST(now.messages->lost.value_or(99) == taken);
    BOOST_TEST(*now.messages->replayed + taken == *now.messages->mirrored);
    BOOST_TEST(std::any_of(now.warnings.begin(), now.warnings.end(),
                           [](const std::string& one) { return one.starts_with("3 of the "); }) == (taken > 0));
  }
}

// --- a memory that is lost for good holds no set's name for ever ---

// Of a set's Pod: the source made room for the target, and that is gone.
struct Lost : OfSet {
  Lost() {
    target.outcome = agent::RestoreState::failed;
    run(1);
    BOOST_REQUIRE(to_string(status().phase) == "InDoubt");
    cluster.drop(pod(kPod));
  }
  [[nodiscard]] bool is_name_held() const {
    const MigrationStatus now = status();
    const Condition* held = find_condition(now, kNameHeldCondition);
    return held != nullptr && held->value;
  }
  void lose_nodes() {
    for (const char* node : {"node-a", "node-b"})
      cluster.drop(kube::core("nodes", "", node));
    for (controller::fakes::Agent* agent : {&source, &target})
      agent->before = [](const std::string&) -> std::optional<agent::AgentError> {
        return agent::AgentError{agent::AgentError::Kind::unreachable, "no route to host"};
      };
  }
  void ask_for_deletion() {
    edit([](Json& object) { object["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"; });
  }
  void check_ends() {
    for (int i = 0; i < 10 && cluster.look(path()); ++i)
      once();
    BOOST_TEST(!cluster.look(path()), log.text());
    BOOST_TEST(cluster.names("pods").empty());
  }
};

BOOST_FIXTURE_TEST_CASE(archives_whose_nodes_are_gone_are_not_waited_for, Lost) {
  lose_nodes();
  decide(*this, "Checkpoint");
  check_refused(*this, "resumed from its checkpoint: no node that had the archives");
  BOOST_TEST(is_name_held());
  decide(*this, "Target");
  const MigrationStatus now = status();
  BOOST_TEST(to_string(now.phase) == "Failed", now.message);
  BOOST_TEST(now.reason == "NothingLeft");
  check_offers(*this, "delete the Migration, and StatefulSet orders starts the Pod anew");
  ask_for_deletion();
  check_ends();
}

// Both Pods may be gone by a mishap, and the archives there: so that takes a word more.
BOOST_FIXTURE_TEST_CASE(archives_are_given_up_with_the_migration_and_not_before, Lost) {
  decide(*this, "Target");
  check_refused(*this, "resolved for the target: target Pod shop/orders-1 was deleted meanwhile");
  check_offers(*this, kResume);
  check_offers(*this, "give up the memory: kubectl delete migration orders-1 -n shop --wait=false");
  BOOST_TEST(source.has_archives);
  ask_for_deletion();
  run(3);
  BOOST_TEST(to_string(status().phase) == "InDoubt");  // nor by that alone
  BOOST_TEST(source.has_archives);
  edit([](Json& object) { object["spec"]["resolve"] = "Target"; });
  check_ends();
  BOOST_TEST(!source.has_archives);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
