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
    {"Exclusive", [](QueueFacts& q) { q.exclusive = true; }, "declare it durable and not exclusive"},
    {"AutoDelete", [](QueueFacts& q) { q.auto_delete = true; }, "declare it without auto-delete"},
    {"Stream", [](QueueFacts& q) { q.type = "stream"; }, "--strategy stop"},
    {"QueueType", [](QueueFacts& q) { q.type = "x-new"; }, "of type x-new"},
    {"Priorities", [](QueueFacts& q) { q.has_priorities = true; }, "--strategy stop"},
    {"Ttl", [](QueueFacts& q) { q.has_ttl = true; }, "--strategy stop"},
    {"LengthLimit", [](QueueFacts& q) { q.has_length_limit = true; }, "--strategy stop"},
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

BOOST_AUTO_TEST_CASE(names) {
  BOOST_TEST(mirror_name("0a-1b") == "ms2m.replay.0a-1b");
  BOOST_TEST(control_queue_name("", "orders-0", "host") == "ms2m.control.host");
  BOOST_TEST(control_queue_name("c.{pod}.{hostname}.{x}", "orders-0", "{pod}") == "c.orders-0.{pod}.{x}");
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

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace migrate::messages
