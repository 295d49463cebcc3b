// A set whose Pod was lent and is gone is told once the name is free: not before, as it would be denied, and not where
// there is a Pod.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "shared/base/time.h"
#include "test/unit/controller/of_set.h"

namespace {

using namespace migrate;
using namespace migrate::controller;
using namespace std::chrono_literals;
namespace data = boost::unit_test::data;
using Kind = agent::AgentError::Kind;
using MaybeError = std::optional<kube::ApiError>;

const kube::ResourcePath kSet{"apps", "v1", "statefulsets", "shop", "orders", ""};
constexpr const char* kShadow = "orders-1-mig-a6pfz";

// The set's controller makes the Pod as soon as it is woken, unless it is denied.
struct Woken : OfSet {
  Woken() {
    cluster.before_write = [this](const std::string& verb, const kube::ResourcePath& where) -> MaybeError {
      if (where.plural != kSet.plural) return std::nullopt;
      BOOST_TEST(verb == "patch");
      BOOST_TEST(where.subresource == "status");
      const auto there = cluster.look(path());
      told_in.push_back(there ? text_at(*there, {"status", "phase"}) : "gone");
      told_at.push_back(now());
      if (refusal) return controller::fakes::Cluster::error(*refusal, "no");
      if (told_in.size() > denied) fill();
      return std::nullopt;
    };
  }
  void fill() {
    Json anew = samples::pod();
    anew["metadata"]["uid"] = "uid-anew";
    anew["metadata"]["ownerReferences"] = owners;
    cluster.put(pod(kPod), anew);
  }
  // As the record stands, with the source's Pod gone, and in the end the target's.
  void stand(Phase phase, Strategy strategy) {
    const Json moved = cluster.look(pod(kPod)).value();
    cluster.drop(pod(kPod));
    cluster.change(path(), [&](Json& object) {
      object["metadata"]["finalizers"] = Json::array({kFinalizer});
      object["metadata"]["annotations"]["kubectl-migrate.dev/source"] = moved.dump();
      MigrationStatus status;
      status.phase = phase;
      status.strategy = strategy;
      status.owner = OwnerRef{"StatefulSet", "orders", "uid-set"};
      status.source = {kPod, "uid-source", "node-a"};
      status.target = {strategy == Strategy::live ? kShadow : kPod, "uid-target", "node-b"};
      if (is_final(phase)) status.finished = now();
      object["status"] = to_json(status);
    });
    source.record.state = agent::SourceState::committed;
  }
  void ask_for_deletion() {
    edit([](Json& object) { object["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"; });
  }
  void run_on(int most = 60) {
    while (most-- > 0 && cluster.look(path()) && once()) {
    }
  }
  [[nodiscard]] std::string freed() const {
    return text_at(cluster.look(kSet).value_or(Json::object()), {"metadata", "annotations", kNameFreedAnnotation});
  }
  void check_told(const std::vector<std::string>& phases) const {
    BOOST_TEST(told_in == phases, boost::test_tools::per_element());
    BOOST_TEST(freed().empty() == phases.empty());
  }

  std::size_t denied = 0;  // so often the set comes too early
  std::optional<kube::ApiError::Kind> refusal;
  std::vector<std::string> told_in;  // the Migration's phase then
  std::vector<Instant> told_at;
};

// How a record may stand once the name is free, or will be.
struct End {
  Phase phase = Phase::failed;
  Strategy strategy = Strategy::stop;
  friend std::ostream& operator<<(std::ostream& out, const End& one) {
    return out << to_string(one.phase) << " " << to_string(one.strategy);
  }
};
const std::vector<End> kEnds{{Phase::rolled_back}, {Phase::succeeded}, {Phase::failed}};
const std::vector<End> kFailures{
    {Phase::failed, Strategy::stop}, {Phase::failed, Strategy::sequential}, {Phase::failed, Strategy::live}};

BOOST_AUTO_TEST_SUITE(set_woken)

struct Loss {
  const char* what;
  std::function<void(Woken&)> happens;
  std::vector<std::string> told_in;
  friend std::ostream& operator<<(std::ostream& out, const Loss& loss) { return out << loss.what; }
};
const std::vector<Loss> kLosses{
    {"its Pod is deleted", [](Woken& scene) { scene.cluster.drop(Scene::pod(kPod)); }, {"RolledBack"}},
    {"somebody has made another", [](Woken& scene) { scene.fill(); }, {}},
    // The Pod is given back, and whoever removes it wakes the set.
    {"its node is deleted", [](Woken& scene) { scene.cluster.drop(kube::core("nodes", "", "node-a")); }, {}},
};

BOOST_DATA_TEST_CASE(a_source_is_lost_with_its_node_before_the_commit, data::make(kLosses), loss) {
  Woken scene;
  bool is_away = false;
  scene.source.before = [&](const std::string& what) -> std::optional<agent::AgentError> {
    if (what == "checkpoint" && !is_away) {
      is_away = true;
      loss.happens(scene);
    }
    if (!is_away) return std::nullopt;
    return agent::AgentError{Kind::unreachable, "no route to host"};
  };
  scene.run(60);
  BOOST_TEST(to_string(scene.status().phase) == "RolledBack", scene.status().message + scene.log.text());
  scene.check_told(loss.told_in);
  BOOST_TEST(scene.cluster.look(Scene::pod(kPod)).has_value());
}

BOOST_FIXTURE_TEST_CASE(a_shadow_is_lost_on_its_way_back, Woken) {
  stand(Phase::returning, Strategy::live);
  run_on();
  BOOST_TEST(to_string(status().phase) == "Succeeded", status().message + log.text());
  const MigrationStatus ended = status();
  const Condition* restored = find_condition(ended, "NameRestored");
  BOOST_REQUIRE(restored != nullptr);
  BOOST_TEST(restored->reason == "ShadowGone");
  check_told({"Succeeded"});
  BOOST_TEST(!migration().has_finalizer);
}

// As long as the object is there it holds the name.
BOOST_DATA_TEST_CASE(what_failed_is_deleted, data::make(kFailures), end) {
  Woken scene;
  scene.stand(end.phase, end.strategy);
  scene.run_on(3);
  scene.check_told({});
  scene.ask_for_deletion();
  scene.run_on();
  BOOST_TEST(!scene.cluster.look(Scene::path()), scene.log.text());
  scene.check_told({"gone"});
}

// Its shadow has died, and with it goes the frozen source, which the set has back by then: it looks too early.
BOOST_FIXTURE_TEST_CASE(what_failed_is_deleted_with_its_source, Woken) {
  const Json lent = lent_owners(cluster.look(pod(kPod)).value(), migration());
  Json frozen = cluster.look(pod(kPod)).value();
  frozen["metadata"]["ownerReferences"] = lent;
  stand(Phase::failed, Strategy::live);
  cluster.put(pod(kPod), frozen);
  ask_for_deletion();
  run_on();
  BOOST_TEST(!cluster.look(path()), log.text());
  check_told({"gone"});
}

// API servers know at different times that the name is free.
BOOST_DATA_TEST_CASE(a_set_that_is_denied_once_more_is_told_once_more, data::make(kEnds), end) {
  Woken scene;
  scene.denied = 2;
  scene.stand(end.phase, end.strategy);
  if (end.phase == Phase::failed) scene.ask_for_deletion();
  scene.run_on();
  BOOST_TEST(scene.told_in.size() == 3U);
  for (std::size_t i = 1; i < scene.told_at.size(); ++i)
    BOOST_TEST((scene.told_at[i] - scene.told_at[i - 1] >= 1s));
  BOOST_TEST((scene.told_at.back() - scene.told_at.front() < 5s));
  if (end.phase != Phase::failed) BOOST_TEST(!scene.migration().has_finalizer);
}

// Scaled down meanwhile, or without the right to tell it: the end is not held up for ever.
BOOST_DATA_TEST_CASE(a_set_that_makes_no_pod_is_not_told_for_ever, data::make(kEnds) * data::make({false, true}), end,
                     is_forbidden) {
  Woken scene;
  scene.denied = 1'000;
  if (is_forbidden) scene.refusal = kube::ApiError::Kind::forbidden;
  scene.stand(end.phase, end.strategy);
  const Instant begun = scene.now();
  if (end.phase == Phase::failed) scene.ask_for_deletion();
  scene.run_on(120);
  BOOST_TEST((scene.now() - begun < 3min));
  if (end.phase == Phase::failed)
    BOOST_TEST(!scene.cluster.look(Scene::path()), scene.log.text());
  else
    BOOST_TEST(!scene.migration().has_finalizer, scene.log.text());
  BOOST_TEST(!scene.told_in.empty());
  BOOST_TEST(scene.told_in.size() < 60U);
}

struct Absence {
  const char* what;
  std::function<void(Json& set)> changes;  // null: there is none
  friend std::ostream& operator<<(std::ostream& out, const Absence& one) { return out << one.what; }
};
const std::vector<Absence> kAbsences{
    {"it is deleted", nullptr},
    {"another one has its name", [](Json& set) { set["metadata"]["uid"] = "uid-other"; }},
};

BOOST_DATA_TEST_CASE(a_set_that_is_gone_is_nobody_to_tell, data::make(kAbsences), absence) {
  Woken scene;
  scene.denied = 1'000;
  scene.stand(Phase::rolled_back, Strategy::stop);
  if (absence.changes)
    scene.cluster.change(kSet, absence.changes);
  else
    scene.cluster.drop(kSet);
  scene.run_on();
  BOOST_TEST(!scene.migration().has_finalizer, scene.log.text());
  BOOST_TEST(scene.told_in.size() == 1U);
  BOOST_TEST(scene.freed().empty());
}

// The first hop holds the name still, and its shadow works.
BOOST_FIXTURE_TEST_CASE(a_second_hop_that_comes_to_nothing_tells_nobody, Woken) {
  stand(Phase::rolled_back, Strategy::stop);
  cluster.change(path(), [](Json& object) {
    object["spec"]["target"]["node"] = "node-a";
    object["spec"]["target"]["name"] = kPod;
    object["spec"]["pod"]["name"] = kShadow;
  });
  run_on();
  BOOST_TEST(!migration().has_finalizer, log.text());
  check_told({});
}

BOOST_DATA_TEST_CASE(a_pod_that_is_there_is_none_to_tell_of, data::make({false, true}), is_aborted) {
  Woken scene;
  scene.source.before = [&](const std::string& what) -> std::optional<agent::AgentError> {
    if (what == "checkpoint" && is_aborted) scene.abort();
    return std::nullopt;
  };
  scene.run();
  BOOST_TEST(to_string(scene.status().phase) == (is_aborted ? "RolledBack" : "Succeeded"));
  scene.check_is_sets(kPod);
  scene.check_told({});
}

// One that ends between the record of the end and the word to the set leaves it to the next one.
BOOST_FIXTURE_TEST_CASE(the_next_controller_tells_it, Woken) {
  stand(Phase::rolled_back, Strategy::stop);
  time.pass(16s);  // until the Lease is free
  run_on();
  check_told({"RolledBack"});
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
