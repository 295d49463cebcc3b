// The consumer's loop when all goes well; what happens when a connection breaks stands in consumer_failures_test.cpp.
#include "test/workloads/consumer/consumer.h"

#include <boost/test/unit_test.hpp>

#include "test/unit/workloads/fake_broker.h"

namespace {

using namespace orders;
using namespace orders::test;
using namespace std::chrono_literals;
using Words = std::vector<std::string>;

void check_words(const Words& are, const Words& should) {
  BOOST_CHECK_EQUAL_COLLECTIONS(are.begin(), are.end(), should.begin(), should.end());
}

// Says END_REPLAY as soon as nothing stands ready in the replay queue, as a migration does.
void end_when_drained(FakeBroker& broker, const std::string& queue) {
  broker.meanwhile = [&broker, queue, told = false]() mutable {
    if (told || broker.is_ready(queue)) return;
    broker.control(end_replay());
    told = true;
  };
}

}  // namespace

BOOST_AUTO_TEST_SUITE(consumer)

BOOST_AUTO_TEST_CASE(handles_messages_in_order_and_answers_each) {
  FakeBroker broker;
  broker.push("orders", {order("a", 1), order("a", 2), order("b", 1)});
  const auto status = broker.run();
  BOOST_TEST(status.state.count == 3);
  BOOST_TEST(status.state.sum == 40);
  BOOST_TEST(status.connects == 1);
  BOOST_TEST(!broker.is_ready("orders"));
  check_words(broker.outcomes(), {"a-1 applied", "a-2 applied", "b-1 applied"});
  check_words(broker.answered(), {"a-1", "a-2", "b-1"});
  BOOST_TEST((broker.results[1].result == OrderResult{2, 30}));
  BOOST_TEST(broker.results[1].pod == "orders-0");
}

BOOST_AUTO_TEST_CASE(acknowledges_only_after_the_result_is_confirmed) {
  FakeBroker broker;
  broker.push("orders", order("a", 1));
  broker.run();
  BOOST_TEST(broker.position("publish a-1") < broker.position("confirm a-1"));
  BOOST_TEST(broker.position("confirm a-1") < broker.position("acknowledge a-1"));
  BOOST_TEST(broker.position("acknowledge a-1") < broker.journal.size());
}

BOOST_AUTO_TEST_CASE(logs_a_chain_of_digests_with_pod_and_queue) {
  FakeBroker broker;
  broker.push("orders", {order("a", 1), order("a", 1), order("a", 2)});
  const auto status = broker.run();
  BOOST_REQUIRE(broker.log.size() == 3);
  BOOST_TEST(broker.log[0].previous == kFirstDigest);
  BOOST_TEST(broker.log[1].previous == broker.log[0].digest);
  BOOST_TEST(broker.log[1].digest == broker.log[0].digest);  // the repeated one changed nothing
  BOOST_TEST(broker.log[2].previous == broker.log[1].digest);
  BOOST_TEST(broker.log[2].digest == status.state.digest);
  BOOST_TEST(broker.log[2].pod == "orders-0");
  BOOST_TEST(broker.log[2].queue == "orders");
}

BOOST_AUTO_TEST_CASE(takes_the_service_time_for_each_message) {
  FakeBroker broker;
  broker.push("orders", {order("a", 1), order("a", 2)});
  const auto start = broker.elapsed();
  broker.run({.service_time = 70ms});
  BOOST_TEST(broker.log[0].finished == std::chrono::microseconds(start + 70ms).count());
  BOOST_TEST(broker.log[1].finished == std::chrono::microseconds(start + 140ms).count());
}

BOOST_AUTO_TEST_CASE(a_repeated_message_is_applied_once_unless_idempotency_is_off) {
  FakeBroker idempotent;
  idempotent.push("orders", {order("a", 1), order("a", 1)});
  BOOST_TEST(idempotent.run().state.count == 1);
  check_words(idempotent.answered(), {"a-1"});
  FakeBroker naive;
  naive.push("orders", {order("a", 1), order("a", 1)});
  const auto status = naive.run({.idempotency = Idempotency::no});
  BOOST_TEST(status.state.count == 2);
  BOOST_TEST(status.duplicates == 1);
  check_words(naive.answered(), {"a-1", "a-1"});
}

BOOST_AUTO_TEST_CASE(works_on_no_message_that_it_knows_but_on_each_without_idempotency) {
  FakeBroker idempotent;
  idempotent.push("orders", {order("a", 1), order("a", 1), order("a", 2)});
  const auto start = idempotent.elapsed();
  idempotent.run({.service_time = 70ms});
  BOOST_TEST(idempotent.log[1].finished == std::chrono::microseconds(start + 70ms).count());
  BOOST_TEST(idempotent.log[2].finished == std::chrono::microseconds(start + 140ms).count());
  FakeBroker naive;
  naive.push("orders", {order("a", 1), order("a", 1)});
  naive.run({.service_time = 70ms, .idempotency = Idempotency::no});
  BOOST_TEST(naive.log[1].finished == naive.log[0].finished + std::chrono::microseconds(70ms).count());
}

BOOST_AUTO_TEST_CASE(a_message_that_is_no_order_is_acknowledged_and_complained_about) {
  FakeBroker broker;
  broker.queues["orders"].push_back({"x", "rubbish", 0});
  broker.push("orders", order("a", 1));
  const auto status = broker.run();
  BOOST_TEST(status.state.count == 1);
  BOOST_TEST(broker.times("acknowledge x") == 1);
  BOOST_TEST(broker.complaints.size() == 1);
}

BOOST_AUTO_TEST_CASE(looks_into_the_control_queue_before_it_consumes_anything) {
  FakeBroker broker;
  broker.run();
  BOOST_TEST(broker.position("take") < broker.position("consume orders"));
}

BOOST_AUTO_TEST_CASE(looks_into_the_control_queue_at_least_every_second_also_during_a_slow_message) {
  FakeBroker broker;
  broker.push("orders", order("a", 1));
  auto last = broker.elapsed();
  auto longest = 0ms;
  broker.breaks = [&](const std::string& entry) {
    if (entry != "take") return false;
    longest = std::max(longest, broker.elapsed() - last);
    last = broker.elapsed();
    return false;
  };
  broker.run({.service_time = 10s});
  BOOST_TEST(longest.count() <= 1000);
  BOOST_TEST(broker.times("acknowledge a-1") == 1);
}

BOOST_AUTO_TEST_CASE(a_clock_that_went_back_does_not_keep_it_from_looking) {
  FakeBroker broker;
  broker.push("orders", order("a", 1));
  bool jumped = false;
  broker.meanwhile = [&] {
    if (!std::exchange(jumped, true)) broker.jump(-900s);
  };
  broker.run();
  BOOST_TEST(broker.times("take") > 10);
}

BOOST_AUTO_TEST_CASE(a_stop_during_a_slow_message_gives_it_back) {
  FakeBroker broker;
  broker.push("orders", order("a", 1));
  const auto start = broker.elapsed();
  broker.meanwhile = [&] {
    if (broker.elapsed() - start >= 1s) broker.stop.request_stop();
  };
  const auto status = broker.run({.service_time = 10s});
  BOOST_TEST(status.state.count == 0);
  BOOST_TEST(broker.is_ready("orders"));
  BOOST_TEST((broker.elapsed() - start).count() < 2000);
}

BOOST_AUTO_TEST_CASE(replays_before_it_touches_its_own_queue) {
  FakeBroker broker;
  broker.push("replay", {order("a", 1), order("a", 2)});
  broker.push("orders", {order("a", 3)});
  broker.control(start_replay("replay"));
  end_when_drained(broker, "replay");
  const auto status = broker.run();
  check_words(broker.outcomes(), {"a-1 replayed", "a-2 replayed", "a-3 applied"});
  check_words(broker.answered(), {"a-3"});
  BOOST_TEST(broker.position("acknowledge a-2") < broker.position("consume orders"));
  BOOST_TEST(broker.position("cancel") < broker.position("consume orders"));
  BOOST_TEST(!status.replaying);
  BOOST_TEST(status.queue == "orders");
  BOOST_TEST(broker.log[0].queue == "replay");
}

BOOST_AUTO_TEST_CASE(publishes_what_it_remembered_when_a_replayed_message_turns_up_in_its_own_queue) {
  FakeBroker broker;
  broker.push("replay", {order("a", 1), order("a", 2)});
  broker.push("orders", {order("a", 2), order("a", 3)});  // the source had not acknowledged a-2
  broker.control(start_replay("replay"));
  end_when_drained(broker, "replay");
  const auto status = broker.run();
  check_words(broker.outcomes(), {"a-1 replayed", "a-2 replayed", "a-2 republished", "a-3 applied"});
  check_words(broker.answered(), {"a-2", "a-3"});
  BOOST_TEST((broker.results[0].result == OrderResult{2, 30}));
  BOOST_TEST(status.state.count == 3);
  BOOST_TEST(status.unpublished == 1);  // a-1: the source answered it
}

BOOST_AUTO_TEST_CASE(start_replay_gives_back_what_was_delivered_ahead_and_finishes_what_was_begun) {
  FakeBroker broker;
  broker.push("orders", {order("a", 1), order("a", 2), order("a", 3)});
  broker.push("replay", {order("a", 2)});
  bool told = false;
  broker.meanwhile = [&] {
    if (!std::exchange(told, true)) broker.control(start_replay("replay"));  // while a-1 is worked on
  };
  const auto status = broker.run({.service_time = 300ms});
  check_words(broker.outcomes(), {"a-1 applied", "a-2 replayed"});
  BOOST_TEST(broker.queues["orders"].size() == 2);
  BOOST_TEST(broker.queues["orders"].front().id == "a-2");
  BOOST_TEST(status.replaying);
}

BOOST_AUTO_TEST_CASE(an_end_that_comes_with_the_start_still_has_the_replay_queue_read) {
  FakeBroker broker;
  broker.push("replay", {order("a", 1), order("a", 2)});
  broker.push("orders", order("a", 3));
  broker.control(start_replay("replay"));
  broker.control(end_replay());
  broker.run({.prefetch = 1});
  check_words(broker.outcomes(), {"a-1 replayed", "a-2 replayed", "a-3 applied"});
}

BOOST_AUTO_TEST_CASE(can_be_told_to_replay_again_after_it_went_back) {
  FakeBroker broker;
  broker.queues["replay"];
  broker.control(start_replay("replay"));
  broker.control(end_replay());
  int idle = 0;
  broker.when_idle = [&] {
    if (++idle == 1) {
      broker.push("replay", order("a", 1));
      broker.control(start_replay("replay"));
    } else {
      broker.stop.request_stop();
    }
  };
  const auto status = broker.run();
  check_words(broker.outcomes(), {"a-1 replayed"});
  BOOST_TEST(status.replaying);
}

BOOST_AUTO_TEST_SUITE_END()
