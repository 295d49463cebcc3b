// The target's node loses its power while the memory comes to life on it. Starts and ends a cluster of its own.
#include <fmt/format.h>

#include <boost/test/unit_test.hpp>

#include "test/e2e/doubt.h"
#include "test/e2e/holds.h"
#include "test/e2e/product_processes.h"
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

}  // namespace

BOOST_AUTO_TEST_SUITE(lost_node)

BOOST_AUTO_TEST_CASE(power_lost_in_the_middle_of_a_restore_leaves_a_doubt_and_the_source_can_be_kept) {
  const Cluster cluster;
  cluster.must({"up"});
  try {
    play();
  } catch (const std::exception& error) {
    BOOST_ERROR(error.what());
  }
  cluster.must({"down"});
}

BOOST_AUTO_TEST_SUITE_END()
