#include <boost/test/unit_test.hpp>
#include <map>
#include <mutex>

#include "shared/broker/broker.h"
#include "shared/broker/management.h"
#include "shared/broker/queue_facts.h"
#include "test/unit/fake_server/server.h"

namespace {

using namespace migrate::broker;
using migrate::test::Connection;
using migrate::test::FakeServer;
using migrate::test::Request;

struct Scene {
  std::mutex mutex;
  std::vector<Request> asked;
  unsigned status = 200;
  std::string body = "[]";
  std::map<std::string, std::string> bodies;  // by target, before `body`
  FakeServer server{FakeServer::each([this](Connection& connection, const Request& request) {
    const std::lock_guard lock{mutex};
    asked.push_back(request);
    const auto own = bodies.find(request.target);
    connection.answer(status, own == bodies.end() ? body : own->second);
  })};
  std::shared_ptr<Broker> broker = [this] {
    BrokerAddress address;
    address.management_url = server.url();
    address.management = {"me", "s3cret"};
    auto connected = connect_broker(address);
    BOOST_REQUIRE(connected);
    return *connected;
  }();
};

BOOST_FIXTURE_TEST_SUITE(management, Scene)

BOOST_AUTO_TEST_CASE(consumers_of_one_queue) {
  body =
      R"([{"consumer_tag": "t1", "prefetch_count": 5, "ack_required": true, "queue": {"name": "orders", "vhost": "/"},
              "channel_details": {"connection_name": "10.0.0.9:1 -> 10.0.0.2:5672", "peer_host": "10.0.0.9",
                                  "user": "shop"}},
             {"consumer_tag": "t2", "queue": {"name": "others", "vhost": "/"}, "channel_details": []},
             {"consumer_tag": "t3", "queue": {"name": "orders", "vhost": "/"}, "channel_details": [],
              "ack_required": false}, 7])";
  const auto found = broker->consumers("orders");
  BOOST_REQUIRE_MESSAGE(found, (found ? "" : found.error().message));
  BOOST_REQUIRE(found->size() == 2U);
  BOOST_CHECK((found->front() == Consumer{"t1", "10.0.0.9:1 -> 10.0.0.2:5672", "10.0.0.9", 5, true, "shop"}));
  BOOST_CHECK((found->back() == Consumer{"t3", "", "", 0, false}));
  BOOST_TEST(asked.front().target == "/api/consumers/%2F");
  BOOST_TEST(asked.front().header("Authorization") == "Basic bWU6czNjcmV0");
}

BOOST_AUTO_TEST_CASE(who_the_user_is_and_what_its_tags_allow) {
  struct Row {
    const char* tags;
    bool may_close_others;
    bool sees_others;
  };
  for (const Row& row : std::vector<Row>{{R"(["administrator"])", true, true},
                                         {R"(["management", "monitoring"])", false, true},
                                         {R"("management,administrator")", true, true},  // before RabbitMQ 3.9
                                         {R"(["policymaker"])", false, false},
                                         {R"("")", false, false},
                                         {"null", false, false}}) {
    body = std::string{R"({"name": "me", "tags": )"} + row.tags + "}";
    const auto me = broker->whoami();
    BOOST_REQUIRE_MESSAGE(me, (me ? "" : me.error().message));
    BOOST_TEST(me->name == "me");
    BOOST_TEST(me->may_close_others() == row.may_close_others, row.tags);
    BOOST_TEST(me->sees_others() == row.sees_others, row.tags);
  }
  BOOST_TEST(asked.front().target == "/api/whoami");
  body = "[]";
  BOOST_TEST(!broker->whoami().has_value());
  status = 401;
  BOOST_TEST(broker->whoami().error().message.find("administrator") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(connections_from_one_address) {
  body = R"([{"name": "10.0.0.9:1 -> 10.0.0.2:5672", "peer_host": "10.0.0.9", "vhost": "/"},
             {"name": "10.0.0.8:1 -> 10.0.0.2:5672", "peer_host": "10.0.0.8"},
             {"peer_host": "10.0.0.9"}, {"name": "told late"}, 7])";
  const auto found = broker->connections_from("10.0.0.9");
  BOOST_REQUIRE_MESSAGE(found, (found ? "" : found.error().message));
  BOOST_TEST(*found == std::vector<std::string>{"10.0.0.9:1 -> 10.0.0.2:5672"}, boost::test_tools::per_element());
  BOOST_TEST(asked.front().target == "/api/vhosts/%2F/connections");
  body = "{}";
  BOOST_TEST(!broker->connections_from("10.0.0.9").has_value());
  status = 404;
  BOOST_TEST(!broker->connections_from("10.0.0.9").has_value());
}

BOOST_AUTO_TEST_CASE(queues_by_how_their_names_begin) {
  body = R"([{"name": "ms2m.replay.2"}, {"name": "orders"}, {"name": "ms2m.replay.1"}, {"vhost": "/"}, 7])";
  const auto found = broker->queues("ms2m.");
  BOOST_REQUIRE_MESSAGE(found, (found ? "" : found.error().message));
  BOOST_TEST((*found == std::vector<std::string>{"ms2m.replay.1", "ms2m.replay.2"}));
  BOOST_TEST(asked.front().target == "/api/queues/%2F?columns=name");
  body = "{}";
  BOOST_TEST(!broker->queues("ms2m.").has_value());
}

BOOST_AUTO_TEST_CASE(messages_are_looked_at_and_stay) {
  body = R"([{"payload": "{\"type\":\"END_REPLAY\"}", "payload_encoding": "string"},
             {"payload": "/w==", "payload_encoding": "base64"}])";
  const auto found = broker->peek("ms2m.control.orders");
  BOOST_REQUIRE_MESSAGE(found, (found ? "" : found.error().message));
  BOOST_REQUIRE(*found);
  BOOST_TEST((**found == std::vector<std::string>{R"({"type":"END_REPLAY"})", ""}));
  BOOST_TEST(asked.front().method == "POST");
  BOOST_TEST(asked.front().target == "/api/queues/%2F/ms2m.control.orders/get");
  BOOST_TEST(asked.front().body.find(R"("ackmode":"ack_requeue_true")") != std::string::npos, asked.front().body);
  status = 404;
  const auto none = broker->peek("ms2m.control.orders");
  BOOST_REQUIRE(none);
  BOOST_TEST(!none->has_value());
}

BOOST_AUTO_TEST_CASE(a_connection_is_closed_with_its_reason) {
  status = 204;
  body.clear();
  BOOST_REQUIRE(broker->close_connection("10.0.0.9:1 -> 10.0.0.2:5672", "it moves"));
  BOOST_TEST(asked.front().method == "DELETE");
  BOOST_TEST(asked.front().target == "/api/connections/10.0.0.9%3A1%20-%3E%2010.0.0.2%3A5672");
  BOOST_TEST(asked.front().header("X-Reason") == "it moves");
}

BOOST_AUTO_TEST_CASE(a_connection_that_is_gone_is_closed) {
  status = 404;
  BOOST_TEST(broker->close_connection("x", "y").has_value());
}

BOOST_AUTO_TEST_CASE(a_queue_with_its_policies_bindings_and_consumers) {
  bodies["/api/queues/%2F/my%20orders"] =
      R"({"name": "my orders", "type": "quorum", "durable": true, "exclusive": false, "auto_delete": false,
          "arguments": {"x-queue-type": "quorum"}, "effective_policy_definition": {"max-length": 9},
          "consumer_details": [{"consumer_tag": "t", "prefetch_count": 10, "channel_details": []}]})";
  bodies["/api/queues/%2F/my%20orders/bindings"] =
      R"([{"source": "", "routing_key": "my orders", "arguments": {}, "properties_key": "my%20orders"},
          {"source": "x", "routing_key": "k", "arguments": {"n": 5}, "properties_key": "k~abc"}])";
  bodies["/api/exchanges/%2F/x"] = R"({"name": "x", "type": "headers", "arguments": {}})";
  const auto found = broker->queue("my orders");
  BOOST_REQUIRE_MESSAGE(found, (found ? "" : found.error().message));
  BOOST_REQUIRE(found->has_value());
  const QueueFacts& facts = **found;
  BOOST_TEST(facts.name == "my orders");
  BOOST_TEST(facts.type == "quorum");
  BOOST_TEST(facts.durable);
  BOOST_TEST(facts.has_length_limit);
  BOOST_TEST(!facts.has_ttl);
  BOOST_TEST(!facts.has_priorities);
  BOOST_TEST(!facts.is_single_active);
  BOOST_CHECK((facts.bindings == std::vector<Binding>{{"x", "k", R"({"n":5})", "k~abc"}}));
  BOOST_CHECK((facts.consumers == std::vector<Consumer>{{"t", "", "", 10}}));
  BOOST_CHECK((facts.exchanges == std::vector<Exchange>{{"x", "headers"}}));
}

BOOST_AUTO_TEST_CASE(policies_of_users_and_of_operators) {
  bodies["/api/policies/%2F"] = R"([{"name": "p", "pattern": "^q", "definition": {"max-length": 5}}])";
  bodies["/api/operator-policies/%2F"] = R"([{"name": "o", "pattern": "", "definition": {"message-ttl": 5}}])";
  const auto found = broker->policies();
  BOOST_REQUIRE_MESSAGE(found, (found ? "" : found.error().message));
  BOOST_CHECK((**found == std::vector<Policy>{{"p", "^q", false, 0, false, true}, {"o", "", true, 0, true, false}}));
}

BOOST_AUTO_TEST_CASE(policies_that_may_not_be_read_are_no_error) {
  status = 401;
  const auto found = broker->policies();
  BOOST_REQUIRE_MESSAGE(found, (found ? "" : found.error().message));
  BOOST_TEST(!found->has_value());
  status = 500;
  BOOST_TEST(!broker->policies().has_value());
}

BOOST_AUTO_TEST_CASE(a_queue_that_is_not_there) {
  status = 404;
  const auto found = broker->queue("orders");
  BOOST_REQUIRE(found);
  BOOST_TEST(!found->has_value());
  const auto totals = broker->totals("orders");
  BOOST_REQUIRE(totals);
  BOOST_TEST(!totals->has_value());
}

BOOST_AUTO_TEST_CASE(a_queue_whose_policies_are_not_told_is_an_error_and_no_queue_without_policies) {
  body = R"({"name": "orders", "arguments": {}, "consumer_details": []})";
  migrate::http::HttpClientOptions options;
  options.base_url = server.url();
  ManagementApi api{*migrate::http::make_http_client(options), {}, std::chrono::milliseconds{1}};
  const auto found = api.queue("orders");
  BOOST_REQUIRE(!found);
  BOOST_TEST(found.error().message.find("management.disable_stats") != std::string::npos, found.error().message);
}

BOOST_AUTO_TEST_CASE(totals_that_were_not_counted_are_not_nothing_waiting) {
  body = R"({"name": "orders"})";
  BOOST_TEST(!broker->totals("orders").value().has_value());
  body = R"({"name": "orders", "messages_ready": 3, "messages_unacknowledged": 4})";
  const auto totals = broker->totals("orders").value();
  BOOST_REQUIRE(totals.has_value());
  BOOST_TEST(totals->ready == 3U);
  BOOST_TEST(totals->unacknowledged == 4U);
  BOOST_TEST(!totals->publish_rate.has_value());
  body = R"({"name": "orders", "messages_ready": 3, "messages_unacknowledged": 4, "message_stats":
             {"publish_details": {"rate": 10.2}, "ack_details": {"rate": 9}}})";
  const auto rates = broker->totals("orders").value();
  BOOST_REQUIRE(rates.has_value());
  BOOST_TEST(rates->publish_rate.value_or(0) == 10.2);
  // Of the last seconds, whatever waited then.
  BOOST_TEST(!rates->ack_rate.has_value());
}

BOOST_AUTO_TEST_CASE(how_fast_a_queue_is_handled_is_told_of_a_minute_in_which_something_waited) {
  const std::string queue = R"("messages_ready": 3, "messages_unacknowledged": 4)";
  body = "{" + queue + "}";
  bodies[std::string{"/api/queues/%2F/orders"} + kLastMinute] = "{" + queue + R"(,
      "messages_ready_details": {"samples": [{"sample": 9, "timestamp": 25000}, {"sample": 9, "timestamp": 20000},
        {"sample": 8, "timestamp": 15000}, {"sample": 7, "timestamp": 10000}, {"sample": 6, "timestamp": 5000}]},
      "message_stats": {"ack_details": {"rate": 9, "samples": [{"sample": 300, "timestamp": 20000},
        {"sample": 200, "timestamp": 15000}, {"sample": 100, "timestamp": 10000}]}}})";
  const auto totals = broker->totals("orders").value();
  BOOST_REQUIRE(totals.has_value());
  BOOST_TEST(totals->ack_rate.value_or(0) == 20.0);
  // Nothing waits, and nothing is asked.
  asked.clear();
  body = R"({"messages_ready": 0, "messages_unacknowledged": 4})";
  BOOST_TEST(!broker->totals("orders").value()->ack_rate.has_value());
  BOOST_TEST(asked.size() == 1U);
}

BOOST_AUTO_TEST_CASE(errors_say_what_to_do_and_no_password) {
  struct Row {
    unsigned status;
    std::string body;
    std::string says;
    bool is_missing_right = false;
  };
  for (const Row& row : std::vector<Row>{{401, "{}", "administrator"},
                                         {403, "{}", "administrator", true},
                                         {404, "{}", "no virtual host /"},
                                         {500, "it broke", "answered 500: it broke"},
                                         {200, "<html>", "is this RabbitMQ's management API?"}}) {
    status = row.status;
    body = row.body;
    const auto found = broker->consumers("orders");
    BOOST_REQUIRE(!found);
    BOOST_TEST(found.error().message.find(row.says) != std::string::npos, found.error().message);
    BOOST_TEST(found.error().message.find("s3cret") == std::string::npos, found.error().message);
    BOOST_TEST(found.error().is_missing_right == row.is_missing_right, row.says);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
