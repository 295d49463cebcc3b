#include "node/container_runtime/host_files.h"

#include <boost/test/unit_test.hpp>

#include "test/unit/container_runtime/fake_node.h"

namespace {

using namespace migrate::node;
using migrate::test::FakeNode;
using migrate::test::write_text;
namespace fs = std::filesystem;

BOOST_AUTO_TEST_SUITE(host_files)

BOOST_AUTO_TEST_CASE(links_are_followed_as_on_the_host) {
  const FakeNode node;
  write_text(node.root() / "data/containerd/file", "x");
  fs::create_directories(node.root() / "var/lib");
  fs::create_directory_symlink("/data/containerd", node.root() / "var/lib/containerd");
  fs::create_directory_symlink("../data", node.root() / "var/relative");
  fs::create_directory_symlink("../../../../../etc", node.root() / "var/out");
  fs::create_directory_symlink("/var/loop", node.root() / "var/loop");
  const auto below = [&](const char* path) { return below_root(node.root(), path).string(); };
  const std::string root = node.root().string();
  BOOST_TEST(below("/var/lib/containerd/file") == root + "/data/containerd/file");
  BOOST_TEST(below("/var/relative/containerd/./file") == root + "/data/containerd/file");
  BOOST_TEST(below("/var/out/passwd") == root + "/etc/passwd");
  BOOST_TEST(below("/../../etc") == root + "/etc");
  BOOST_TEST(below("/not/there") == root + "/not/there");
  BOOST_TEST(below("/var/loop/x").find(root) == 0U);
}

BOOST_AUTO_TEST_CASE(memory_is_that_of_the_whole_tree) {
  FakeNode node;
  node.add_process(1, 0, 5000);
  node.add_process(41, 1, 100);
  node.add_process(42, 41, 20);
  node.add_process(43, 42, 3);
  node.add_process(50, 1, 7000);
  BOOST_TEST(resident_memory(node.proc(), 41).count == (100U + 20 + 3 + 3 * 8) * 1024);
  BOOST_TEST(resident_memory(node.proc(), 99).count == 0U);
}

BOOST_AUTO_TEST_CASE(processes_know_their_parents) {
  FakeNode node;
  node.add_process(41, 40, 100);
  BOOST_TEST(parent_of(node.proc(), 41).value() == 40);
  BOOST_TEST(!parent_of(node.proc(), 40).has_value());
  BOOST_TEST(process_exists(node.proc(), 41));
  BOOST_TEST(!process_exists(node.proc(), 40));
  BOOST_TEST(!process_exists(node.proc(), 0));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
