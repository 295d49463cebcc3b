// Controller and agents are rolled out while migrations are under way, by each strategy and at the doors of their
// phases: none is lost. Each either goes on to its end or ends with its source running as before, and one audit at the
// end says whether anything was lost, repeated or reordered on all of it.
#include <fmt/format.h>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <set>

#include "test/e2e/phase_gate.h"
#include "test/e2e/product_processes.h"
#include "test/e2e/scene.h"
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

// Made once; the cases move its consumer on from where the one before left it.
struct Started {
  Scene scene{"upgrade"};
  Started() {
    ConsumerSpec spec = Scene::consumer_on("node-a");
    spec.service_ms = 50;
    spec.prefetch = 5;
    scene.start(spec, {.per_second = 5, .producers = 2, .count = 0});
  }
};

Scene& scene() {
  static Started made;
  return made.scene;
}

std::set<std::string> pods_of_product() {
  std::set<std::string> uids;
  for (const char* program : {"migrate-extender", "migrate-agent"}) {
    const Json pods =
        scene().cluster().get({"pods", "-n", kHome, "-l", std::string{"app.kubernetes.io/name="} + program});
    for (const Json& pod : pods.at("items"))
      uids.insert(pod.at("metadata").at("uid").get<std::string>());
  }
  return uids;
}

// As an upgrade does it: Pods of a new template take the place of the old ones, which are told to end.
void roll_out() {
  scene().cluster().kubectl(
      {"-n", kHome, "rollout", "restart", "deployment/migrate-extender", "daemonset/migrate-agent"});
}

void check_all_are_new(const std::set<std::string>& before) {
  wait_for_product(scene().cluster());
  eventually("the product's old Pods to be gone", [&] {
    const auto now = pods_of_product();
    return std::none_of(now.begin(), now.end(), [&](const std::string& uid) { return before.contains(uid); });
  });
}

// Pods of the product come and go: what a rollout takes, and what a migration may wait for an agent.
constexpr std::chrono::seconds kPatience{400};

}  // namespace

BOOST_AUTO_TEST_SUITE(upgrade)

BOOST_DATA_TEST_CASE(rolled_out_in_the_middle_none_is_lost, boost::unit_test::data::make(kRows), row) {
  const Stage& stage = scene().stage();
  const std::set<std::string> before = pods_of_product();
  std::string name = fmt::format("{}-{}", row.strategy, row.phase);
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
  {
    PhaseGate gate{scene().cluster(), stage.ns().name(), row.phase};
    const auto begun = stage.plugin(
        {scene().consumer(), "--to", scene().other_node(), "--strategy", row.strategy, "--name", name, "--no-wait"});
    stage.require(begun.succeeded(), "kubectl-migrate: " + text_of(begun), name);
    stage.await("its controller to come to the gate", name, [&] { return gate.is_reached(); });
    roll_out();
    gate.open();
  }
  const Json ended = stage.await_end(name, kPatience);
  check_all_are_new(before);
  const auto phase = ended.at("status").at("phase").get<std::string>();
  BOOST_TEST_MESSAGE(row << ": " << phase << " " << ended.at("status").value("message", ""));
  if (phase == "Succeeded")
    scene().follow(ended);
  else
    stage.require(phase == "RolledBack", "it ended neither well nor as before", name);
  if (phase == "RolledBack") scene().check_runs_on(name);
  stage.check_nothing_left(name);
  scene().wait_for_more(20);
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
}

BOOST_AUTO_TEST_SUITE_END()
