#include "test/workloads/core/order_state.h"

#include <boost/test/unit_test.hpp>
#include <limits>

namespace {

using namespace orders;
using Outcome = ResultLedger::Outcome;
using Mode = ResultLedger::Mode;

const Order kFirst{"a-1", "a", 1, 5};
const Order kSecond{"a-2", "a", 2, 7};

OrderState state_of(std::initializer_list<Order> orders) {
  OrderState state;
  for (const Order& order : orders)
    state.apply(order);
  return state;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(order_state)

BOOST_AUTO_TEST_CASE(counts_and_sums_and_answers_with_both) {
  OrderState state;
  BOOST_TEST((state.apply(kFirst) == OrderResult{1, 5}));
  BOOST_TEST((state.apply(kSecond) == OrderResult{2, 12}));
  BOOST_TEST(state.last_sequence.at("a") == 2);
}

// Computed with: printf '%064d\na-1\na\n1\n5' 0 | sha256sum
BOOST_AUTO_TEST_CASE(the_digest_is_sha256_over_the_digest_before_and_the_message) {
  BOOST_TEST(next_digest(kFirstDigest, kFirst) == "f010acb864517e1e4ff847cb84d5614e3bb3b889aad9ab77aad076abfb1019f8");
}

BOOST_AUTO_TEST_CASE(the_digest_tells_order_and_every_field) {
  const auto digest = state_of({kFirst, kSecond}).digest;
  BOOST_TEST(digest == state_of({kFirst, kSecond}).digest);
  BOOST_TEST(digest != state_of({kSecond, kFirst}).digest);
  BOOST_TEST(digest != state_of({kFirst, {"x", "a", 2, 7}}).digest);
  BOOST_TEST(digest != state_of({kFirst, {"a-2", "b", 2, 7}}).digest);
  BOOST_TEST(digest != state_of({kFirst, {"a-2", "a", 3, 7}}).digest);
  BOOST_TEST(digest != state_of({kFirst, {"a-2", "a", 2, 8}}).digest);
}

BOOST_AUTO_TEST_CASE(counts_gaps_and_reorderings_for_each_producer) {
  const auto state = state_of({{"a-1", "a", 1, 0}, {"b-2", "b", 2, 0}, {"a-3", "a", 3, 0}, {"a-2", "a", 2, 0}});
  BOOST_TEST(state.gaps == 2);  // b began at 2, a went from 1 to 3
  BOOST_TEST(state.reordered == 1);
  BOOST_TEST(state.last_sequence.at("a") == 3);
}

BOOST_AUTO_TEST_CASE(a_sum_beyond_the_limit_wraps_around) {
  const auto state = state_of({{"a-1", "a", 1, std::numeric_limits<std::int64_t>::max()}, {"a-2", "a", 2, 1}});
  BOOST_TEST(state.sum == std::numeric_limits<std::int64_t>::min());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(result_ledger)

BOOST_AUTO_TEST_CASE(a_new_message_is_applied_and_its_result_is_to_be_published) {
  ResultLedger ledger{Idempotency::yes};
  const auto taken = ledger.take(kFirst, Mode::live);
  BOOST_TEST(to_string(taken.outcome) == "applied");
  BOOST_TEST((taken.result == OrderResult{1, 5}));
  BOOST_TEST(ledger.unpublished() == 1);
  ledger.published("a-1");
  BOOST_TEST(ledger.unpublished() == 0);
}

BOOST_AUTO_TEST_CASE(a_published_message_that_comes_again_is_only_counted) {
  ResultLedger ledger{Idempotency::yes};
  ledger.take(kFirst, Mode::live);
  ledger.published("a-1");
  BOOST_TEST(to_string(ledger.take(kFirst, Mode::live).outcome) == "duplicate");
  BOOST_TEST(ledger.duplicates() == 1);
  BOOST_TEST(ledger.state().count == 1);
}

BOOST_AUTO_TEST_CASE(a_replayed_message_that_comes_again_in_the_own_queue_yields_the_remembered_result) {
  ResultLedger ledger{Idempotency::yes};
  BOOST_TEST(to_string(ledger.take(kFirst, Mode::replaying).outcome) == "replayed");
  ledger.take(kSecond, Mode::replaying);
  const auto again = ledger.take(kFirst, Mode::live);
  BOOST_TEST(to_string(again.outcome) == "republished");
  BOOST_TEST((again.result == OrderResult{1, 5}));  // as it was then, not as the state is now
  BOOST_TEST(ledger.state().count == 2);
  ledger.published("a-1");
  BOOST_TEST(to_string(ledger.take(kFirst, Mode::live).outcome) == "duplicate");
}

BOOST_AUTO_TEST_CASE(a_message_whose_result_never_got_out_is_not_published_by_a_replay) {
  ResultLedger ledger{Idempotency::yes};
  ledger.take(kFirst, Mode::live);  // the checkpoint falls before published()
  BOOST_TEST(to_string(ledger.take(kFirst, Mode::replaying).outcome) == "duplicate");
  BOOST_TEST(to_string(ledger.take(kFirst, Mode::live).outcome) == "republished");
}

BOOST_AUTO_TEST_CASE(without_idempotency_a_repeated_message_is_applied_again_and_counted) {
  ResultLedger ledger{Idempotency::no};
  ledger.take(kFirst, Mode::live);
  const auto again = ledger.take(kFirst, Mode::live);
  BOOST_TEST(to_string(again.outcome) == "applied");
  BOOST_TEST((again.result == OrderResult{2, 10}));
  BOOST_TEST(ledger.duplicates() == 1);
  BOOST_TEST(ledger.state().reordered == 1);
}

BOOST_AUTO_TEST_SUITE_END()
