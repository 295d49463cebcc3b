#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "test/unit/messages/simulation.h"

namespace migrate::messages {
namespace {

using namespace std::chrono_literals;
using simulation::Mirror;
using simulation::Setting;

BOOST_AUTO_TEST_SUITE(rates)

// Reads each 200 ms.
void observe(Mirror& mirror, RateMeter& meter, milliseconds time) {
  for (milliseconds passed{0}; passed < time; passed += 200ms) {
    mirror.advance(200ms);
    meter.read(mirror.at(), mirror.ready(), mirror.consumed());
  }
}

BOOST_DATA_TEST_CASE(both_are_measured_within_15_percent,
                     boost::unit_test::data::make({1.0, 4.0, 7.0, 10.0, 13.0, 16.0, 19.0, 25.0}) *
                         boost::unit_test::data::make({1U, 2U, 3U, 4U}),
                     rate, seed) {
  Setting setting;
  setting.arrival_rate = rate;
  setting.seed = seed;
  setting.start = rate < 4 ? 40s : 12s;  // uneven gaps need some messages to be evened out
  Mirror mirror{setting};
  RateMeter meter;
  observe(mirror, meter, setting.start);
  BOOST_REQUIRE(meter.arrival_rate().has_value());
  BOOST_TEST(*meter.arrival_rate() == rate, boost::test_tools::tolerance(0.15));
  BOOST_TEST(!meter.drain_rate().has_value());
  observe(mirror, meter, 4s);
  BOOST_TEST(*meter.arrival_rate() == rate, boost::test_tools::tolerance(0.15));
  // Slower ones leave too little behind for the target to be measured by.
  if (rate < 4) return;
  BOOST_REQUIRE(meter.drain_rate().has_value());
  BOOST_TEST(*meter.drain_rate() == 20.0, boost::test_tools::tolerance(0.15));
}

BOOST_AUTO_TEST_CASE(little_is_enough_where_much_arrives) {
  Setting setting;
  setting.arrival_rate = 19;
  Mirror mirror{setting};
  RateMeter meter;
  observe(mirror, meter, 600ms);
  BOOST_TEST(!meter.arrival_rate().has_value());
  observe(mirror, meter, 400ms);
  BOOST_REQUIRE(meter.arrival_rate().has_value());
  BOOST_TEST(*meter.arrival_rate() == 19.0, boost::test_tools::tolerance(0.15));
}

// 10 messages were left, 10 arrive and 20 are handled each second.
BOOST_AUTO_TEST_CASE(a_short_rest_is_enough_to_know_the_target) {
  RateMeter meter{10.0};
  meter.read(Steady{}, 15, false);
  for (int i = 0; i <= 4; ++i) {
    BOOST_TEST(!meter.drain_rate().has_value());
    meter.read(Steady{} + 100ms + i * 200ms, static_cast<std::uint64_t>(10 - 2 * i), true);
  }
  meter.read(Steady{} + 1'000ms, 1, true);
  BOOST_REQUIRE(meter.drain_rate().has_value());
  BOOST_TEST(*meter.drain_rate() == 20.0, boost::test_tools::tolerance(0.01));
}

BOOST_AUTO_TEST_CASE(no_arrivals_are_a_rate_of_0) {
  RateMeter meter;
  for (int i = 0; i <= 20; ++i)
    meter.read(Steady{} + i * 200ms, 0, false);
  BOOST_REQUIRE(meter.arrival_rate().has_value());
  BOOST_TEST(*meter.arrival_rate() == 0);
}

BOOST_AUTO_TEST_CASE(a_recorded_rate_serves_a_new_controller) {
  Setting setting;
  setting.arrival_rate = 16;
  setting.start = 20s;
  Mirror mirror{setting};
  mirror.advance(setting.start);
  RateMeter meter{16.0};
  observe(mirror, meter, 3s);
  BOOST_TEST(*meter.arrival_rate() == 16.0);
  BOOST_REQUIRE(meter.drain_rate().has_value());
  BOOST_TEST(*meter.drain_rate() == 20.0, boost::test_tools::tolerance(0.15));
}

BOOST_AUTO_TEST_CASE(a_rate_stays_known_when_the_mirror_is_empty) {
  Setting setting;
  setting.start = 12s;
  Mirror mirror{setting};
  RateMeter meter;
  observe(mirror, meter, 40s);
  BOOST_TEST(meter.ready() == 0U);
  BOOST_REQUIRE(meter.drain_rate().has_value());
  BOOST_TEST(*meter.drain_rate() == 20.0, boost::test_tools::tolerance(0.15));
}

BOOST_AUTO_TEST_CASE(a_target_that_goes_and_comes_back_spoils_nothing) {
  RateMeter meter;
  Steady at{};
  // 10 arrive and 20 are handled a second; each time the target goes, the 30 of its prefetch come back.
  std::uint64_t ready = 0;
  const auto part = [&](bool consumes, int step, int readings) {
    for (int i = 0; i < readings; ++i) {
      at += 200ms;
      ready += static_cast<std::uint64_t>(static_cast<std::int64_t>(step));
      meter.read(at, ready, consumes);
    }
  };
  part(false, 2, 50);
  ready -= 30;
  part(true, -2, 15);
  BOOST_TEST(*meter.drain_rate() == 20.0, boost::test_tools::tolerance(0.01));
  ready += 30;
  part(false, 2, 15);
  BOOST_TEST(!meter.consuming().has_value());
  ready -= 30;
  part(true, -2, 15);
  BOOST_TEST(*meter.arrival_rate() == 10.0, boost::test_tools::tolerance(0.01));
  BOOST_TEST(*meter.drain_rate() == 20.0, boost::test_tools::tolerance(0.01));
  BOOST_TEST(meter.consuming()->count() == 2'800);
}

BOOST_AUTO_TEST_CASE(a_reading_of_the_past_is_ignored) {
  RateMeter meter;
  meter.read(Steady{} + 2s, 5, false);
  meter.read(Steady{} + 2s, 7, false);
  meter.read(Steady{} + 1s, 9, true);
  BOOST_TEST(meter.ready() == 5U);
  BOOST_TEST(!meter.consuming().has_value());
}

BOOST_AUTO_TEST_CASE(the_target_holds_its_prefetch_while_some_are_left_and_then_fewer) {
  RateMeter meter{10.0};
  meter.read(Steady{}, 40, false);
  BOOST_TEST(meter.unacknowledged(10, 20.0) == 0U);
  meter.read(Steady{} + 1s, 30, true);
  BOOST_TEST(meter.unacknowledged(10, 20.0) == 10U);
  meter.read(Steady{} + 2s, 0, true);
  BOOST_TEST(meter.unacknowledged(10, 20.0) == 10U);
  BOOST_TEST(meter.unacknowledged(10, {}) == 10U);
  meter.read(Steady{} + 2'500ms, 0, true);
  BOOST_TEST(meter.unacknowledged(10, 20.0) == 5U);
  meter.read(Steady{} + 3s, 0, true);
  BOOST_TEST(meter.unacknowledged(10, 20.0) == 0U);
  BOOST_TEST(meter.unacknowledged(10, {}) == 0U);
  // No faster than what arrives: it never becomes less.
  BOOST_TEST(meter.unacknowledged(10, 9.0) == 10U);
}

BOOST_AUTO_TEST_CASE(it_cannot_hold_more_than_there_was) {
  RateMeter meter{1.0};
  meter.read(Steady{}, 4, false);
  meter.read(Steady{} + 1s, 0, true);
  BOOST_TEST(meter.unacknowledged(100, 20.0) == 4U);
  // Seen by nobody: it may be all of them.
  RateMeter later{1.0};
  later.read(Steady{}, 0, true);
  BOOST_TEST(later.unacknowledged(100, 20.0) == 100U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace migrate::messages
