// Another version is installed while migrations are under way, by each strategy and at the doors of their phases: none
// is lost. Each either goes on to its end or ends with its source running as before, and one audit at the end says
// whether anything was lost, repeated or reordered on all of it.
#include <fmt/format.h>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <set>

#include "test/e2e/phase_gate.h"
#include "test/e2e/product_processes.h"
#include "test/e2e/scene.h"
#include "test/e2e/set_watch.h"
#include "test/e2e/sets.h"
#include "test/harness/product.h"

using namespace harness;
using Json = nlohmann::json;

namespace {

constexpr const char* kHome = "kubectl-migrate";

struct Row {
  const char* strategy;
  const char* phase;
  friend std::ostream& operator<<(std::ostream& out, const Row& row) {
    return out << row.strategy << " at the door of " << row.phase;
  }
};

// Before the freeze, while it is frozen or a copy replays, and behind the commit.
const std::vector<Row> kRows{
    {"stop", "Freezing"},        {"stop", "Committing"},         {"stop", "Restoring"},
    {"sequential", "Mirroring"}, {"sequential", "Transferring"}, {"sequential", "Switching"},
    {"live", "Checkpointing"},   {"live", "Replaying"},          {"live", "Switching"},
};

// Two versions that take turns, under tags that no node has seen before: the same programs, as there is no other
// version yet. Both are made before anybody waits for them.
class Versions {
 public:
  explicit Versions(const Cluster& cluster) : cluster_(cluster) {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    for (const char* which : {"a", "b"}) {
      tags_.push_back(fmt::format("upgrade-{}-{}", std::chrono::ceil<std::chrono::seconds>(now).count(), which));
      cluster_.must({"install", "--image-tag", tags_.back()});
    }
  }
  // As docs/upgrade.md says: CRDs, rights, policies, controller, agents and scheduler by one apply, which waits for
  // nobody. Answers with the tag that all is to have.
  std::string upgrade() {
    const std::string& tag = tags_.at(turn_++ % tags_.size());
    cluster_.must({"install", "--image-tag", tag, "--no-wait"});
    return tag;
  }

 private:
  const Cluster& cluster_;
  std::vector<std::string> tags_;
  std::size_t turn_ = 0;
};

// Made once; the cases move its consumer on from where the one before left it.
struct Started {
  Scene scene{"upgrade"};
  Versions versions{scene.cluster()};
  Started() {
    ConsumerSpec spec = Scene::consumer_on("node-a");
    spec.service_ms = 50;
    spec.prefetch = 5;
    scene.start(spec, {.per_second = 5, .producers = 2, .count = 0});
  }
};

Started& started() {
  static Started made;
  return made;
}

Scene& scene() {
  return started().scene;
}

Json pods_of_product(const char* program) {
  return scene().cluster().get({"pods", "-n", kHome, "-l", std::string{"app.kubernetes.io/name="} + program});
}

// The old Pods are gone, and each new one is of the new version.
bool are_all_of(const std::string& tag) {
  for (const char* program : {"migrate-extender", "migrate-agent"}) {
    const Json pods = pods_of_product(program);
    for (const Json& pod : pods.at("items"))
      if (!pod.at("spec").at("containers").at(0).at("image").get<std::string>().ends_with(":" + tag)) return false;
    if (pods.at("items").empty()) return false;
  }
  return true;
}

void check_all_are_of(const std::string& tag) {
  wait_for_product(scene().cluster());
  eventually("all of the product to be of version " + tag, [&] { return are_all_of(tag); });
}

// Pods of the product come and go: what a rollout takes, and what a migration may wait for an agent.
constexpr std::chrono::seconds kPatience{400};

// A migration of its consumer stands at the door of the phase meanwhile; the consumer is then where its end says.
void upgrade_at_the_door(Scene& moved, const Row& row) {
  const Stage& stage = moved.stage();
  std::string name = fmt::format("{}-{}", row.strategy, row.phase);
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
  std::string tag;
  {
    PhaseGate gate{moved.cluster(), stage.ns().name(), row.phase};
    const auto begun = stage.plugin(
        {moved.consumer(), "--to", moved.other_node(), "--strategy", row.strategy, "--name", name, "--no-wait"});
    stage.require(begun.succeeded(), "kubectl-migrate: " + text_of(begun), name);
    stage.await("its controller to come to the gate", name, [&] { return gate.is_reached(); });
    tag = started().versions.upgrade();
    gate.open();
  }
  const Json ended = stage.await_end(name, kPatience);
  check_all_are_of(tag);
  const auto phase = ended.at("status").at("phase").get<std::string>();
  BOOST_TEST_MESSAGE(row << ": " << phase << " " << ended.at("status").value("message", ""));
  if (phase == "Succeeded")
    moved.follow(ended);
  else
    stage.require(phase == "RolledBack", "it ended neither well nor as before", name);
  if (phase == "RolledBack") moved.check_runs_on(name);
  stage.check_nothing_left(name);
  moved.wait_for_more(20);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(upgrade)

BOOST_DATA_TEST_CASE(rolled_out_in_the_middle_none_is_lost, boost::unit_test::data::make(kRows), row) {
  upgrade_at_the_door(scene(), row);
}

// The source is committed, its name is about to be free and held by a policy that is applied anew, its Pod is lent.
BOOST_AUTO_TEST_CASE(a_set_s_pod_keeps_its_name_and_its_set) {
  (void)started();
  SetScene set{"upgrade-set"};
  set.start({.replicas = 2, .per_second = 10, .loaded = 1});
  const SetWatch watch{set.stage(), kSet, SetScene::pod_of(0)};
  upgrade_at_the_door(set.at(0), {"stop", "Renaming"});
  BOOST_TEST(set.at(0).consumer() == SetScene::pod_of(0));
  const std::string trouble = watch.trouble();
  BOOST_TEST(trouble.empty(), trouble);
  const Verdict verdict = set.judge();
  BOOST_TEST(verdict.clean, verdict.report);
}

// An older controller does not know the field, and would begin the migration.
BOOST_AUTO_TEST_CASE(a_dry_run_says_so_in_a_word_that_older_controllers_refuse) {
  const Stage& stage = scene().stage();
  Json object = migration_object(stage.cluster(), stage.ns().name(), scene().consumer(), "looked-at");
  object["spec"]["dryRun"] = true;
  const auto refused = stage.cluster().run({"kubectl", "create", "-f", "-"}, object.dump());
  BOOST_TEST(!refused.succeeded());
  BOOST_TEST(refused.errors.find("dry-run in spec.accept") != std::string::npos, refused.errors);
  // As such a controller sees it.
  object["spec"].erase("dryRun");
  object["spec"]["accept"] = Json::array({"dry-run"});
  stage.cluster().kubectl({"create", "-f", "-"}, object.dump());
  const Json ended = stage.await_end("looked-at");
  BOOST_TEST(ended.at("status").at("phase") == "Refused");
  BOOST_TEST(ended.at("status").at("reason") == "UnknownRisk");
  scene().check_runs_on("looked-at");
}

BOOST_AUTO_TEST_CASE(on_all_of_it_nothing_was_lost_repeated_or_reordered) {
  const Verdict verdict = scene().judge();
  BOOST_TEST_MESSAGE(verdict.report);
  BOOST_TEST(verdict.clean, verdict.report);
  // For whoever comes after.
  scene().cluster().must({"install"});
}

BOOST_AUTO_TEST_SUITE_END()
