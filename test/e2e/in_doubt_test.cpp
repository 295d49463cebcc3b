// Whether the memory has run on the target's node cannot be found out: it is said, nothing happens by itself, and a
// person's decision is carried out, if it can be. An audit at the end says whether any of it cost a message.
#include <fmt/format.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>

#include "test/e2e/doubt.h"
#include "test/e2e/small_pods.h"

using namespace harness;
using Json = nlohmann::json;

namespace {

// Made once; the cases move its consumer on from where the one before left it.
struct Started {
  Scene scene{"in-doubt"};
  Started() { scene.start(consumer_with_side(scene, "node-a")); }
};

Scene& scene() {
  static Started made;
  return made.scene;
}

// What was decided has come to its end, and the target is the consumer now.
void follow(const std::string& migration) {
  scene().follow(scene().stage().migration(migration));
  scene().stage().check_nothing_left(migration);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(in_doubt)

BOOST_AUTO_TEST_CASE(resolved_for_the_source) {
  const std::string before = scene().consumer();
  check_doubt(scene(), "for-source", lose_criu(scene(), "for-source"));
  decide(scene(), "for-source", {"resolve", "for-source", "--keep", "source"}, "Rolled back");
  BOOST_TEST(scene().consumer() == before);
  scene().check_runs_on("for-source");
  scene().stage().check_nothing_left("for-source");
}

BOOST_AUTO_TEST_CASE(without_a_doubt_there_is_nothing_to_decide) {
  for (const Words& words :
       {Words{"resolve", "for-source", "--keep", "source"}, Words{"resolve", "for-source", "--keep", "target"},
        Words{"resume", "for-source", "--from-checkpoint"}}) {
    const auto refused = scene().stage().plugin(words);
    BOOST_TEST(code_of(refused) == 1, text_of(refused));
    BOOST_TEST(refused.errors.find("for-source is not in doubt (phase RolledBack)") != std::string::npos,
               text_of(refused));
  }
  // Nor past the plugin.
  const auto patched =
      scene().cluster().run({"kubectl", "-n", scene().stage().ns().name(), "patch", "migrations.kubectl-migrate.dev",
                             "for-source", "--type=merge", "-p", R"({"spec": {"resolve": "Target"}})"});
  BOOST_TEST(!patched.succeeded());
  BOOST_TEST(patched.errors.find("only while status.phase is InDoubt") != std::string::npos, text_of(patched));
  scene().check_runs_on("for-source");
}

BOOST_AUTO_TEST_CASE(resumed_from_the_checkpoint) {
  check_doubt(scene(), "again", lose_criu(scene(), "again"));
  // It leads into the same doubt, and can be decided in the same way once more.
  check_doubt(scene(), "again", lose_criu_again(scene(), "again"));
  decide(scene(), "again", {"resume", "again", "--from-checkpoint"}, "continues");
  BOOST_TEST(scene().other_node() == "node-b");
  follow("again");
  BOOST_TEST(scene().node() == "node-b");
}

BOOST_AUTO_TEST_CASE(resolved_for_the_target_which_goes_on_with_its_memory) {
  const auto target = scene().other_node();
  check_doubt(scene(), "for-target", spoil_side(scene(), "for-target"));
  decide(scene(), "for-target", {"resolve", "for-target", "--keep", "target"}, "continues");
  follow("for-target");
  BOOST_TEST(scene().node() == target);
}

BOOST_AUTO_TEST_CASE(no_message_was_lost_or_done_twice) {
  const Verdict verdict = scene().judge();
  BOOST_TEST_MESSAGE(verdict.report);
  BOOST_TEST(verdict.clean, verdict.report);
}

// A kubelet that started it cold beside the doubt would make it a consumer without memory.
BOOST_AUTO_TEST_CASE(a_source_is_removed_before_its_liveness_probe_would_have_it_started_cold) {
  Scene probed{"in-doubt-probed"};
  ConsumerSpec consumer = Scene::consumer_on("node-a");
  consumer.liveness_failures = 8;  // 12 s frozen are allowed
  probed.start(consumer, {.per_second = 5, .producers = 2, .count = 0});
  const std::string source = probed.consumer();
  const Stage& stage = probed.stage();
  const auto has = [](const migrate::Completed& answer, const std::string& part) {
    return (answer.output + answer.errors).find(part) != std::string::npos;
  };

  const auto doubt = lose_criu(probed, "outlasted");
  BOOST_TEST(code_of(doubt) == 6, text_of(doubt));
  BOOST_TEST(has(doubt, "frozen on node node-a with its memory until"), text_of(doubt));
  int restarts = 0;
  stage.await(
      "the source Pod to be removed", "outlasted",
      [&] {
        const auto seen = stage.cluster().run(
            {"kubectl", "-n", stage.ns().name(), "get", "pod", source, "--ignore-not-found", "-o", "json"});
        if (!seen.succeeded()) return false;
        if (seen.output.empty()) return true;
        restarts = std::max(restarts, restarts_of(Json::parse(seen.output)));
        return false;
      },
      std::chrono::seconds{30});
  BOOST_TEST(restarts == 0);

  const auto refused = stage.plugin({"resolve", "outlasted", "--keep", "source"});
  BOOST_TEST(code_of(refused) == 6, text_of(refused));
  BOOST_TEST(has(refused, "it cannot be resolved for the source: its memory is gone"), text_of(refused));
  BOOST_TEST(!has(refused, "the source continues"), text_of(refused));
  decide(probed, "outlasted", {"resume", "outlasted", "--from-checkpoint"}, "continues");
  probed.follow(stage.migration("outlasted"));
  stage.check_nothing_left("outlasted");
  const Verdict verdict = probed.judge();
  BOOST_TEST_MESSAGE(verdict.report);
  BOOST_TEST(verdict.clean, verdict.report);
}

BOOST_AUTO_TEST_SUITE_END()
