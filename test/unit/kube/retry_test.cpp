#include "shared/kube/retry.h"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <ostream>
#include <string>
#include <vector>

namespace migrate::kube {
namespace {

namespace data = boost::unit_test::data;
using Http = http::HttpError::Kind;
using Action = RetryDecision::Action;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds kPlenty{60'000};

struct Case {
  std::string name;
  Attempt attempt;
  Action action = Action::give_up;
  milliseconds wait{0};
};

std::ostream& operator<<(std::ostream& out, const Case& c) {
  return out << c.name;
}

Attempt broke(Repeat repeat, Http kind, bool may_have_run, unsigned number = 1) {
  Attempt attempt;
  attempt.repeat = repeat;
  attempt.number = number;
  attempt.broke = kind;
  attempt.may_have_run = may_have_run;
  attempt.remaining = kPlenty;
  return attempt;
}

Attempt answered(Repeat repeat, unsigned status, std::optional<seconds> retry_after = {},
                 milliseconds remaining = kPlenty) {
  Attempt attempt;
  attempt.repeat = repeat;
  attempt.status = status;
  attempt.retry_after = retry_after;
  attempt.remaining = remaining;
  return attempt;
}

Attempt renewed(Attempt attempt) {
  attempt.renewed = true;
  return attempt;
}

const std::vector<Case> kCases{
    {"refused read", broke(Repeat::harmless, Http::connect, false), Action::wait_and_repeat, milliseconds{100}},
    {"refused write never arrived", broke(Repeat::never, Http::connect, false), Action::wait_and_repeat,
     milliseconds{100}},
    {"lost read", broke(Repeat::harmless, Http::cut_off, true), Action::wait_and_repeat, milliseconds{100}},
    {"lost create of a chosen name", broke(Repeat::detected, Http::cut_off, true), Action::wait_and_repeat,
     milliseconds{100}},
    {"lost write that must not happen twice", broke(Repeat::never, Http::cut_off, true)},
    {"third failure waits longer", broke(Repeat::harmless, Http::cut_off, true, 3), Action::wait_and_repeat,
     milliseconds{400}},
    {"fifth failure is the last", broke(Repeat::harmless, Http::cut_off, true, 5)},
    {"wrong certificate", broke(Repeat::harmless, Http::tls, false)},
    {"deadline", broke(Repeat::harmless, Http::deadline, true)},
    {"cancelled", broke(Repeat::harmless, Http::cancelled, true)},
    {"not HTTP", broke(Repeat::harmless, Http::protocol, true)},
    {"busy, says when", answered(Repeat::harmless, 429, seconds{2}), Action::wait_and_repeat, milliseconds{2100}},
    {"busy, says when, write", answered(Repeat::detected, 429, seconds{2}), Action::wait_and_repeat,
     milliseconds{2100}},
    {"busy, says nothing", answered(Repeat::harmless, 429)},
    {"an eviction's answer", answered(Repeat::never, 429, seconds{10})},
    {"unavailable, says when", answered(Repeat::harmless, 503, seconds{1}), Action::wait_and_repeat,
     milliseconds{1100}},
    {"unavailable, says nothing", answered(Repeat::harmless, 503)},
    {"later than the deadline", answered(Repeat::harmless, 503, seconds{10}, milliseconds{10'000})},
    {"conflict", answered(Repeat::harmless, 409, seconds{1})},
    {"logged out", answered(Repeat::never, 401), Action::renew_and_repeat},
    {"logged out again", renewed(answered(Repeat::harmless, 401))},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(retry)

BOOST_DATA_TEST_CASE(what_failed_is_repeated_only_where_that_is_safe, data::make(kCases), c) {
  const RetryDecision decision = decide(c.attempt, RetryPolicy{});
  BOOST_TEST(static_cast<int>(decision.action) == static_cast<int>(c.action));
  BOOST_TEST(decision.wait.count() == c.wait.count());
}

BOOST_AUTO_TEST_CASE(waits_double_up_to_a_limit_and_are_spread) {
  const RetryPolicy policy;
  BOOST_TEST(back_off(1, 0, policy).count() == 100);
  BOOST_TEST(back_off(1, 0.999, policy).count() == 199);
  BOOST_TEST(back_off(2, 0, policy).count() == 200);
  BOOST_TEST(back_off(50, 0, policy).count() == 2500);
  BOOST_TEST(back_off(4'000'000'000U, 0.999, policy).count() <= 5000);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace migrate::kube
