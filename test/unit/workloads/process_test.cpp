#include "test/workloads/core/process.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <boost/test/unit_test.hpp>
#include <cerrno>
#include <condition_variable>
#include <csignal>

BOOST_AUTO_TEST_SUITE(process)

BOOST_AUTO_TEST_CASE(a_signal_asks_to_stop) {
  for (const int signal : {SIGTERM, SIGINT}) {
    const orders::StopSignals signals;
    std::mutex mutex;
    std::condition_variable_any changed;
    BOOST_TEST(!signals.token().stop_requested());
    ::kill(::getpid(), signal);
    std::unique_lock lock{mutex};
    changed.wait(lock, signals.token(), [] { return false; });
    BOOST_TEST(signals.token().stop_requested());
  }
}

BOOST_AUTO_TEST_CASE(without_a_signal_it_ends_all_the_same) {
  const orders::StopSignals signals;
  BOOST_TEST(!signals.token().stop_requested());
}

BOOST_AUTO_TEST_CASE(a_line_is_written_with_its_end) {
  std::array<int, 2> ends{};
  BOOST_REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
  BOOST_TEST(orders::write_line("one", ends[1]));
  std::array<char, 16> read{};
  BOOST_TEST(::read(ends[0], read.data(), read.size()) == 4);
  BOOST_TEST(std::string(read.data()) == "one\n");
  ::close(ends[1]);
  BOOST_TEST(!orders::write_line("two", ends[1]));
  BOOST_TEST(errno == EBADF);
  ::close(ends[0]);
}

BOOST_AUTO_TEST_CASE(the_host_name_is_the_systems) {
  std::array<char, 256> name{};
  ::gethostname(name.data(), name.size());
  BOOST_TEST(orders::host_name() == name.data());
}

BOOST_AUTO_TEST_SUITE_END()
