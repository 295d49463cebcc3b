#include "test/harness/background.h"

#include <boost/test/unit_test.hpp>
#include <csignal>

#include "test/temporary_folder.h"

using namespace harness;
using migrate::test::TemporaryFolder;

BOOST_AUTO_TEST_SUITE(background)

BOOST_AUTO_TEST_CASE(its_output_and_its_exit_code_can_be_read) {
  const TemporaryFolder folder;
  Background program{{"sh", "-c", "echo out; echo trouble >&2; exit 7"}, folder / "out"};
  BOOST_TEST(program.wait() == 7);
  BOOST_TEST(!program.is_running());
  BOOST_TEST(program.output() == "out\n");
  BOOST_TEST(program.errors() == "trouble\n");
}

BOOST_AUTO_TEST_CASE(a_signal_reaches_all_that_it_started) {
  const TemporaryFolder folder;
  Background program{{"sh", "-c", "trap 'echo heard; exit 3' INT; echo ready; while :; do sleep 0.02; done"},
                     folder / "out"};
  eventually("the trap", [&] { return program.output() == "ready\n"; });
  BOOST_TEST(program.is_running());
  program.signal(SIGINT);
  BOOST_TEST(program.wait() == 3);
  BOOST_TEST(program.output() == "ready\nheard\n");
}

BOOST_AUTO_TEST_CASE(it_ends_with_its_object_and_takes_its_children_along) {
  const TemporaryFolder folder;
  std::string child;
  {
    Background program{{"sh", "-c", "sleep 1000 & echo $!; wait"}, folder / "out"};
    eventually("the child", [&] { return program.output().ends_with("\n"); });
    child = program.output();
    child.pop_back();
  }
  // Gone, or dead and waiting to be collected by whoever inherited it.
  eventually("the child's end", [&] {
    const std::string status = migrate::test::read_text("/proc/" + child + "/stat");
    return status.empty() || status.find(") Z ") != std::string::npos;
  });
}

BOOST_AUTO_TEST_CASE(what_cannot_be_started_says_so) {
  const TemporaryFolder folder;
  BOOST_CHECK_THROW(Background({"/no/such/program"}, folder / "out"), std::runtime_error);
}

BOOST_AUTO_TEST_SUITE_END()
