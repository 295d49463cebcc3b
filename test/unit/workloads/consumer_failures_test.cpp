// The consumer's loop when connections break: at every single step of a run, once.
#include <boost/test/unit_test.hpp>

#include "test/unit/workloads/fake_broker.h"

namespace {

using namespace orders;
using namespace orders::test;
using namespace std::chrono_literals;

std::string digest_of(std::initializer_list<Order> sequence) {
  OrderState state;
  for (const Order& next : sequence)
    state.apply(next);
  return state.digest;
}

// Runs the scenario again and again, breaking the link at the first step, then at the second, until a run has no such
// step. `prepare` sets a broker up, `check` looks at the end.
template <class Prepare, class Check>
void break_at_every_step(Prepare prepare, Check check) {
  bool reached = true;
  for (std::size_t at = 1; reached; ++at) {
    FakeBroker broker;
    std::size_t step = 0;
    reached = false;
    prepare(broker);
    std::string entry;
    const auto breaks = broker.breaks;
    broker.breaks = [&, breaks](const std::string& now) {
      if (++step != at) return breaks(now);
      reached = true;
      entry = now;
      breaks(now);
      return true;
    };
    const ConsumerStatus status = broker.run({.prefetch = 2});
    BOOST_TEST_CONTEXT("broken at step " << at << ", " << entry) {
      check(broker, status);
    }
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(consumer_failures)

BOOST_AUTO_TEST_CASE(nothing_is_lost_repeated_or_reordered_wherever_the_connection_breaks) {
  break_at_every_step(
      [](FakeBroker& broker) {
        broker.push("orders", {order("a", 1), order("a", 2), order("a", 3)});
      },
      [](const FakeBroker& broker, const ConsumerStatus& status) {
        BOOST_TEST(status.state.digest == digest_of({order("a", 1), order("a", 2), order("a", 3)}));
        BOOST_TEST(status.unpublished == 0);
        BOOST_TEST(!broker.is_ready("orders"));
        const auto answered = broker.answered();
        for (const char* id : {"a-1", "a-2", "a-3"})
          BOOST_TEST(std::count(answered.begin(), answered.end(), id) >= 1, id << " has a result");
        BOOST_TEST(answered.size() <= 4);  // one more at most: published, and the confirm was lost
        for (const ResultMessage& result : broker.results)
          BOOST_TEST(result.result.count == result.id.back() - '0', result.id << " has the result of its place");
      });
}

BOOST_AUTO_TEST_CASE(a_replay_is_finished_before_the_own_queue_wherever_the_connection_breaks) {
  break_at_every_step(
      [](FakeBroker& broker) {
        broker.push("replay", {order("a", 1), order("a", 2), order("a", 3)});
        broker.push("orders", {order("a", 3), order("a", 4)});
        broker.control(start_replay("replay"));
        broker.meanwhile = [&broker, told = false]() mutable {
          if (!told && !broker.is_ready("replay")) {
            broker.control(end_replay());
            told = true;
          }
        };
      },
      [](const FakeBroker& broker, const ConsumerStatus& status) {
        BOOST_TEST(status.state.digest == digest_of({order("a", 1), order("a", 2), order("a", 3), order("a", 4)}));
        BOOST_TEST(!status.replaying);
        BOOST_TEST(!broker.is_ready("replay"));
        BOOST_TEST(!broker.is_ready("orders"));
        const auto answered = broker.answered();
        BOOST_TEST(std::count(answered.begin(), answered.end(), "a-1") == 0);
        BOOST_TEST(std::count(answered.begin(), answered.end(), "a-2") == 0);
        BOOST_TEST(std::count(answered.begin(), answered.end(), "a-3") >= 1);
        BOOST_TEST(std::count(answered.begin(), answered.end(), "a-4") >= 1);
      });
}

// The process is checkpointed at any step and wakes in another Pod. There its connections are closed, its control queue
// has another name and says START_REPLAY; the mirror has everything since before the checkpoint, and the source has
// gone on and acknowledged all but the last message.
BOOST_AUTO_TEST_CASE(a_restored_copy_replays_under_its_new_name_wherever_it_was_checkpointed) {
  bool reached = true;
  for (std::size_t at = 1; reached; ++at) {
    FakeBroker broker;
    broker.push("orders", {order("a", 1), order("a", 2), order("a", 3)});
    reached = false;
    std::size_t step = 0;
    std::size_t answered_before = 0;
    std::size_t moved_at = 0;
    broker.breaks = [&](const std::string&) {
      if (broker.stop.stop_requested() || ++step != at) return false;
      reached = true;
      moved_at = broker.journal.size();
      answered_before = broker.results.size();
      broker.host = "orders-0-mig-abcde";
      broker.jump(-500s);
      broker.push("replay", {order("a", 1), order("a", 2), order("a", 3)});
      broker.control(start_replay("replay"));
      return true;
    };
    bool told = false;
    bool cut = false;
    broker.meanwhile = [&] {
      if (reached && !std::exchange(cut, true)) {
        broker.queues["orders"].clear();
        broker.push("orders", order("a", 3));
      }
      if (reached && !told && !broker.is_ready("replay")) {
        broker.control(end_replay());
        told = true;
      }
    };
    const auto status = broker.run({.prefetch = 2});
    BOOST_TEST_CONTEXT("checkpointed at step " << at) {
      if (!reached) break;
      BOOST_TEST(status.state.digest == digest_of({order("a", 1), order("a", 2), order("a", 3)}));
      BOOST_TEST(!status.replaying);
      BOOST_TEST(!broker.is_ready("orders"));
      const auto after = [&](const std::string& entry) {
        return std::find(broker.journal.begin() + static_cast<std::ptrdiff_t>(moved_at), broker.journal.end(), entry);
      };
      BOOST_TEST((after("consume replay") < after("consume orders")), "the replay queue comes first");
      for (std::size_t i = answered_before; i < broker.results.size(); ++i)
        BOOST_TEST(broker.results[i].id == "a-3");  // the source answered the others
    }
  }
}

BOOST_AUTO_TEST_CASE(comes_back_within_100_ms_and_backs_off_to_a_second) {
  FakeBroker broker;
  int failures = 8;
  broker.breaks = [&](const std::string& entry) { return entry == "open" && failures-- > 0; };
  broker.run();
  BOOST_REQUIRE(broker.pauses.size() == 8);
  BOOST_TEST(broker.pauses.front().count() <= 100);
  for (std::size_t i = 1; i < broker.pauses.size(); ++i)
    BOOST_TEST(broker.pauses[i].count() >= broker.pauses[i - 1].count());
  BOOST_TEST(broker.pauses.back().count() == 1000);
}

BOOST_AUTO_TEST_CASE(hurries_back_after_a_session_that_worked) {
  FakeBroker broker;
  int opened = 0;
  broker.breaks = [&](const std::string& entry) {
    if (entry == "open") return ++opened < 6;
    return entry == "wait" && opened == 6 && broker.times("wait") == 3;
  };
  broker.run();
  BOOST_REQUIRE(broker.pauses.size() == 6);
  BOOST_TEST(broker.pauses[4].count() > 100);
  BOOST_TEST(broker.pauses[5].count() <= 100);
}

BOOST_AUTO_TEST_CASE(does_not_hammer_a_broker_that_has_no_such_queue) {
  FakeBroker broker;
  broker.control(start_replay("gone"));
  broker.meanwhile = [&] {
    if (broker.pauses.size() >= 8) broker.stop.request_stop();
  };
  broker.run();
  BOOST_TEST(broker.pauses.back().count() == 1000);
}

BOOST_AUTO_TEST_CASE(a_replay_queue_that_is_gone_at_the_end_is_a_finished_replay) {
  FakeBroker broker;
  broker.push("orders", order("a", 1));
  broker.control(start_replay("gone"));
  broker.control(end_replay());
  const auto status = broker.run();
  BOOST_TEST(!status.replaying);
  BOOST_TEST(status.state.count == 1);
}

// Whatever keeps it from consuming while a replay ends: the rest of it comes before the own queue.
BOOST_AUTO_TEST_CASE(a_replay_queue_that_cannot_be_consumed_now_is_not_gone) {
  FakeBroker broker;
  broker.push("orders", {order("a", 1), order("a", 2)});
  broker.push("replay", order("a", 1));
  broker.control(start_replay("replay"));
  broker.control(end_replay());
  broker.breaks = [&](const std::string& entry) { return entry == "consume replay" && broker.times(entry) <= 3; };
  const auto status = broker.run();
  const std::vector<std::string> wanted{"a-1 replayed", "a-1 republished", "a-2 applied"};
  BOOST_TEST(broker.outcomes() == wanted, boost::test_tools::per_element());
  BOOST_TEST(!status.replaying);
}

// A controller that was restarted may say START_REPLAY once more when all is over.
BOOST_AUTO_TEST_CASE(a_replay_that_is_started_again_when_its_queue_is_gone_stays_finished) {
  FakeBroker broker;
  broker.push("replay", order("a", 1));
  broker.control(start_replay("replay"));
  int words = 0;
  broker.meanwhile = [&] {
    if (words == 0 && !broker.is_ready("replay")) {
      broker.control(end_replay());
      ++words;
    } else if (words == 1 && broker.times("consume orders") > 0) {
      broker.queues.erase("replay");
      broker.control(start_replay("replay"));
      broker.push("orders", {order("a", 1), order("a", 2)});
      ++words;
    }
  };
  const auto status = broker.run();
  BOOST_TEST(words == 2);
  BOOST_TEST(!status.replaying);
  const std::vector<std::string> wanted{"a-1 replayed", "a-1 republished", "a-2 applied"};
  BOOST_TEST(broker.outcomes() == wanted, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_replay_queue_that_was_never_there_is_waited_for_without_touching_the_own_queue) {
  FakeBroker broker;
  broker.push("orders", order("a", 1));
  broker.control(start_replay("late"));
  broker.meanwhile = [&] {
    if (broker.pauses.size() < 5 || broker.queues.contains("late")) return;
    BOOST_TEST(broker.times("consume orders") == 0U);
    broker.push("late", order("a", 1));
    broker.control(end_replay());
  };
  broker.run();
  const std::vector<std::string> wanted{"a-1 replayed", "a-1 republished"};
  BOOST_TEST(broker.outcomes() == wanted, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
