// Whatever phase the move of a set's Pod is in when it is aborted or deleted: in the end one Pod has the name, works
// and is the set's, and nobody else's Pod was touched.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "test/unit/controller/of_set.h"
#include "test/unit/controller/replay_scene.h"

namespace {

using namespace migrate;
using namespace migrate::controller;
using namespace std::chrono_literals;
namespace data = boost::unit_test::data;
using MaybeError = std::optional<kube::ApiError>;

constexpr const char* kSibling = "orders-0";

enum class Blow { abort, deletion_in_background, deletion_in_foreground };

const char* word_of(Blow blow) {
  switch (blow) {
    case Blow::abort:
      return "abort";
    case Blow::deletion_in_background:
      return "deletion in background";
    case Blow::deletion_in_foreground:
      return "deletion in foreground";
  }
  return "";
}

struct Case {
  Strategy strategy;
  Blow blow;
  friend std::ostream& operator<<(std::ostream& out, const Case& one) {
    return out << to_string(one.strategy) << ", " << word_of(one.blow);
  }
};

std::vector<Case> every_case() {
  std::vector<Case> all;
  for (const Strategy strategy : {Strategy::stop, Strategy::sequential, Strategy::live})
    for (const Blow blow : {Blow::abort, Blow::deletion_in_background, Blow::deletion_in_foreground})
      all.push_back({strategy, blow});
  return all;
}

// Within a phase: when it asks for something for the first time, or when it is about to write into its record, as it
// does at its end.
enum class Moment { begun, recording };

// The garbage collector and the set's controller are played as well.
struct Moving : Replay, SetsPod {
  explicit Moving(Strategy strategy) : Replay(strategy), SetsPod(static_cast<Scene&>(*this), "StatefulSet") {
    Json sibling = cluster.look(pod(kPod)).value();
    sibling["metadata"]["uid"] = "uid-sibling";
    cluster.put(pod(kSibling), sibling);
    time.on_pass = [this] {
      leadership.turn({});
      if (cluster.look(path())) live_on();
    };
    target.after = [this](const std::string& what) {
      if (what == "release") come_to_life();
    };
    cluster.before_read = [this](const kube::ResourcePath& where) -> MaybeError {
      come_back(where);
      look(Moment::begun);
      return std::nullopt;
    };
    cluster.before_write = [this](const std::string& verb, const kube::ResourcePath& where) -> MaybeError {
      if (verb == "delete" && where.plural == "pods") note_deletion(where.name);
      const bool is_record = where.plural == path().plural && where.subresource == "status";
      look(is_record && where.name == path().name ? Moment::recording : Moment::begun);
      return std::nullopt;
    };
    for (controller::fakes::Agent* agent : {&source, &target})
      agent->before = [this, before = agent->before](const std::string& what) -> std::optional<agent::AgentError> {
        look(Moment::begun);
        return before ? before(what) : std::nullopt;
      };
    time.pass(2s);
  }

  // To its end, or until the object is gone.
  void run_to_end() {
    for (int most = 60; most > 0 && cluster.look(path()) && once(); --most) {
    }
    if (!cluster.look(path())) collect();
  }

  void check_one_works() const {
    BOOST_TEST((cluster.names("pods") == std::vector<std::string>{kSibling, kPod}), log.text());
    check_is_sets(kSibling);
    BOOST_TEST(uid_of(kSibling) == "uid-sibling");
    BOOST_REQUIRE(cluster.look(pod(kPod)).has_value());
    check_is_sets(kPod);
    BOOST_TEST(works(), uid_of(kPod) + " does not work\n" + log.text());
    const Json now = cluster.look(pod(kPod)).value();
    BOOST_TEST(!has(now, {"metadata", "annotations", kRestoreAnnotation}));
    BOOST_TEST(!has(now, {"metadata", "labels", kMigrationLabel}));
    BOOST_TEST(wrongly_deleted == std::vector<std::string>{}, boost::test_tools::per_element());
    BOOST_TEST(!source.has_archives);
    BOOST_TEST(!target.has_archives);
    BOOST_TEST(!broker->has_queue(kMirror + std::string{"uid-migration"}));
  }

  std::optional<Blow> blow;  // what happens, once, in
  std::string phase;
  Moment moment = Moment::begun;
  bool has_fallen = false;
  std::vector<std::string> wrongly_deleted;

 private:
  [[nodiscard]] std::string uid_of(const std::string& name) const {
    return text_at(cluster.look(pod(name)).value_or(Json::object()), {"metadata", "uid"});
  }
  // The source as long as it is not committed, the target once its memory has come to life.
  [[nodiscard]] bool works() const {
    const std::string uid = uid_of(kPod);
    if (uid == "uid-source")
      return source.record.state == agent::SourceState::none || source.record.state == agent::SourceState::thawed;
    const auto restored = target.targets.find(uid);
    return uid == kHome || (restored != target.targets.end() && restored->second == agent::RestoreState::used);
  }

  void look(Moment now) {
    if (has_fallen) {
      if (blow == Blow::deletion_in_foreground) collect();
      return;
    }
    if (!blow || (moment == Moment::recording && now != Moment::recording)) return;
    const auto there = cluster.look(path());
    if (!there || text_at(*there, {"status", "phase"}) != phase) return;
    has_fallen = true;
    fall();
  }
  void fall() {
    if (blow == Blow::abort) {
      abort();
      return;
    }
    cluster.change(path(), [](Json& object) { object["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"; });
    // Without a finalizer it is gone.
    if (at_work != nullptr && cluster.look(path())) at_work->tell(migration());
  }

  // The garbage collector takes the Migration from a Pod's owners: in foreground while it is being deleted, else when
  // it is gone. A Pod that has no other owner goes with it; the set adopts one of a name of its own.
  void collect() {
    for (const std::string& name : cluster.names("pods")) {
      const Json before = owners_now(name);
      Json left = Json::array();
      for (const Json& one : before)
        if (one.at("uid") != "uid-migration") left.push_back(one);
      if (left.size() == before.size()) continue;
      if (left.empty()) cluster.drop(pod(name));
      cluster.change(pod(name),
                     [&](Json& object) { object["metadata"]["ownerReferences"] = name == kPod ? owners : left; });
    }
  }

  // What the application is in must not be deleted: the source before the commit, the shadow behind it, a sibling ever.
  // (An order for a uid that is another Pod's by now deletes nothing.)
  void note_deletion(const std::string& name) {
    const bool is_committed = source.record.state == agent::SourceState::committed;
    const bool is_shadow = name != kPod && !name.ends_with("-mig-hold");
    if (name == kSibling || (uid_of(name) == "uid-source" && !is_committed) || (is_shadow && is_committed))
      wrongly_deleted.push_back(name);
  }
};

// Of a move that nothing happens to.
std::vector<std::string> phases_of(Strategy strategy) {
  Moving scene{strategy};
  scene.run_to_end();
  BOOST_TEST(to_string(scene.status().phase) == "Succeeded", scene.status().message + scene.log.text());
  scene.check_one_works();
  return names_of(scene.status().steps);
}

void check_end(const Moving& scene, Phase begun_in) {
  scene.check_one_works();
  if (!scene.cluster.look(Scene::path())) return;  // it was deleted, and the Pods tell
  BOOST_TEST((scene.blow == Blow::abort), "the Migration is still there: " + scene.log.text());
  BOOST_TEST(!scene.migration().has_finalizer);
  const std::string end{to_string(scene.status().phase)};
  if (is_after_commit(begun_in)) BOOST_TEST(end == "Succeeded", scene.log.text());
  // Of Committing the source's record decides.
  if (!is_after_commit(begun_in) && begun_in != Phase::committing) BOOST_TEST(end == "RolledBack", scene.log.text());
}

BOOST_AUTO_TEST_SUITE(set_every_phase)

BOOST_DATA_TEST_CASE(one_pod_works_and_is_the_sets, data::make(every_case()), one) {
  const auto phases = phases_of(one.strategy);
  for (const Phase own : {Phase::placing, Phase::orphaning, Phase::committing, Phase::finishing})
    BOOST_TEST(std::count(phases.begin(), phases.end(), to_string(own)) == 1);
  for (const std::string& phase : phases)
    for (const Moment moment : {Moment::begun, Moment::recording})
      BOOST_TEST_CONTEXT("in " << phase << (moment == Moment::begun ? "" : ", at its record")) {
        Moving scene{one.strategy};
        scene.blow = one.blow;
        scene.phase = phase;
        scene.moment = moment;
        scene.run_to_end();
        BOOST_TEST(scene.has_fallen);
        check_end(scene, phase_from(phase).value());
      }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
