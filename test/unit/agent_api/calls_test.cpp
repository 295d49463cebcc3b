#include "shared/agent_api/calls.h"

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <chrono>

using migrate::agent::Calls;

namespace {

// Whether the token says so within five seconds.
bool stops(const std::stop_token& token) {
  for (int i = 0; i < 500 && !token.stop_requested(); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds{10});
  return token.stop_requested();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(calls)

BOOST_AUTO_TEST_CASE(a_call_whose_caller_is_gone_is_told_and_no_other) {
  Calls calls;
  std::atomic<bool> gone{false};
  const auto first = calls.enter([&] { return gone.load(); });
  const auto second = calls.enter([] { return false; });
  BOOST_TEST(!first.stop().stop_requested());
  gone = true;
  BOOST_TEST(stops(first.stop()));
  BOOST_TEST(!second.stop().stop_requested());
}

BOOST_AUTO_TEST_CASE(a_call_that_has_ended_is_not_asked_again) {
  Calls calls;
  std::atomic<int> asked{0};
  {
    const auto call = calls.enter([&] {
      ++asked;
      return false;
    });
    while (asked == 0)
      std::this_thread::yield();
  }
  const int before = asked;
  const auto other = calls.enter([] { return true; });
  BOOST_TEST(stops(other.stop()));
  BOOST_TEST(asked == before);
}

BOOST_AUTO_TEST_CASE(stopping_all_stops_those_that_come_later_too) {
  Calls calls;
  const auto first = calls.enter([] { return false; });
  calls.stop_all();
  BOOST_TEST(first.stop().stop_requested());
  BOOST_TEST(calls.enter([] { return false; }).stop().stop_requested());
}

BOOST_AUTO_TEST_SUITE_END()
