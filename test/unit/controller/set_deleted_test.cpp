// A Migration of a set's Pod that is deleted where it does not go well: while a restore is repeated, in doubt, on its
// way back, and once it has failed behind its commit. Nobody's Pod that works is removed, and none is left to nobody.
#include <algorithm>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "extender/controller/target_pod.h"
#include "shared/base/time.h"
#include "test/unit/controller/ending.h"
#include "test/unit/controller/of_set.h"

namespace {

using namespace migrate;
using namespace migrate::controller;
namespace data = boost::unit_test::data;
using MaybeError = std::optional<kube::ApiError>;

constexpr const char* kSibling = "orders-0";
constexpr const char* kShadow = "orders-1-mig-a6pfz";

struct Deleted : OfSet {
  explicit Deleted(bool foreground) : in_foreground(foreground) {
    Json sibling = cluster.look(pod(kPod)).value();
    sibling["metadata"]["uid"] = "uid-sibling";
    cluster.put(pod(kSibling), sibling);
  }
  void ask_for_deletion() {
    cluster.change(path(), [](Json& object) { object["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"; });
    if (at_work != nullptr) at_work->tell(migration());
    collect();
  }
  // In foreground the garbage collector takes the Migration from the owners of whatever is lent to it, and the set
  // adopts what has a name of its own.
  void collect() {
    if (!in_foreground) return;
    for (const std::string& name : cluster.names("pods")) {
      const Json before = owners_now(name);
      Json left = Json::array();
      for (const Json& one : before)
        if (one.at("uid") != "uid-migration") left.push_back(one);
      if (left.size() < before.size())
        cluster.change(pod(name),
                       [&](Json& object) { object["metadata"]["ownerReferences"] = name == kPod ? owners : left; });
    }
  }
  void run_to_end(int most = 60) {
    while (most-- > 0 && cluster.look(path()) && once()) {
    }
  }
  [[nodiscard]] std::string uid_of(const std::string& name) const {
    return text_at(cluster.look(pod(name)).value_or(Json::object()), {"metadata", "uid"});
  }
  void check_gone(const std::vector<std::string>& pods) const {
    BOOST_TEST(!cluster.look(path()), "the Migration is still there: " + log.text());
    BOOST_TEST(cluster.names("pods") == pods, boost::test_tools::per_element());
    BOOST_TEST(uid_of(kSibling) == "uid-sibling");
    for (const std::string& name : pods)
      check_is_sets(name);
    BOOST_TEST(!source.has_archives);
    BOOST_TEST(!target.has_archives);
    const Json now = cluster.look(pod(kPod)).value_or(Json::object());
    BOOST_TEST(!has(now, {"metadata", "annotations", kRestoreAnnotation}));
    BOOST_TEST(!has(now, {"metadata", "labels", kMigrationLabel}));
  }

  bool in_foreground;
};

BOOST_AUTO_TEST_SUITE(set_deleted)

// --- under way ---

struct Way {
  const char* what;
  Phase phase;
  std::function<void(Deleted&)> leads_there;
  const char* decided;  // by a person, who is waited for; empty: nobody is
  bool is_back;
  friend std::ostream& operator<<(std::ostream& out, const Way& way) { return out << way.what; }
};

void never_runs(Deleted& scene) {
  scene.target.outcome = agent::RestoreState::failed;
  scene.target.resumed = false;
  scene.target.after = [&](const std::string& what) {
    if (what == "cancel") scene.target.outcome = agent::RestoreState::used;
    if (what == "release" && scene.target.outcome == agent::RestoreState::used) scene.run_containers();
  };
}
void may_have_run(Deleted& scene) {
  scene.target.outcome = agent::RestoreState::failed;
}
void is_aborted(Deleted& scene) {
  scene.source.before = [&](const std::string& what) -> std::optional<agent::AgentError> {
    if (what == "checkpoint") scene.abort();
    return std::nullopt;
  };
}

const std::vector<Way> kWays{
    {"while it is repeated", Phase::repeating, never_runs, "", false},
    {"in doubt, decided for the target", Phase::in_doubt, may_have_run, "Target", false},
    {"in doubt, resumed from the checkpoint", Phase::in_doubt, may_have_run, "Checkpoint", false},
    {"on its way back", Phase::rolling_back, is_aborted, "", true},
};

// When anybody is asked for anything for the first time in that phase.
void delete_in(Deleted& scene, Phase phase, bool& is_deleted) {
  const auto look = [&scene, phase, &is_deleted] {
    const auto there = scene.cluster.look(Scene::path());
    if (!there) return;
    if (is_deleted) scene.collect();
    if (is_deleted || text_at(*there, {"status", "phase"}) != to_string(phase)) return;
    is_deleted = true;
    scene.ask_for_deletion();
  };
  scene.cluster.before_read = [look](const kube::ResourcePath&) -> MaybeError {
    look();
    return std::nullopt;
  };
  scene.cluster.before_write = [look](const std::string&, const kube::ResourcePath&) -> MaybeError {
    look();
    return std::nullopt;
  };
  for (controller::fakes::Agent* agent : {&scene.source, &scene.target})
    agent->before = [look, before = agent->before](const std::string& what) -> std::optional<agent::AgentError> {
      look();
      return before ? before(what) : std::nullopt;
    };
}

BOOST_DATA_TEST_CASE(it_ends_well_all_the_same, data::make(kWays) * data::make({false, true}), way, in_foreground) {
  Deleted scene{in_foreground};
  bool is_deleted = false;
  way.leads_there(scene);
  delete_in(scene, way.phase, is_deleted);
  const std::string decided = way.decided;
  scene.run_to_end(decided.empty() ? 60 : 3);
  BOOST_TEST(is_deleted);
  if (!decided.empty()) {
    BOOST_REQUIRE(scene.cluster.look(Scene::path()).has_value());
    BOOST_TEST(to_string(scene.status().phase) == "InDoubt");
    BOOST_TEST(scene.uid_of(kPod) == scene.status().target.uid);
    scene.target.outcome = agent::RestoreState::used;
    scene.edit([&](Json& object) { object["spec"]["resolve"] = decided; });
    scene.run_to_end();
  }
  scene.check_gone({kSibling, kPod});
  BOOST_TEST((scene.uid_of(kPod) == "uid-source") == way.is_back);
}

// --- failed behind the commit ---

// From dead_shadow on of a live move; of the last one the shadow was removed, for a source that could not be thawed.
enum class Left { working_target, dead_target, dead_shadow, working_shadow, source_started_anew };

// As it stands when it has failed: the name is held, and what is lent is lent.
struct Failed : Deleted {
  Failed(Left left, bool foreground) : Deleted(foreground) {
    const Json moved = cluster.look(pod(kPod)).value();
    const bool is_live = left >= Left::dead_shadow;
    const std::string name = is_live ? kShadow : kPod;
    TargetPlan plan;
    plan.name = name;
    plan.is_shadow = is_live;
    Json made = target_pod(moved, migration(), plan);
    made["metadata"]["uid"] = "uid-target";
    made["spec"]["nodeName"] = "node-b";
    made["status"]["containerStatuses"] = {
        {{"name", "app"},
         {"state",
          left == Left::dead_target ? Json{{"terminated", {{"exitCode", 137}}}} : Json{{"running", Json::object()}}}}};
    if (left == Left::dead_shadow)  // and started anew
      made["status"]["containerStatuses"][0]["lastState"] = {
          {"terminated", {{"exitCode", 137}, {"reason", "Error"}, {"startedAt", "2026-01-01T00:00:00Z"}}}};
    const Json lent = lent_owners(moved, migration());
    if (is_live)
      cluster.change(pod(kPod), [&](Json& object) { object["metadata"]["ownerReferences"] = lent; });
    else
      cluster.drop(pod(kPod));
    if (left == Left::source_started_anew)
      source.started_anew = {"app"};
    else
      cluster.put(pod(name), made);
    cluster.change(path(), [&](Json& object) {
      object["metadata"]["finalizers"] = {kFinalizer};
      object["metadata"]["annotations"]["kubectl-migrate.dev/source"] = moved.dump();
      object["status"] = {{"phase", "Failed"},
                          {"strategy", is_live ? "Live" : "Sequential"},
                          {"finishedAt", to_rfc3339(now())},
                          {"owner", {{"kind", "StatefulSet"}, {"name", "orders"}, {"uid", "uid-set"}}},
                          {"source", {{"pod", kPod}, {"uid", "uid-source"}, {"node", "node-a"}}},
                          {"target", {{"pod", name}, {"uid", "uid-target"}, {"node", "node-b"}}}};
    });
    source.record.state = agent::SourceState::committed;
    source.has_archives = true;
    target.has_archives = true;
  }
  // Kills the controller at that write; false: there are not so many.
  bool delete_it(int kill_at) {
    Ending ending{kill_at};
    ending.at_write(*this, true);
    ask_for_deletion();
    run_to_end();
    cluster.before_write = nullptr;
    return ending.has_come();
  }
  [[nodiscard]] std::ptrdiff_t written(const std::string& what) const {
    const auto writes = cluster.writes();
    const auto found = std::find(writes.begin(), writes.end(), what);
    return found == writes.end() ? -1 : found - writes.begin();
  }
};

// With no controller killed, and with one at each write.
void each_kill(Left left, bool in_foreground, const std::function<void(const Failed&)>& check) {
  for (int n = 0;; ++n) {
    Failed scene{left, in_foreground};
    const bool is_killed = scene.delete_it(n);
    BOOST_TEST_CONTEXT("killed at write " << n) check(scene);
    if (n > 0 && !is_killed) {
      BOOST_TEST(n > 1);
      return;
    }
  }
}

BOOST_DATA_TEST_CASE(a_target_that_works_is_the_sets, data::make({false, true}), in_foreground) {
  each_kill(Left::working_target, in_foreground, [](const Failed& scene) {
    scene.check_gone({kSibling, kPod});
    BOOST_TEST(scene.uid_of(kPod) == "uid-target");
    BOOST_TEST(scene.written(std::string{"delete pods/"} + kPod) == -1);
  });
}

// So that the set makes it anew: it removes none of its Pods by itself that has ended.
BOOST_DATA_TEST_CASE(a_target_that_is_dead_makes_room, data::make({false, true}), in_foreground) {
  each_kill(Left::dead_target, in_foreground, [&](const Failed& scene) {
    scene.check_gone({kSibling});
    BOOST_TEST(scene.written(std::string{"delete pods/"} + kPod) >= 0);
  });
}

// The source is frozen for good, and nothing may be left beside what the set starts in its place. While one of the two
// is there the source is the set's already.
BOOST_DATA_TEST_CASE(a_shadow_makes_room_with_its_source, data::make({false, true}), in_foreground) {
  each_kill(Left::dead_shadow, in_foreground, [&](const Failed& scene) {
    scene.check_gone({kSibling});
    const auto shadow = scene.written(std::string{"delete pods/"} + kShadow);
    const auto source = scene.written(std::string{"delete pods/"} + kPod);
    BOOST_TEST(shadow >= 0);
    BOOST_TEST(source > shadow);
    if (!in_foreground) BOOST_TEST(scene.written(std::string{"patch pods/"} + kPod) < shadow);
  });
}

// It works, though without its memory, and nobody has asked for its end.
BOOST_DATA_TEST_CASE(a_source_that_was_started_anew_is_the_sets, data::make({false, true}), in_foreground) {
  each_kill(Left::source_started_anew, in_foreground, [](const Failed& scene) {
    scene.check_gone({kSibling, kPod});
    BOOST_TEST(scene.uid_of(kPod) == "uid-source");
    BOOST_TEST(scene.written(std::string{"delete pods/"} + kPod) == -1);
  });
}

// A Pod of which a container is frozen for good works no more.
BOOST_AUTO_TEST_CASE(one_that_was_started_anew_in_part_makes_room) {
  Failed scene{Left::source_started_anew, false};
  scene.source.facts.containers.push_back({"side", "id-side", "runc", 20_MiB, false});
  scene.ask_for_deletion();
  scene.run_to_end();
  scene.check_gone({kSibling});
}

BOOST_AUTO_TEST_CASE(a_source_that_cannot_be_looked_at_is_left_until_it_can_or_its_node_is_gone) {
  for (const bool comes_back : {true, false}) {
    Failed scene{Left::source_started_anew, false};
    bool is_away = true;
    scene.source.before = [&](const std::string&) -> std::optional<agent::AgentError> {
      if (!is_away) return std::nullopt;
      return agent::AgentError{agent::AgentError::Kind::unreachable, "no route to host"};
    };
    scene.ask_for_deletion();
    scene.run_to_end(3);
    BOOST_TEST(scene.cluster.look(Scene::path()).has_value());
    BOOST_TEST(scene.uid_of(kPod) == "uid-source");
    is_away = !comes_back;
    if (!comes_back) scene.cluster.drop(kube::core("nodes", "", "node-a"));
    scene.run_to_end();
    BOOST_TEST(!scene.cluster.look(Scene::path()), scene.log.text());
    BOOST_TEST(scene.uid_of(kPod) == (comes_back ? "uid-source" : ""));
  }
}

// As an earlier version left it. The set would start an empty Pod beside it.
BOOST_DATA_TEST_CASE(a_shadow_that_works_is_kept_until_a_person_removes_it, data::make({false, true}), in_foreground) {
  Failed scene{Left::working_shadow, in_foreground};
  scene.ask_for_deletion();
  scene.run_to_end(5);
  BOOST_REQUIRE(scene.cluster.look(Scene::path()).has_value());
  BOOST_TEST(scene.uid_of(kShadow) == "uid-target");
  BOOST_TEST(scene.uid_of(kPod) == "uid-source");
  const auto told = [&] {
    return std::count(scene.events.reasons.begin(), scene.events.reasons.end(), "MigrationShadowKept");
  };
  BOOST_TEST(told() == 1);
  const auto warnings = scene.status().warnings;
  BOOST_REQUIRE(warnings.size() == 1U);
  BOOST_TEST(warnings.front().find("kubectl delete pod orders-1-mig-a6pfz -n shop has StatefulSet orders start") !=
                 std::string::npos,
             warnings.front());
  scene.cluster.drop(Scene::pod(kShadow));
  scene.run_to_end();
  scene.check_gone({kSibling});
  BOOST_TEST(told() == 1);
}

// What cannot be looked at may have its memory.
BOOST_AUTO_TEST_CASE(nor_is_one_removed_that_cannot_be_looked_at) {
  Failed scene{Left::dead_shadow, false};
  bool is_away = true;
  scene.cluster.before_read = [&](const kube::ResourcePath& where) -> MaybeError {
    if (!is_away || where.name != kShadow) return std::nullopt;
    return controller::fakes::Cluster::error(kube::ApiError::Kind::server, "etcd has no leader");
  };
  scene.ask_for_deletion();
  scene.run_to_end(3);
  BOOST_TEST(scene.cluster.look(Scene::path()).has_value());
  BOOST_TEST(scene.uid_of(kShadow) == "uid-target");
  is_away = false;
  scene.run_to_end();
  scene.check_gone({kSibling});
}

// Nobody deletes it: the memory's archives are kept, and the name is held.
BOOST_DATA_TEST_CASE(as_long_as_it_is_there_nothing_is_touched, data::make({0, 1, 2, 3, 4}), left) {
  Failed scene{static_cast<Left>(left), false};
  const auto before = scene.cluster.names("pods");
  scene.run(3);
  BOOST_TEST(scene.cluster.names("pods") == before, boost::test_tools::per_element());
  BOOST_TEST(scene.source.has_archives);
  BOOST_TEST(scene.target.has_archives);
  BOOST_TEST(scene.migration().has_finalizer);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
