// Whether the memory has run on the target's node cannot be found out: it is said, nothing happens by itself, and a
// person's decision is carried out. One audit at the end says whether any of it cost a message.
#include <fmt/format.h>

#include <boost/test/unit_test.hpp>

#include "test/e2e/doubt.h"

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

BOOST_AUTO_TEST_SUITE_END()
