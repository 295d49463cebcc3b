// Other container runtimes: a consumer under load moves from containerd 2.3 to 2.4, which no longer restores from
// images, on to CRI-O, and back. Starts and ends a cluster of its own.
#include <fmt/format.h>

#include <boost/test/unit_test.hpp>

#include "test/e2e/scene.h"

using namespace harness;

namespace {

void move_around() {
  Scene scene{"runtimes"};
  scene.start(Scene::consumer_on("node-a"));
  for (const char* node : {"node-b", "node-c", "node-a", "node-c", "node-b", "node-a"}) {
    const auto move = scene.move({"--to", node});
    BOOST_TEST_MESSAGE(node << ": gap " << move.migration.at("status").at("gapMs") << " ms\n" << move.told);
    BOOST_TEST(scene.node() == node);
    scene.stage().check_nothing_left(move.migration.at("metadata").at("name").get<std::string>());
  }
  // CRI-O's own checkpoint would thaw what is frozen.
  const auto away = scene.move({"--to", "node-c"});
  const auto refused = scene.stage().plugin({scene.consumer(), "--to", "node-a", "--checkpoint", "kubelet"});
  BOOST_TEST(code_of(refused) == 3, text_of(refused));
  BOOST_TEST(refused.errors.find("--checkpoint direct") != std::string::npos, text_of(refused));
  const Verdict verdict = scene.judge();
  BOOST_TEST_MESSAGE(verdict.report);
  BOOST_TEST(verdict.clean, verdict.report);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(runtimes)

BOOST_AUTO_TEST_CASE(a_consumer_under_load_moves_from_containerd_2_3_to_2_4_to_cri_o_and_back) {
  const Cluster cluster;
  cluster.must({"up", "--containerd", "node-b=2.4.2", "--runtime", "node-c=crio"});
  try {
    move_around();
  } catch (const std::exception& error) {
    BOOST_ERROR(error.what());
  }
  cluster.must({"down"});
}

BOOST_AUTO_TEST_SUITE_END()
