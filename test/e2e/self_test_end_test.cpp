// The end of a self-test that is interrupted while something migrates.
#include <boost/test/unit_test.hpp>
#include <csignal>

#include "test/e2e/scene.h"
#include "test/harness/background.h"
#include "test/harness/product.h"

using namespace harness;

BOOST_AUTO_TEST_SUITE(self_test_end)

BOOST_AUTO_TEST_CASE(interrupted_it_ends_what_it_does_and_leaves_nothing) {
  const Cluster cluster;
  install_product(cluster);
  std::string kubeconfig = cluster.must({"kubeconfig"});
  kubeconfig.resize(kubeconfig.find('\n'));
  const migrate::test::TemporaryFolder folder;
  Background plugin{{program("kubectl-migrate").string(), "self-test", "--kubeconfig", kubeconfig},
                    folder / "self-test"};
  std::string uid;
  std::string ns;
  eventually("a migration of the self-test to be under way", [&] {
    const nlohmann::json all = cluster.get({"migrations.kubectl-migrate.dev", "-A"});
    for (const auto& one : all.at("items")) {
      const auto& metadata = one.at("metadata");
      if (!metadata.at("namespace").get<std::string>().starts_with("kubectl-migrate-self-test-")) continue;
      if (!one.contains("status")) continue;
      uid = metadata.at("uid").get<std::string>();
      ns = metadata.at("namespace").get<std::string>();
    }
    return !uid.empty();
  });
  plugin.signal(SIGINT);
  BOOST_TEST(plugin.wait(std::chrono::seconds{300}) == 130, plugin.output() << plugin.errors());
  BOOST_TEST(plugin.errors().find("kubectl delete namespace " + ns) != std::string::npos, plugin.errors());
  BOOST_TEST(!cluster.run({"kubectl", "get", "namespace", ns}).succeeded());
  const std::string left = leftovers(cluster, ns, uid);
  BOOST_TEST(left.empty(), left);
}

BOOST_AUTO_TEST_SUITE_END()
