#include "node/container_runtime/freezer.h"

#include <boost/test/unit_test.hpp>
#include <thread>

#include "test/unit/container_runtime/fake_node.h"

namespace {

using namespace migrate::node;
using migrate::test::FakeNode;
using migrate::test::read_text;
using migrate::test::write_text;

struct Fixture {
  Fixture() { node.add_process(41, 1, 100); }
  void cgroups(const std::string& text) const { write_text(node.proc() / "41/cgroup", text); }
  [[nodiscard]] Freezer state() const { return freezer_of(node.paths(), 41); }
  FakeNode node;
};

BOOST_FIXTURE_TEST_SUITE(freezer, Fixture)

BOOST_AUTO_TEST_CASE(version_1_says_it_in_one_word) {
  BOOST_TEST((state() == Freezer::running));
  node.set_frozen(41, true);
  BOOST_TEST((state() == Freezer::frozen));
}

BOOST_AUTO_TEST_CASE(one_that_is_just_being_frozen_is_waited_for) {
  const auto version_1 = node.root() / "sys/fs/cgroup/freezer/pods/41/freezer.state";
  write_text(version_1, "FREEZING\n");
  const auto soon = [](const std::filesystem::path& file, const std::string& text) {
    return std::thread([=] {
      std::this_thread::sleep_for(std::chrono::milliseconds{20});
      write_text(file.string() + ".new", text);
      std::filesystem::rename(file.string() + ".new", file);
    });
  };
  std::thread first = soon(version_1, "FROZEN\n");
  BOOST_TEST((state() == Freezer::frozen));
  first.join();

  cgroups("0::/scope\n");
  const auto version_2 = node.root() / "sys/fs/cgroup/scope/cgroup.events";
  write_text(version_2, "frozen 0\n");
  write_text(node.root() / "sys/fs/cgroup/scope/cgroup.freeze", "1\n");
  std::thread second = soon(version_2, "frozen 1\n");
  BOOST_TEST((state() == Freezer::frozen));
  second.join();
}

BOOST_AUTO_TEST_CASE(version_2_says_it_among_the_events) {
  cgroups("0::/kubepods.slice/cri-x.scope\n");
  const auto events = node.root() / "sys/fs/cgroup/kubepods.slice/cri-x.scope/cgroup.events";
  BOOST_TEST((state() == Freezer::unknown));
  write_text(events, "populated 1\nfrozen 0\n");
  BOOST_TEST((state() == Freezer::running));
  write_text(events, "populated 1\nfrozen 1\n");
  BOOST_TEST((state() == Freezer::frozen));
  write_text(events, "populated 1\n");
  BOOST_TEST((state() == Freezer::unknown));
}

BOOST_AUTO_TEST_CASE(what_cannot_be_seen_is_unknown) {
  node.hide_freezer(41);
  BOOST_TEST((state() == Freezer::unknown));
  cgroups("3:freezer:/../../pods/41\n");  // another cgroup namespace's view
  BOOST_TEST((state() == Freezer::unknown));
  cgroups("3:freezer:/\n");  // its root would be everybody's
  BOOST_TEST((state() == Freezer::unknown));
  cgroups("nonsense\n");
  BOOST_TEST((state() == Freezer::unknown));
  node.remove_process(41);
  BOOST_TEST((state() == Freezer::unknown));
}

BOOST_AUTO_TEST_CASE(it_is_frozen_directly_where_the_runtime_would_not) {
  BOOST_TEST(freeze_directly(node.paths(), 41).has_value());
  BOOST_TEST(node.is_frozen(41));
  cgroups("0::/scope\n");
  write_text(node.root() / "sys/fs/cgroup/scope/cgroup.freeze", "0");
  write_text(node.root() / "sys/fs/cgroup/scope/cgroup.events", "frozen 1\n");
  BOOST_TEST(freeze_directly(node.paths(), 41).has_value());
  BOOST_TEST(read_text(node.root() / "sys/fs/cgroup/scope/cgroup.freeze") == "1");
}

BOOST_AUTO_TEST_CASE(a_freezer_that_cannot_be_written_is_an_error) {
  node.hide_freezer(41);
  const auto done = freeze_directly(node.paths(), 41);
  BOOST_TEST_REQUIRE(!done.has_value());
  BOOST_TEST(done.error().message.find("freezer.state: No such file") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
