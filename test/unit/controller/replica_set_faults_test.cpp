// Pods of ReplicaSets when something goes wrong: controllers that end, aborts, deletions, and a ReplicaSet that chooses
// the target where it should have been the source.
#include <algorithm>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "extender/controller/target_pod.h"
#include "test/unit/controller/ending.h"
#include "test/unit/controller/of_replica_set.h"
#include "test/unit/controller/replay_scene.h"

namespace {

using namespace migrate;
using namespace migrate::controller;
using namespace std::chrono_literals;
namespace data = boost::unit_test::data;
using MaybeError = std::optional<kube::ApiError>;
constexpr const char* kHash = "pod-template-hash";

struct Faults : OfReplicaSet {
  Faults() {
    cluster.change(pod(kPod), [](Json& object) { object["metadata"]["labels"][kHash] = "7d4b9"; });
  }
  // Whatever is asked for in that phase, by then.
  void in_phase(Phase phase, const std::function<void()>& act) {
    const auto look = [this, phase, act] {
      const auto there = cluster.look(path());
      if (there && text_at(*there, {"status", "phase"}) == to_string(phase)) act();
    };
    cluster.before_read = [look](const kube::ResourcePath&) -> MaybeError {
      look();
      return std::nullopt;
    };
    cluster.before_write = [look](const std::string&, const kube::ResourcePath&) -> MaybeError {
      look();
      return std::nullopt;
    };
    for (controller::fakes::Agent* agent : {&source, &target})
      agent->before = [look](const std::string&) -> std::optional<agent::AgentError> {
        look();
        return std::nullopt;
      };
  }
  void run_to_end() {
    for (int most = 60; most > 0 && cluster.look(path()) && once(); --most) {
    }
  }
  void decide(const char* what) {
    edit([&](Json& object) { object["spec"]["resolve"] = what; });
    run();
  }
  void check_moved(const std::string& name) const {
    check_succeeded(name);
    check_has_no_marks(name);
    BOOST_TEST(cluster.look(pod(name)).value()["metadata"]["labels"][kHash] == "7d4b9");
  }
  void check_is_back() const {
    BOOST_TEST(to_string(status().phase) == "RolledBack", log.text());
    check_clean({kPod});
    check_source_works();
  }
  void check_source_works() const {
    BOOST_TEST(cluster.look(pod(kPod)).value()["metadata"]["uid"] == "uid-source");
    check_has_no_marks(kPod);
    BOOST_CHECK(source.record.state == agent::SourceState::none || source.record.state == agent::SourceState::thawed);
  }
};

BOOST_AUTO_TEST_SUITE(replica_set_faults)

// Whether the write that it ends at is carried out or not.
BOOST_DATA_TEST_CASE(a_controller_may_end_at_any_write, data::make({false, true}), is_written) {
  for_each_ending(12, [&](Ending& ending) {
    Faults scene;
    ending.at_write(scene, is_written);
    scene.run();
    scene.check_moved(kTargetOfSet);
  });
}

BOOST_AUTO_TEST_CASE(a_controller_may_end_after_any_order) {
  for_each_ending(6, [](Ending& ending) {
    Faults scene;
    ending.after_order(scene);
    scene.run();
    scene.check_moved(kTargetOfSet);
  });
}

constexpr Phase kBeforeCommit[] = {Phase::placing, Phase::freezing, Phase::checkpointing, Phase::transferring,
                                   Phase::committing};

BOOST_AUTO_TEST_CASE(an_abort_in_any_phase_leaves_the_source_to_its_replica_set) {
  for (const Phase phase : kBeforeCommit)
    BOOST_TEST_CONTEXT("in " << to_string(phase)) {
      Faults scene;
      bool is_aborted = false;
      scene.in_phase(phase, [&] {
        if (!std::exchange(is_aborted, true)) scene.abort();
      });
      scene.run();
      BOOST_TEST(is_aborted);
      scene.check_is_back();
      // It was never lent, nor called cheap.
      const auto writes = scene.cluster.writes();
      BOOST_TEST(std::count(writes.begin(), writes.end(), std::string{"patch pods/"} + kPod) == 0);
    }
}

// In foreground the garbage collector takes the Migration from the target's owners. Nobody adopts that: it has no
// label by which its ReplicaSet would.
void take_from_owners(Faults& scene) {
  for (const std::string& name : scene.cluster.names("pods")) {
    const Json before = scene.owners_now(name);
    Json left = Json::array();
    for (const Json& one : before)
      if (one.at("uid") != "uid-migration") left.push_back(one);
    if (left.size() < before.size())
      scene.cluster.change(Scene::pod(name), [&](Json& object) { object["metadata"]["ownerReferences"] = left; });
  }
}

BOOST_DATA_TEST_CASE(a_deletion_in_any_phase_leaves_one_of_the_two, data::make({false, true}), in_foreground) {
  std::vector<Phase> phases{std::begin(kBeforeCommit), std::end(kBeforeCommit)};
  phases.insert(phases.end(), {Phase::restoring, Phase::finishing});
  for (const Phase phase : phases)
    BOOST_TEST_CONTEXT("in " << to_string(phase)) {
      Faults scene;
      bool is_deleted = false;
      scene.in_phase(phase, [&] {
        if (!std::exchange(is_deleted, true))
          scene.edit([](Json& object) { object["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"; });
        if (in_foreground) take_from_owners(scene);
      });
      scene.run_to_end();
      BOOST_TEST(is_deleted);
      BOOST_TEST(!scene.cluster.look(Scene::path()), scene.log.text());
      const bool is_moved = is_after_commit(phase);
      const std::string name = is_moved ? kTargetOfSet : kPod;
      BOOST_TEST(scene.cluster.names("pods") == std::vector<std::string>{name}, boost::test_tools::per_element());
      BOOST_TEST(!scene.source.has_archives);
      BOOST_TEST(!scene.target.has_archives);
      if (!is_moved) scene.check_source_works();
      if (!is_moved) continue;
      scene.check_has_no_marks(name);
      BOOST_TEST(scene.cluster.look(Scene::pod(name)).value()["metadata"]["labels"][kHash] == "7d4b9");
    }
}

// Behind its commit it has failed, and nobody's Pod that runs is removed with it. The frozen source makes room: beside
// it the ReplicaSet would have one too many, and might choose the other one.
BOOST_DATA_TEST_CASE(a_target_that_works_outlives_a_migration_that_failed, data::make({false, true}), works) {
  Faults scene;
  const Json moved = scene.cluster.look(Scene::pod(kPod)).value();
  Migration failed = scene.migration();
  failed.status.owner = OwnerRef{"ReplicaSet", "orders", "uid-set"};
  TargetPlan plan;
  plan.name = kTargetOfSet;
  Json made = target_pod(moved, failed, plan);
  made["metadata"]["uid"] = "uid-target";
  const Json state{{works ? "running" : "waiting", Json::object()}};
  made["status"]["containerStatuses"] = Json::array({{{"name", "app"}, {"state", state}}});
  scene.cluster.put(Scene::pod(kTargetOfSet), made);
  scene.cluster.change(Scene::path(), [&](Json& object) {
    object["metadata"]["finalizers"] = {kFinalizer};
    object["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z";
    object["metadata"]["annotations"]["kubectl-migrate.dev/source"] = moved.dump();
    object["status"] = {{"phase", "Failed"},
                        {"strategy", "Sequential"},
                        {"owner", {{"kind", "ReplicaSet"}, {"name", "orders"}, {"uid", "uid-set"}}},
                        {"source", {{"pod", kPod}, {"uid", "uid-source"}, {"node", "node-a"}}},
                        {"target", {{"pod", kTargetOfSet}, {"uid", "uid-target"}, {"node", "node-b"}}}};
  });
  scene.source.record.state = agent::SourceState::committed;
  scene.run_to_end();
  BOOST_TEST(!scene.cluster.look(Scene::path()), scene.log.text());
  const auto kept = scene.cluster.look(Scene::pod(kTargetOfSet));
  BOOST_REQUIRE(kept.has_value() == works);
  BOOST_TEST(scene.cluster.look(Scene::pod(kPod)).has_value() == !works);
  if (!works) return;
  scene.check_has_no_marks(kTargetOfSet);
  BOOST_TEST((*kept)["metadata"]["labels"][kHash] == "7d4b9");
}

// --- what the ReplicaSet chooses ---

// Once it is adopted; true: by this.
bool tell_to_end(Scene& scene) {
  const auto made = scene.cluster.look(Scene::pod(kTargetOfSet));
  if (!made || !has_our_finalizer(*made) || view_of(*made).deleting) return false;
  scene.cluster.change(Scene::pod(kTargetOfSet),
                       [](Json& object) { object["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"; });
  return true;
}

// It has the target beside its source, of which the one goes that is not ready in its eyes.
struct Chosen : Faults {
  explicit Chosen(bool late = false) {
    cluster.before_read = [this, late](const kube::ResourcePath& where) -> MaybeError {
      if (where.name == kTargetOfSet && (!late || !cluster.look(pod(kPod))) && tell_to_end(*this) && on_choice)
        on_choice();
      return std::nullopt;
    };
  }
  void check_doubt() const {
    const MigrationStatus now = status();
    BOOST_TEST(to_string(now.phase) == "InDoubt", now.message + log.text());
    BOOST_TEST(now.reason == "TargetDeleted");
    BOOST_TEST(now.message.find("was told to end once its ReplicaSet had it") != std::string::npos, now.message);
    BOOST_TEST(now.message.find("resume orders-1 --from-checkpoint") != std::string::npos, now.message);
    BOOST_TEST(source.has_archives);
    BOOST_TEST(target.has_archives);
  }
  std::function<void()> on_choice;
};

const std::string kSecondTarget = [] {
  Migration migration = samples::migration();
  migration.spec.pod = kPod;
  return target_name(migration, 2);
}();

BOOST_DATA_TEST_CASE(a_target_that_it_tells_to_end_takes_nothing_with_it, data::make({false, true}), is_killed) {
  Chosen scene;
  if (is_killed) scene.on_choice = [&] { scene.die(); };
  scene.run(is_killed ? 2 : 1);
  scene.check_doubt();
  BOOST_TEST(scene.cluster.look(Scene::pod(kPod)).value()["metadata"]["uid"] == "uid-source");
  BOOST_CHECK(scene.source.record.state == agent::SourceState::committed);
  scene.decide("Source");
  scene.check_is_back();
  BOOST_TEST(scene.source.thawed_after_commit);
}

BOOST_AUTO_TEST_CASE(the_cost_that_its_source_had_comes_back_with_it) {
  Chosen scene;
  scene.cluster.change(Scene::pod(kPod), [](Json& pod) { pod["metadata"]["annotations"][kCost] = "7"; });
  scene.run(1);
  scene.check_doubt();
  BOOST_TEST(scene.cluster.look(Scene::pod(kPod)).value()["metadata"]["annotations"][kCost] == "-2147483648");
  scene.decide("Source");
  BOOST_TEST(scene.cluster.look(Scene::pod(kPod)).value()["metadata"]["annotations"][kCost] == "7");
}

// The source is removed after a second in which nothing was chosen, and then it is.
BOOST_DATA_TEST_CASE(the_archives_go_on_in_its_place, data::make({false, true}), late) {
  Chosen scene{late};
  scene.run(1);
  scene.check_doubt();
  BOOST_TEST(scene.cluster.look(Scene::pod(kPod)).has_value() == !late);
  scene.decide("Checkpoint");
  scene.check_moved(kSecondTarget);
}

BOOST_AUTO_TEST_CASE(there_is_nothing_to_be_said_for_that_target) {
  Chosen scene;
  scene.run(1);
  scene.edit([](Json& object) { object["spec"]["resolve"] = "Target"; });
  scene.run(1);
  BOOST_TEST(to_string(scene.status().phase) == "InDoubt");
  BOOST_TEST(scene.status().message.find("it cannot be resolved for the target") != std::string::npos,
             scene.status().message);
}

// Before it is adopted its user may have given it up.
BOOST_FIXTURE_TEST_CASE(a_target_that_somebody_deletes_before_is_given_up, Faults) {
  bool is_deleted = false;
  in_phase(Phase::finishing, [&] {
    if (!std::exchange(is_deleted, true)) cluster.drop(pod(kTargetOfSet));
  });
  const MigrationStatus now = run();
  BOOST_TEST(to_string(now.phase) == "Succeeded", log.text());
  check_clean({});
}

// One that removes the source by itself is waited for no longer.
BOOST_FIXTURE_TEST_CASE(its_own_choice_ends_the_wait, Faults) {
  std::optional<Instant> chosen;
  std::optional<Instant> removed;
  cluster.before_read = [&](const kube::ResourcePath& where) -> MaybeError {
    const auto made = cluster.look(pod(kTargetOfSet));
    if (chosen || where.plural != "pods" || where.name != kPod || !made || !has_our_finalizer(*made))
      return std::nullopt;
    chosen = now();
    cluster.change(pod(kPod), [](Json& object) {
      object["metadata"]["finalizers"] = {"the kubelet's"};
      object["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z";
    });
    return std::nullopt;
  };
  cluster.before_write = [&](const std::string& verb, const kube::ResourcePath& where) -> MaybeError {
    if (verb == "delete" && where.plural == "pods" && where.name == kPod) removed = now();
    return std::nullopt;
  };
  run();
  check_moved(kTargetOfSet);
  BOOST_REQUIRE((chosen && removed));
  BOOST_TEST((*removed - *chosen < 100ms));
}

// What was replayed is in the archives of no sequential migration, and its mirror is gone by then.
struct Sequential : Replay, SetsPod {
  Sequential() : Replay(Strategy::sequential), SetsPod(static_cast<Scene&>(*this), "ReplicaSet") {
    cluster.on_wait = [this] { be_ready(*this); };
    cluster.before_read = [this](const kube::ResourcePath& where) -> MaybeError {
      if (where.name == kTargetOfSet) tell_to_end(*this);
      return std::nullopt;
    };
  }
};

BOOST_FIXTURE_TEST_CASE(what_it_had_replayed_counts_as_lost, Sequential) {
  run(1);
  BOOST_REQUIRE(to_string(status().phase) == "InDoubt");
  edit([](Json& object) { object["spec"]["resolve"] = "Checkpoint"; });
  const MigrationStatus now = run();
  BOOST_TEST(to_string(now.phase) == "Succeeded", now.message + log.text());
  BOOST_REQUIRE((now.messages && now.messages->mirrored && now.messages->lost));
  BOOST_TEST(*now.messages->lost == *now.messages->mirrored);
  BOOST_TEST(std::any_of(now.warnings.begin(), now.warnings.end(), [](const std::string& one) {
    return one.find("were taken by a copy that was given up") != std::string::npos;
  }));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
