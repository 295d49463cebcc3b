// The consumer in Python, migrated by every strategy like the one in C++: one audit at the end says whether anything
// was lost, repeated or reordered on all of it.
#include <boost/test/unit_test.hpp>

#include "test/e2e/scene.h"

using namespace harness;

BOOST_AUTO_TEST_SUITE(python)

BOOST_AUTO_TEST_CASE(a_python_consumer_moves_by_every_strategy) {
  Scene scene{"python"};
  ConsumerSpec spec = Scene::consumer_on("node-a");
  spec.language = ConsumerSpec::Language::python;
  spec.service_ms = 50;
  spec.prefetch = 5;
  scene.start(spec, {.per_second = 5, .producers = 2, .count = 0});
  struct Row {
    const char* strategy;
    const char* status;
  };
  for (const Row& row : {Row{"stop", "Stop"}, Row{"live", "Live"}, Row{"sequential", "Sequential"}}) {
    const std::string node = scene.other_node();
    const std::uint64_t before = scene.repeats();
    const auto move = scene.move({"--to", node, "--strategy", row.strategy});
    const auto& status = move.migration.at("status");
    BOOST_TEST(status.at("phase") == "Succeeded");
    BOOST_TEST(status.at("strategy") == row.status);
    BOOST_TEST(scene.node() == node);
    BOOST_TEST_MESSAGE(row.strategy << ": gap " << status.at("gapMs") << " ms\n" << move.told);
    scene.stage().check_nothing_left(move.migration.at("metadata").at("name").get<std::string>());
    scene.wait_for_more(20);
    BOOST_TEST(scene.repeats() - before <= repeats_allowed(move.migration, spec.prefetch), row.strategy);
  }
  const Verdict verdict = scene.judge();
  BOOST_TEST_MESSAGE(verdict.report);
  BOOST_TEST(verdict.clean, verdict.report);
}

BOOST_AUTO_TEST_SUITE_END()
