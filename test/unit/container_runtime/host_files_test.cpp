#include "node/container_runtime/host_files.h"

#include <linux/magic.h>
#include <sys/vfs.h>
#include <unistd.h>

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

// Our own, if it is one: a test cannot mount.
BOOST_AUTO_TEST_CASE(shared_memory_is_what_lies_in_the_tmpfs_at_dev_shm) {
  struct statfs status {};
  if (::statfs("/dev/shm", &status) != 0 || status.f_type != TMPFS_MAGIC) return;
  const fs::path file = "/dev/shm/migrate-host-files-test-" + std::to_string(::getpid());
  write_text(file, std::string(10'000, 'x'));
  const SharedMemory found = shared_memory("/proc", ::getpid());
  fs::remove(file);
  BOOST_TEST(found.used.count >= 10'000U);
  BOOST_TEST(found.entries >= 1U);
}

BOOST_AUTO_TEST_CASE(what_is_no_tmpfs_is_no_shared_memory_and_links_lead_nowhere) {
  const FakeNode node;
  write_text(node.proc() / "41/root/dev/shm/file", "x");
  fs::create_directories(node.proc() / "42/root/dev");
  fs::create_directory_symlink("/dev/shm", node.proc() / "42/root/dev/shm");
  for (const int pid : {42, 43}) {
    BOOST_TEST(shared_memory(node.proc(), pid).used.count == 0U);
    BOOST_TEST(shared_memory(node.proc(), pid).entries == 0U);
  }
  struct statfs status {};
  if (::statfs(node.proc().c_str(), &status) == 0 && status.f_type != TMPFS_MAGIC)
    BOOST_TEST(shared_memory(node.proc(), 41).entries == 0U);
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
