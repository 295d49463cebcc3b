// The self-test, on a cluster that allows all of it: as a user calls it, and as one who lacks a right.
#include <boost/test/unit_test.hpp>
#include <cstdlib>

#include "test/e2e/scene.h"
#include "test/harness/product.h"

using namespace harness;

namespace {

const Cluster& cluster() {
  static const Cluster made = [] {
    ::setenv("LC_ALL", "C", 1);  // NOLINT(concurrency-mt-unsafe): words and no symbols
    Cluster there;
    install_product(there);
    return there;
  }();
  return made;
}

void check_says(const std::string& text, const std::string& part) {
  BOOST_TEST(text.find(part) != std::string::npos, "\"" << part << "\" is not in: " << text);
}

std::string namespaces_left() {
  return cluster().kubectl({"get", "namespaces", "-l", "app.kubernetes.io/name=self-test", "-o", "name"});
}

}  // namespace

BOOST_AUTO_TEST_SUITE(self_test)

BOOST_AUTO_TEST_CASE(every_way_goes_there_and_back_and_nothing_is_left) {
  const auto done = migrate_command(cluster(), {"self-test", "--from", "node-a", "--to", "node-b"});
  BOOST_TEST_MESSAGE(done.output);
  BOOST_TEST(code_of(done) == 0, text_of(done));
  for (const char* part :
       {"ok   nodes node-a and node-b restore",
        "ok   deploy: Pod direct runs on node-a\nok   node-a -> node-b, frozen for ", "ok   deploy: Pod kubelet ",
        "ok   deploy: Pod keep-name ", "ok   deploy: Pod image ", "ok   deploy: Pod set-0 ",
        "ok   StatefulSet set has its Pod again\n", "kubectl migrate check-app POD tries one of yours\n",
        "\nok   5 ways passed, 0 failed, 1 skipped; frozen for ", "\nStatus check results are ok\n"})
    check_says(done.output, part);
  BOOST_TEST(done.errors.empty(), done.errors);
  BOOST_TEST(namespaces_left() == "");
}

BOOST_AUTO_TEST_CASE(what_right_is_missing_is_said_before_anything_is_made) {
  const auto refused = migrate_command(cluster(), {"self-test"}, "somebody");
  BOOST_TEST(code_of(refused) == 1, text_of(refused));
  check_says(refused.output, "FAIL you have the rights\n    missing:\n    create namespaces\n");
  BOOST_TEST(namespaces_left() == "");
}

// A node to itself is no migration, and a name that no node has is told with the one that was meant.
BOOST_AUTO_TEST_CASE(nodes_that_cannot_be_are_refused) {
  const auto refused = migrate_command(cluster(), {"self-test", "--from", "node-a", "--to", "node-x"});
  BOOST_TEST(code_of(refused) == 1, text_of(refused));
  check_says(refused.output, "--to=node-x: no such node; did you mean node-a");
  BOOST_TEST(namespaces_left() == "");
}

BOOST_AUTO_TEST_SUITE_END()
