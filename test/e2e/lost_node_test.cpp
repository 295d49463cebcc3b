// The target's node loses its power while the memory comes to life on it, and the source's before the commit. Starts
// and ends a cluster of its own.
#include <fmt/format.h>

#include <boost/test/unit_test.hpp>

#include "test/e2e/doubt.h"
#include "test/e2e/holds.h"
#include "test/e2e/phase_gate.h"
#include "test/e2e/pod_events.h"
#include "test/e2e/product_processes.h"
#include "test/e2e/sets.h"
#include "test/e2e/small_pods.h"

using namespace harness;

namespace {

struct Row {
  std::string name;
  bool heals_at_once;
};

void heal(const Scene& scene, const std::string& node) {
  scene.cluster().must({"heal", node});
  scene.cluster().kubectl({"wait", "--for=condition=Ready", "node/" + node, "--timeout=180s"});
  wait_for_product(scene.cluster());
}

// `claimed` is written and CRIU begins when the power goes.
void lose(Scene& scene, const Row& row) {
  const migrate::test::TemporaryFolder folder;
  const std::string target = scene.other_node();
  auto hold = hold_criu(scene.cluster(), target);
  Background plugin{scene.stage().plugin_words({scene.consumer(), "--to", target, "--name", row.name}), folder / "out"};
  hold->await();
  scene.cluster().must({"kill", target, "all"});
  if (row.heals_at_once) heal(scene, target);
  const int code = plugin.wait(std::chrono::seconds{400});
  const migrate::Completed answer{migrate::Exited{code}, plugin.output(), plugin.errors()};
  BOOST_TEST_MESSAGE(answer.output << answer.errors);
  check_doubt(scene, row.name, answer);
  decide(scene, row.name, {"resolve", row.name, "--keep", "source"}, "Rolled back");
  scene.check_runs_on(row.name);
  if (!row.heals_at_once) heal(scene, target);
  hold.reset();
  scene.stage().check_nothing_left(row.name);
}

void play() {
  Scene scene{"lost-node"};
  // Few: for minutes nobody handles them.
  scene.start(Scene::consumer_on("node-a"), {.per_second = 1, .producers = 2, .count = 0, .node = "node-c"});
  for (const Row& row : {Row{"back-soon", true}, Row{"stays-away", false}})
    lose(scene, row);
  // The node is as good as before.
  (void)scene.move({"--to", scene.other_node()});
  const Verdict verdict = scene.judge();
  BOOST_TEST_MESSAGE(verdict.report);
  BOOST_TEST(verdict.clean, verdict.report);
}

// The source's power goes when it is frozen and not committed. Its agent is waited for until somebody deletes the Pod
// without waiting for its node; then nothing keeps its set from starting it, without its memory, elsewhere.
void lose_source() {
  SetScene set{"lost-source"};
  set.start({.replicas = 1, .parallel = false, .per_second = 8});
  const Scene& scene = set.at(0);
  const Stage& stage = scene.stage();
  const std::string name = "source-lost";
  const std::string source = scene.node();
  const std::string pod = scene.consumer();
  const std::string uid = uid_of(stage.pod(pod));
  const auto phase = [&] {
    return stage.migration(name).value(nlohmann::json::json_pointer{"/status/phase"}, std::string{});
  };
  PhaseGate gate{scene.cluster(), stage.ns().name(), "Committing", name};
  const auto begun = stage.plugin({pod, "--to", scene.other_node(), "--strategy", "stop", "--name", name, "--no-wait"});
  stage.require(begun.succeeded(), text_of(begun), name);
  stage.await("the migration to come to Committing", name, [&] { return gate.is_reached(); });
  scene.cluster().must({"kill", source, "all"});
  gate.open();
  stage.await(
      "the way back", name, [&] { return phase() == "RollingBack"; }, std::chrono::seconds{180});
  stage.require(uid_of(stage.pod(pod)) == uid, "the source's Pod is another one already", name);
  scene.cluster().kubectl({"-n", stage.ns().name(), "delete", "pod", pod, "--force", "--grace-period=0"});
  const auto ended = stage.await_end(name).at("status");
  stage.require(ended.at("phase") == "RolledBack", "it ended otherwise", name);
  stage.require(
      ended.value("warnings", nlohmann::json::array()).dump().find("is lost with node " + source) != std::string::npos,
      "no warning says that the source is lost", name);
  // By itself it would look in as many seconds as it has been denied for, which are minutes by now.
  stage.await(
      "the set to make its Pod", name,
      [&] {
        const std::string now = scene.cluster().kubectl(
            {"-n", stage.ns().name(), "get", "pod", pod, "--ignore-not-found", "-o", "jsonpath={.metadata.uid}"});
        return !now.empty() && now != uid;
      },
      std::chrono::seconds{30});
  scene.cluster().wait_ready(stage.ns().name(), pod);
  stage.require(controller_of(stage.pod(pod)).value("kind", "") == "StatefulSet", "it is not the set's", name);
  heal(scene, source);
  stage.check_nothing_left(name);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(lost_node)

BOOST_AUTO_TEST_CASE(power_lost_is_a_doubt_in_the_middle_of_a_restore_and_none_before_the_commit) {
  const Cluster cluster;
  cluster.must({"up"});
  for (const auto& lose_power : {play, lose_source})
    try {
      lose_power();
    } catch (const std::exception& error) {
      BOOST_ERROR(error.what());
    }
  cluster.must({"down"});
}

BOOST_AUTO_TEST_SUITE_END()
