// The authority that all programs have in common is replaced, as docs/install.md says: nothing is moved by whoever does
// not know it yet, and some minutes later all do.
#include <boost/test/unit_test.hpp>

#include "test/e2e/small_pods.h"
#include "test/harness/product.h"

using namespace harness;
using Json = nlohmann::json;
using namespace std::chrono_literals;

namespace {

constexpr const char* kHome = "kubectl-migrate";

std::string authority(const Cluster& cluster) {
  return cluster.field({"configmap", "migrate-ca", "-n", kHome}, R"(.data.ca\.crt)");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(authority_is)

BOOST_AUTO_TEST_CASE(replaced_and_taken_up_by_all) {
  const Stage stage{"authority"};
  const Cluster& cluster = stage.cluster();
  cluster.apply(small_pod(stage.ns().name(), "counter", "node-a"));
  cluster.wait_ready(stage.ns().name(), "counter");

  const std::string before = authority(cluster);
  cluster.kubectl({"-n", kHome, "delete", "secret", "migrate-ca"});
  eventually("another authority to be published", [&] { return authority(cluster) != before; });
  cluster.kubectl({"-n", kHome, "rollout", "restart", "deployment/migrate-scheduler"});
  cluster.kubectl({"-n", kHome, "rollout", "status", "deployment/migrate-scheduler", "--timeout=120s"});

  // Until everybody has a certificate of the new one an attempt is refused, and the Pod goes on where it is.
  std::string last = "counter";
  int attempts = 0;
  const Untouched source{stage, "counter"};
  eventually(
      "a migration under the new authority",
      [&] {
        const std::string name = "attempt-" + std::to_string(++attempts);
        const auto made = stage.plugin({"counter", "--to", "node-b", "--name", name, "--timeout", "60s"});
        if (made.succeeded()) {
          last = stage.migration(name).at("status").at("target").at("pod").get<std::string>();
          return true;
        }
        BOOST_TEST_MESSAGE(name << ": " << text_of(made));
        stage.check_nothing_left(name);
        stage.require(source.trouble().empty(), source.trouble(), name);
        return false;
      },
      300s);
  const auto back = stage.plugin({last, "--to", "node-a", "--name", "back"});
  BOOST_TEST(back.succeeded(), text_of(back) << stage.report("back"));
  BOOST_TEST_MESSAGE(attempts << " attempts");
}

BOOST_AUTO_TEST_SUITE_END()
