#include "shared/messages/account.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>

namespace migrate::messages {
namespace {

using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(account)

BOOST_AUTO_TEST_CASE(few_points_are_all_kept) {
  std::vector<BacklogPoint> series;
  for (int i = 0; i < 60; ++i)
    add_backlog(series, Instant{} + i * 200ms, static_cast<std::uint64_t>(i));
  BOOST_REQUIRE(series.size() == 60U);
  BOOST_TEST(series[59].ready == 59U);
}

BOOST_AUTO_TEST_CASE(many_points_are_thinned_and_stay_even) {
  std::vector<BacklogPoint> series;
  for (int i = 0; i < 3'000; ++i) {
    // Not quite regular.
    const Instant at = Instant{} + i * 200ms + (i % 3) * 7ms;
    add_backlog(series, at, static_cast<std::uint64_t>(i));
    BOOST_REQUIRE(series.size() <= kMostPoints);
    BOOST_REQUIRE(series.front().ready == 0U);
    BOOST_REQUIRE((series.back().at == at));
  }
  BOOST_TEST(series.size() >= kMostPoints / 2);
  auto widest = 0us;
  auto narrowest = 1'000'000'000us;
  for (std::size_t i = 1; i + 1 < series.size(); ++i) {
    widest = std::max(widest, series[i].at - series[i - 1].at);
    narrowest = std::min(narrowest, series[i].at - series[i - 1].at);
  }
  BOOST_TEST(widest.count() <= 2 * narrowest.count());
}

BOOST_AUTO_TEST_CASE(the_longest_time_without_a_reading_outlives_the_thinning) {
  MessagesStatus messages;
  Instant at{};
  for (int i = 0; i < 1'000; ++i) {
    add_reading(messages, at, 1);
    if (i == 0) BOOST_TEST(!messages.backlog_interval.has_value());
    at += i == 20 ? 400'900us : 150'000us;
  }
  BOOST_TEST(messages.backlog.size() <= kMostPoints);
  BOOST_TEST(messages.backlog_interval.value_or(0ms).count() == 401);  // rounded up
}

// Bound at 10 s; the target lives from 12 s on, and at 15 s nothing more comes.
BOOST_AUTO_TEST_CASE(what_came_into_a_mirror_that_is_read_is_estimated) {
  const MirrorTimes times{Instant{10s}, Instant{12s}, Instant{15s}};
  const std::vector<BacklogPoint> series{{Instant{11s}, 9}, {Instant{12s}, 19}, {Instant{13s}, 4}, {Instant{15s}, 0}};
  // 19 until then, and 10 a second for 3 s.
  BOOST_TEST(estimate_mirrored(series, times, 10.0).value_or(0) == 49U);
  // As many a second as before: 19 in 2 s.
  BOOST_TEST(estimate_mirrored(series, times, std::nullopt).value_or(0) == 48U);
  // None was kept of the last moment before.
  BOOST_TEST(estimate_mirrored({{Instant{11s}, 9}, {Instant{13s}, 4}}, times, 10.0).value_or(0) == 49U);
  BOOST_TEST(estimate_mirrored({}, times, 10.0).value_or(0) == 50U);
  BOOST_TEST(!estimate_mirrored({}, times, std::nullopt).has_value());
  // Arrivals that grew: it once held more.
  BOOST_TEST(estimate_mirrored({{Instant{11s}, 1}, {Instant{14s}, 70}}, times, 1.0).value_or(0) == 70U);
  BOOST_TEST(estimate_mirrored({{Instant{11s}, 0}}, times, 0.0).value_or(9) == 0U);
}

BOOST_AUTO_TEST_CASE(repeats_are_bounded_by_what_both_may_have_handled) {
  BOOST_TEST(duplicates_bound({}) == 0U);
  BOOST_TEST(duplicates_bound({3, 20, 4}) == 21U);
  // All of it waited: nothing that is mirrored had been handled.
  BOOST_TEST(duplicates_bound({30, 20, 4}) == 4U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace migrate::messages
