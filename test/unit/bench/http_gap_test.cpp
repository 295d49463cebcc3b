#include "test/bench/evaluation/http_gap.h"

#include <boost/test/unit_test.hpp>

using namespace evaluation;

namespace {

constexpr std::int64_t kMs = 1000;

// Answered 2 ms after it began.
Probe answered(std::int64_t began_ms) {
  return {began_ms * kMs, (began_ms + 2) * kMs, true};
}
Probe failed(std::int64_t began_ms, std::int64_t took_ms) {
  return {began_ms * kMs, (began_ms + took_ms) * kMs, false};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(http_gap)

BOOST_AUTO_TEST_CASE(an_undisturbed_service_has_the_probes_own_distance) {
  const auto figures = http_figures({answered(0), answered(10), answered(20)});
  BOOST_TEST(figures.probes == 3U);
  BOOST_TEST(figures.failed == 0U);
  BOOST_TEST(figures.gap.count() == 10 * kMs);
  BOOST_TEST(figures.failing.count() == 0);
}

BOOST_AUTO_TEST_CASE(a_freeze_is_waited_out_and_no_failure) {
  // Begun while it was frozen, answered when it is thawed, at 305.
  const auto figures =
      http_figures({answered(0), {10 * kMs, 305 * kMs, true}, {20 * kMs, 305 * kMs, true}, answered(310)});
  BOOST_TEST(figures.failed == 0U);
  BOOST_TEST(figures.gap.count() == 303 * kMs);
  BOOST_TEST(figures.failing.count() == 0);
}

BOOST_AUTO_TEST_CASE(a_row_of_failures_lasts_to_the_next_probe_that_is_answered) {
  // The first one takes its whole second to fail, those behind it are refused at once.
  const auto figures = http_figures({answered(0), failed(10, 1000), failed(20, 1), failed(30, 1), answered(40)});
  BOOST_TEST(figures.failed == 3U);
  BOOST_TEST(figures.failing.count() == 30 * kMs);
  BOOST_TEST(figures.gap.count() == 40 * kMs);
}

BOOST_AUTO_TEST_CASE(the_longest_row_counts_not_the_sum) {
  const auto figures =
      http_figures({answered(0), failed(10, 1), answered(20), failed(30, 1), failed(40, 1), answered(50)});
  BOOST_TEST(figures.failed == 3U);
  BOOST_TEST(figures.failing.count() == 20 * kMs);
}

BOOST_AUTO_TEST_CASE(a_service_that_does_not_come_back_fails_to_the_end) {
  const auto figures = http_figures({answered(0), failed(10, 1), failed(20, 1000)});
  BOOST_TEST(figures.gap.count() == 1018 * kMs);
  BOOST_TEST(figures.failing.count() == 1010 * kMs);
}

BOOST_AUTO_TEST_CASE(whether_the_service_is_back_is_what_its_newest_probe_says) {
  BOOST_TEST(http_figures({answered(0), failed(10, 1), answered(20)}).ends_answered);
  BOOST_TEST(!http_figures({answered(0), answered(10), failed(20, 1)}).ends_answered);
  BOOST_TEST(!http_figures({failed(0, 1)}).ends_answered);
}

BOOST_AUTO_TEST_CASE(what_failed_before_the_first_answer_does_not_count) {
  const auto figures = http_figures({failed(0, 1), answered(500), answered(510)});
  BOOST_TEST(figures.probes == 2U);
  BOOST_TEST(figures.failed == 0U);
  BOOST_TEST(figures.gap.count() == 10 * kMs);
  BOOST_TEST(http_figures({failed(0, 1)}).probes == 0U);
  BOOST_TEST(http_figures({}).probes == 0U);
}

BOOST_AUTO_TEST_CASE(probes_that_end_in_another_order_are_put_into_theirs) {
  const auto figures = http_figures({answered(20), failed(10, 1000), answered(0)});
  BOOST_TEST(figures.failing.count() == 10 * kMs);
}

BOOST_AUTO_TEST_CASE(lines_are_read_and_half_a_line_is_left) {
  const auto probes = parse_probes("1000 3000 200\n11000 12000 0\n21000 22000 503\n31000 32");
  BOOST_REQUIRE(probes.size() == 3U);
  BOOST_TEST((probes[0] == Probe{1000, 3000, true}));
  BOOST_TEST((probes[1] == Probe{11000, 12000, false}));
  BOOST_TEST((probes[2] == Probe{21000, 22000, false}));
  BOOST_TEST(parse_probes("").empty());
  BOOST_TEST(parse_probes("10 20").empty());
}

BOOST_AUTO_TEST_SUITE_END()
