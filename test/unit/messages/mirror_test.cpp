#include "shared/messages/mirror.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <functional>
#include <ostream>

namespace migrate::messages {
namespace {

using broker::QueueFacts;

QueueFacts queue() {
  QueueFacts facts;
  facts.name = "orders.0";
  facts.type = "classic";
  facts.durable = true;
  facts.bindings = {{"orders", "new", "{}"}};
  facts.consumers = {{"tag-1", "10.0.0.1:1 -> 10.0.0.2:5672", "10.0.0.1", 10}};
  return facts;
}

BOOST_AUTO_TEST_SUITE(mirror)

struct Row {
  std::string reason;  // empty: none
  std::function<void(QueueFacts&)> change;
  std::string says;
  friend std::ostream& operator<<(std::ostream& out, const Row& row) { return out << row.reason << " " << row.says; }
};

const std::vector<Row> kRows{
    {"", [](QueueFacts&) {}, ""},
    {"", [](QueueFacts& q) { q.type = "quorum"; }, ""},
    {"", [](QueueFacts& q) { q.is_single_active = true; }, ""},
    {"", [](QueueFacts& q) { q.durable = false; }, ""},
    {"DefaultExchange", [](QueueFacts& q) { q.bindings.clear(); }, "--strategy stop, or publish to an exchange"},
    {"SeveralConsumers",
     [](QueueFacts& q) {
       q.consumers.push_back({"tag-2", "", "", 1});
     },
     "has 2 consumers"},
    {"SingleActiveConsumer",
     [](QueueFacts& q) {
       q.consumers.push_back({"tag-2", "", "", 1});
       q.is_single_active = true;
     },
     "would take over"},
    {"NoConsumer", [](QueueFacts& q) { q.consumers.clear(); }, "--queue"},
    {"UnlimitedPrefetch", [](QueueFacts& q) { q.consumers[0].prefetch = 0; }, "set basic.qos in the application"},
    {"AutoAck", [](QueueFacts& q) { q.consumers[0].acknowledges = false; }, "acknowledge by hand in the application"},
    // Whose prefetch means nothing is told of one thing.
    {"AutoAck",
     [](QueueFacts& q) {
       q.consumers[0].acknowledges = false;
       q.consumers[0].prefetch = 0;
     },
     "a consumer (tag-1) that does not acknowledge"},
    {"Exclusive", [](QueueFacts& q) { q.exclusive = true; }, "declare it durable and not exclusive"},
    {"AutoDelete", [](QueueFacts& q) { q.auto_delete = true; }, "declare it without auto-delete"},
    {"Stream", [](QueueFacts& q) { q.type = "stream"; }, "--strategy stop"},
    {"QueueType", [](QueueFacts& q) { q.type = "x-new"; }, "of type x-new"},
    {"Priorities", [](QueueFacts& q) { q.has_priorities = true; }, "--strategy stop"},
    {"Ttl", [](QueueFacts& q) { q.has_ttl = true; }, "--strategy stop"},
    {"LengthLimit", [](QueueFacts& q) { q.has_length_limit = true; }, "--strategy stop"},
    {"DeliveryLimit", [](QueueFacts& q) { q.delivery_limit = 0; }, "raise the limit"},
    {"", [](QueueFacts& q) { q.delivery_limit = 1; }, ""},
    {"",
     [](QueueFacts& q) {
       q.exchanges = {{"a", "direct"}, {"b", "topic"}, {"c", "headers"}, {"d", "x-jms-topic"}};
     },
     ""},
    {"",
     [](QueueFacts& q) {
       q.exchanges = {{"a", "x-delayed-message", "topic"}};
     },
     ""},
    {"ExchangeType",
     [](QueueFacts& q) {
       q.exchanges = {{"a", "fanout"}, {"b", "x-consistent-hash"}};
     },
     "exchange b of type x-consistent-hash, which is not known"},
    {"ExchangeType",
     [](QueueFacts& q) {
       q.exchanges = {{"b", "x-modulus-hash"}};
     },
     "put a fanout exchange between"},
    {"ExchangeType",
     [](QueueFacts& q) {
       q.exchanges = {{"b", "x-random"}};
     },
     "--strategy stop"},
    {"ExchangeType",
     [](QueueFacts& q) {
       q.exchanges = {{"b", "x-recent-history"}};
     },
     "x-recent-history"},
    {"ExchangeType",
     [](QueueFacts& q) {
       q.exchanges = {{"b", "x-delayed-message", "x-random"}};
     },
     "x-delayed-message (x-random)"},
};

BOOST_DATA_TEST_CASE(refuses, boost::unit_test::data::make(kRows)) {
  QueueFacts facts = queue();
  sample.change(facts);
  const auto found = mirror_refusals(facts);
  BOOST_REQUIRE(found.size() == (sample.reason.empty() ? 0U : 1U));
  if (sample.reason.empty()) return;
  BOOST_TEST(found[0].reason == sample.reason);
  BOOST_TEST_INFO(found[0].message);
  BOOST_TEST(found[0].message.find(sample.says) != std::string::npos);
  BOOST_TEST(found[0].message.starts_with("queue orders.0 "));
}

BOOST_AUTO_TEST_CASE(everything_is_told_at_once) {
  QueueFacts facts = queue();
  facts.bindings.clear();
  facts.has_ttl = true;
  facts.consumers[0].prefetch = 0;
  BOOST_TEST(mirror_refusals(facts).size() == 3U);
}

BOOST_AUTO_TEST_CASE(a_policy_may_spoil_the_mirror) {
  QueueFacts facts;
  facts.name = "ms2m.replay.u";
  BOOST_TEST(mirror_troubles(facts).empty());
  facts.has_ttl = true;
  facts.has_length_limit = true;
  const auto found = mirror_troubles(facts);
  BOOST_REQUIRE(found.size() == 2U);
  BOOST_TEST(found[0].reason == "MirrorTtl");
  BOOST_TEST(found[1].reason == "MirrorLengthLimit");
  BOOST_TEST(found[1].message.find("ms2m.replay.u a length limit") != std::string::npos);
}

struct PolicyRow {
  std::vector<broker::Policy> policies;
  std::optional<std::string> reason;  // empty: none; nothing: cannot be told
  friend std::ostream& operator<<(std::ostream& out, const PolicyRow& row) {
    for (const broker::Policy& one : row.policies)
      out << one.pattern << " ";
    return out;
  }
};

broker::Policy ttl(const std::string& pattern, std::int64_t priority = 0, bool of_operators = false) {
  return {"p", pattern, of_operators, priority, true, false};
}
broker::Policy length(const std::string& pattern, std::int64_t priority = 0, bool of_operators = false) {
  return {"p", pattern, of_operators, priority, false, true};
}
broker::Policy harmless(const std::string& pattern, std::int64_t priority = 0, bool of_operators = false) {
  return {"p", pattern, of_operators, priority, false, false};
}

const std::vector<PolicyRow> kPolicyRows{
    {{}, ""},
    {{ttl("^orders")}, ""},
    {{ttl(".*")}, "MirrorTtl"},
    {{length("")}, "MirrorLengthLimit"},
    {{length("^ms2m\\.")}, "MirrorLengthLimit"},
    {{length("replay")}, "MirrorLengthLimit"},
    {{length("^(?!ms2m)")}, std::nullopt},
    {{length("\\Ams2m")}, std::nullopt},
    {{length("^(a+)+$")}, std::nullopt},
    {{length("[")}, std::nullopt},
    {{harmless(".*", 1), ttl(".*", 0)}, ""},
    {{harmless(".*", 0), ttl(".*", 1)}, "MirrorTtl"},
    {{harmless(".*", 1), ttl(".*", 1)}, "MirrorTtl"},
    // One user's and one operator's hold together.
    {{harmless(".*", 9), ttl(".*", 1, true)}, "MirrorTtl"},
};

BOOST_DATA_TEST_CASE(policies_tell_of_a_mirror_to_come, boost::unit_test::data::make(kPolicyRows)) {
  const auto found = policy_refusals(sample.policies, "ms2m.replay.0a-1b");
  BOOST_REQUIRE(found.has_value() == sample.reason.has_value());
  if (!found) return;
  BOOST_REQUIRE(found->empty() == sample.reason->empty());
  if (found->empty()) return;
  BOOST_TEST(found->front().reason == *sample.reason);
  BOOST_TEST(found->front().message.find("policy p of the broker (pattern") != std::string::npos);
  BOOST_TEST(found->front().message.find("ms2m.* is exempt, or use --strategy stop") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(names) {
  BOOST_TEST(mirror_name("0a-1b") == "ms2m.replay.0a-1b");
  BOOST_TEST(control_queue_name("", "orders-0", "host") == "ms2m.control.host");
  BOOST_TEST(control_queue_name("c.{pod}.{hostname}.{x}", "orders-0", "{pod}") == "c.orders-0.{pod}.{x}");
}

BOOST_AUTO_TEST_CASE(a_queue_may_be_named_after_its_pod) {
  BOOST_TEST(queue_name("orders", "orders-3") == "orders");
  BOOST_TEST(queue_name("q.{ordinal}.{pod}", "orders-3") == "q.3.orders-3");
  BOOST_TEST(queue_name("q.{ordinal}", "orders") == "q.");
}

BOOST_AUTO_TEST_CASE(control_messages) {
  BOOST_TEST(start_replay("ms2m.replay.u") == R"({"type":"START_REPLAY","payload":{"queue":"ms2m.replay.u"}})");
  BOOST_TEST(start_replay("a\"b") == R"({"type":"START_REPLAY","payload":{"queue":"a\"b"}})");
  BOOST_TEST(end_replay() == R"({"type":"END_REPLAY"})");
}

BOOST_AUTO_TEST_CASE(consumers_may_hold_their_prefetches) {
  QueueFacts facts = queue();
  BOOST_TEST(may_hold(facts) == 10U);
  facts.consumers.push_back({"tag-2", "", "", 5});
  BOOST_TEST(may_hold(facts) == 15U);
}

BOOST_AUTO_TEST_CASE(a_delivery_limit_that_one_move_may_use_up_is_warned_of) {
  QueueFacts facts = queue();
  BOOST_TEST(delivery_warning(facts) == "");
  facts.delivery_limit = 3;
  BOOST_TEST(delivery_warning(facts) == "");
  facts.delivery_limit = 2;
  BOOST_TEST(delivery_warning(facts).find("queue orders.0 has a delivery limit of 2") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(messages_that_no_mirror_gets_are_warned_of_and_not_refused) {
  QueueFacts facts = queue();
  BOOST_TEST(feed_warning(facts) == "");
  facts.is_fed_by_name = true;
  BOOST_TEST(feed_warning(facts).find("queue orders.0 is published to by its name") != std::string::npos);
  BOOST_TEST(mirror_refusals(facts).empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace migrate::messages
