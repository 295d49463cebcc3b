// Other container runtimes: a consumer under load moves from containerd 2.3 to 2.4, which no longer restores from
// images and says so, on to CRI-O, and back. Starts and ends a cluster of its own.
#include <fmt/format.h>

#include <boost/test/unit_test.hpp>

#include "test/e2e/scene.h"

using namespace harness;

namespace {

// An administrator's: containerd reads it when it starts, its node's agent asks every 10 s.
void switch_restores_off(const Cluster& cluster, const std::string& node) {
  cluster.on(node, {"sed", "-i",
                    "s/enable_experimental_restore_via_create = true/"
                    "enable_experimental_restore_via_create = false/",
                    "/etc/containerd/config.toml"});
  cluster.on(node, {"sv", "restart", "/etc/machine/services/containerd"});
  eventually(node + "'s agent to tell of the switch", [&] {
    return cluster.get({"migrationnodes.kubectl-migrate.dev", node}).at("facts").value("restoreViaCreate", true) ==
           false;
  });
}

// The consumer is on node-c.
void refuse_images(const Scene& scene) {
  const auto check = [&](const std::string& node, const Words& parts) {
    const auto refused = scene.stage().plugin({scene.consumer(), "--to", node, "--restore", "image"});
    BOOST_TEST(code_of(refused) == 3, text_of(refused));
    for (const std::string& part : parts)
      BOOST_TEST(text_of(refused).find(part) != std::string::npos,
                 "nothing of '" << part << "' in " << text_of(refused));
    scene.check_runs_on("");
  };
  check("node-b", {"containerd 2.4.2 on node node-b cannot restore from images any more", "versions 2.1 to 2.3"});
  switch_restores_off(scene.cluster(), "node-a");
  check("node-a", {"on node node-a may not restore from images", "enable_experimental_restore_via_create = true",
                   "/etc/containerd/config.toml"});
}

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
  refuse_images(scene);
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
