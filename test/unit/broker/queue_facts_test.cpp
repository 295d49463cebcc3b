#include "shared/broker/queue_facts.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

namespace {

using namespace migrate::broker;
using Json = nlohmann::json;

BOOST_AUTO_TEST_SUITE(queue_facts)

struct Row {
  const char* arguments;
  const char* policy;
  bool ttl;
  bool limit;
  bool priorities;
  bool single_active;
  friend std::ostream& operator<<(std::ostream& out, const Row& row) { return out << row.arguments << row.policy; }
};

const std::vector<Row> kRows{
    {"{}", "[]", false, false, false, false},
    {R"({"x-message-ttl": 1})", "[]", true, false, false, false},
    {R"({"x-expires": 1})", "[]", true, false, false, false},
    {R"({"x-max-length": 0})", "[]", false, true, false, false},
    {R"({"x-max-length-bytes": 1})", "[]", false, true, false, false},
    {R"({"x-max-priority": 3})", "[]", false, false, true, false},
    {R"({"x-single-active-consumer": true})", "[]", false, false, false, true},
    {R"({"x-single-active-consumer": false, "x-queue-type": "classic"})", "{}", false, false, false, false},
    {"{}", R"({"message-ttl": 1})", true, false, false, false},
    {"{}", R"({"expires": 1})", true, false, false, false},
    {"{}", R"({"max-length": 1})", false, true, false, false},
    {"{}", R"({"max-length-bytes": 1})", false, true, false, false},
    {"{}", R"({"dead-letter-exchange": "x", "delivery-limit": 5})", false, false, false, false},
};

BOOST_DATA_TEST_CASE(arguments_and_policies, boost::unit_test::data::make(kRows), row) {
  const Json queue{{"name", "q"},
                   {"arguments", Json::parse(row.arguments)},
                   {"effective_policy_definition", Json::parse(row.policy)}};
  const auto facts = queue_facts_of(queue);
  BOOST_REQUIRE(facts.has_value());
  BOOST_TEST(facts->type == "classic");
  BOOST_TEST(facts->has_ttl == row.ttl);
  BOOST_TEST(facts->has_length_limit == row.limit);
  BOOST_TEST(facts->has_priorities == row.priorities);
  BOOST_TEST(facts->is_single_active == row.single_active);
}

struct LimitRow {
  const char* type;
  const char* arguments;
  const char* policy;
  std::optional<std::uint64_t> limit;
  friend std::ostream& operator<<(std::ostream& out, const LimitRow& row) {
    return out << row.type << row.arguments << row.policy;
  }
};

const std::vector<LimitRow> kLimitRows{
    {"quorum", "{}", "{}", std::nullopt},
    {"quorum", R"({"x-delivery-limit": 0})", "{}", 0},
    {"quorum", "{}", R"({"delivery-limit": 5})", 5},
    {"quorum", R"({"x-delivery-limit": 3})", R"({"delivery-limit": 5})", 3},
    {"quorum", R"({"x-delivery-limit": 7})", R"({"delivery-limit": 5})", 5},
    {"quorum", R"({"x-delivery-limit": -1})", R"({"delivery-limit": 5})", 5},
    {"quorum", R"({"x-delivery-limit": -1})", "{}", std::nullopt},
    {"quorum", R"({"x-delivery-limit": "3"})", "[]", std::nullopt},
    {"classic", R"({"x-delivery-limit": 0})", R"({"delivery-limit": 0})", std::nullopt},
};

BOOST_DATA_TEST_CASE(delivery_limits, boost::unit_test::data::make(kLimitRows), row) {
  const auto facts = queue_facts_of({{"name", "q"},
                                     {"type", row.type},
                                     {"arguments", Json::parse(row.arguments)},
                                     {"effective_policy_definition", Json::parse(row.policy)}});
  BOOST_REQUIRE(facts.has_value());
  BOOST_CHECK(facts->delivery_limit == row.limit);
}

BOOST_AUTO_TEST_CASE(policies_for_queues) {
  const Json list = Json::parse(R"([
    {"name": "a", "pattern": "^q", "apply-to": "all", "priority": 7, "definition": {"max-length": 5, "overflow": "drop-head"}},
    {"name": "b", "pattern": "", "apply-to": "classic_queues", "definition": {"expires": 5}},
    {"name": "c", "pattern": "", "apply-to": "exchanges", "definition": {"alternate-exchange": "x"}},
    {"name": "d", "pattern": "", "apply-to": "queues", "definition": {"queue-mode": "lazy", "dead-letter-exchange": "x"}},
    7])");
  const auto found = policies_of(list, true);
  BOOST_REQUIRE(found.size() == 4U);
  BOOST_CHECK((found[0] == Policy{"a", "^q", true, 7, false, true}));
  BOOST_CHECK((found[1] == Policy{"b", "", true, 0, true, false}));
  BOOST_CHECK((found[2] == Policy{"d", "", true, 0, false, false}));
}

BOOST_AUTO_TEST_CASE(an_exchange_s_type) {
  BOOST_CHECK((exchange_of("x", Json::parse(R"({"type": "topic", "arguments": {}})")) == Exchange{"x", "topic", ""}));
  BOOST_CHECK((exchange_of("x", Json::parse(R"({"type": "x-delayed-message",
      "arguments": {"x-delayed-type": "direct"}})")) == Exchange{"x", "x-delayed-message", "direct"}));
}

BOOST_AUTO_TEST_CASE(nonsense_is_survived) {
  BOOST_TEST(!queue_facts_of(Json::parse("7")).has_value());
  BOOST_TEST(bindings_of(Json::parse(R"([7, {"source": 7}, {}])")).empty());
  BOOST_TEST(!totals_of(Json::parse(R"({"messages_ready": -1, "messages_unacknowledged": 1})")).has_value());
  BOOST_CHECK(consumer_of(Json::parse(R"({"prefetch_count": "x", "channel_details": []})")) == Consumer{});
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
