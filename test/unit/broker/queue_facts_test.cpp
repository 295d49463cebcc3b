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

BOOST_AUTO_TEST_CASE(who_publishes_by_the_queues_name_is_seen) {
  const auto is_fed_by_name = [](const char* incoming) {
    const auto facts = queue_facts_of(
        {{"name", "q"}, {"effective_policy_definition", Json::object()}, {"incoming", Json::parse(incoming)}});
    return facts && facts->is_fed_by_name;
  };
  BOOST_TEST(is_fed_by_name(R"([{"stats": {"publish": 7}, "exchange": {"name": "shop", "vhost": "/"}},
                                {"stats": {"publish": 1}, "exchange": {"name": "", "vhost": "/"}}])"));
  BOOST_TEST(!is_fed_by_name(R"([{"stats": {"publish": 7}, "exchange": {"name": "shop", "vhost": "/"}}])"));
  for (const char* nonsense : {"[]", "{}", "null", "7", R"([7, {"exchange": 7}, {"exchange": {"name": 7}}, {}])"})
    BOOST_TEST(!is_fed_by_name(nonsense), nonsense);
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

// Every 5 s, the newest first, as the broker tells them.
Json samples_of(const std::vector<int>& counts, int newest) {
  Json samples = Json::array();
  for (std::size_t i = 0; i < counts.size(); ++i)
    samples.push_back(
        {{"sample", counts[i]}, {"timestamp", 1'700'000'000'000 + 5'000 * (newest - static_cast<int>(i))}});
  return {{"rate", 7}, {"samples", std::move(samples)}};
}

struct RateRow {
  const char* what;
  std::vector<int> waiting;  // from the newest on, which is one step newer than the newest of the next
  std::vector<int> acknowledged;
  std::optional<double> rate;
  friend std::ostream& operator<<(std::ostream& out, const RateRow& row) { return out << row.what; }
};

const std::vector<RateRow> kRateRows{
    {"overload", {90, 70, 50, 30, 10, 5}, {500, 400, 300, 200, 100}, 20.0},
    {"nothing ever waits: what is acknowledged is what arrives", {0, 0, 0, 0, 0, 0}, {200, 150, 100, 50, 0}, {}},
    {"something waits now and then", {1, 0, 1, 1, 0, 1}, {200, 150, 100, 50, 0}, {}},
    {"something waits at last", {40, 30, 20, 0, 0, 0}, {250, 150, 100, 50, 0}, {}},
    // Of the move's own silence, and of the queue's before it, nothing counts.
    {"what a move held up is worked off", {0, 0, 15, 10, 0, 0}, {260, 190, 110, 100, 50}, {}},
    {"one step alone is no measure", {9, 8, 7, 6}, {210, 110, 0}, {}},
    {"with a move in the midst of it", {90, 80, 70, 60, 50, 40, 30}, {425, 325, 225, 200, 100, 0}, 20.0},
    {"nobody works", {9, 9, 9, 9, 9, 9}, {100, 100, 100, 100, 100}, {}},
    {"a broker that has counted nothing yet", {}, {}, {}},
    {"its lengths are not told", {}, {400, 300, 200, 100}, {}},
};

BOOST_DATA_TEST_CASE(how_fast_consumers_are_is_told_by_what_they_do_while_something_waits,
                     boost::unit_test::data::make(kRateRows), row) {
  const Json last_minute{{"messages_ready_details", samples_of(row.waiting, 1)},
                         {"message_stats", {{"ack_details", samples_of(row.acknowledged, 0)}}}};
  BOOST_CHECK(busy_ack_rate_of(last_minute) == row.rate);
}

BOOST_AUTO_TEST_CASE(nonsense_is_survived) {
  BOOST_TEST(!queue_facts_of(Json::parse("7")).has_value());
  BOOST_TEST(bindings_of(Json::parse(R"([7, {"source": 7}, {}])")).empty());
  BOOST_TEST(!totals_of(Json::parse(R"({"messages_ready": -1, "messages_unacknowledged": 1})")).has_value());
  BOOST_TEST(!busy_ack_rate_of(Json::parse(R"({"messages_ready_details": {"samples": [7, {"sample": "x"}]},
      "message_stats": {"ack_details": {"samples": 7}}})"))
                  .has_value());
  BOOST_CHECK(consumer_of(Json::parse(R"({"prefetch_count": "x", "channel_details": []})")) == Consumer{});
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
