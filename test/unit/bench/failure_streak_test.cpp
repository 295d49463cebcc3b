#include "test/bench/evaluation/failure_streak.h"

#include <boost/test/unit_test.hpp>

using namespace evaluation;

namespace {

std::vector<Row> rows(const std::vector<Outcome>& outcomes) {
  std::vector<Row> all;
  for (const Outcome outcome : outcomes)
    all.emplace_back(Run{{"at-once", "stop", 5, 10, 20, static_cast<int>(outcomes.size())}, 1}, 0).judge(outcome, "");
  return all;
}

const std::vector<Row> kFailed = rows({Outcome::failed});

}  // namespace

BOOST_AUTO_TEST_SUITE(failure_streak)

BOOST_AUTO_TEST_CASE(the_third_run_in_a_row_that_fails_ends_it) {
  FailureStreak streak;
  BOOST_TEST(!streak.is_over_with(kFailed));
  BOOST_TEST(!streak.is_over_with(kFailed));
  BOOST_TEST(streak.is_over_with(kFailed));
}

BOOST_AUTO_TEST_CASE(one_that_moved_lets_it_begin_anew_whatever_its_audit_found) {
  for (const Outcome moved : {Outcome::clean, Outcome::unclean}) {
    FailureStreak streak;
    BOOST_TEST(!streak.is_over_with(kFailed));
    BOOST_TEST(!streak.is_over_with(kFailed));
    BOOST_TEST(!streak.is_over_with(rows({moved})));
    BOOST_TEST(!streak.is_over_with(kFailed));
  }
}

BOOST_AUTO_TEST_CASE(of_several_at_once_all_must_have_failed) {
  FailureStreak streak;
  BOOST_TEST(!streak.is_over_with(kFailed));
  BOOST_TEST(!streak.is_over_with(kFailed));
  BOOST_TEST(!streak.is_over_with(rows({Outcome::failed, Outcome::clean})));
  for (int i = 1; i < FailureStreak::kMost; ++i)
    BOOST_TEST(!streak.is_over_with(rows({Outcome::failed, Outcome::failed})));
  BOOST_TEST(streak.is_over_with(rows({Outcome::failed, Outcome::failed})));
}

BOOST_AUTO_TEST_SUITE_END()
