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

BOOST_AUTO_TEST_CASE(nonsense_is_survived) {
  BOOST_TEST(!queue_facts_of(Json::parse("7")).has_value());
  BOOST_TEST(bindings_of(Json::parse(R"([7, {"source": 7}, {}])")).empty());
  BOOST_TEST(!totals_of(Json::parse(R"({"messages_ready": -1, "messages_unacknowledged": 1})")).has_value());
  BOOST_CHECK(consumer_of(Json::parse(R"({"prefetch_count": "x", "channel_details": []})")) == Consumer{});
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
