#include <boost/test/unit_test.hpp>
#include <mutex>

#include "shared/broker/broker.h"
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
  FakeServer server{FakeServer::each([this](Connection& connection, const Request& request) {
    const std::lock_guard lock{mutex};
    asked.push_back(request);
    connection.answer(status, body);
  })};
  std::shared_ptr<Broker> broker = [this] {
    BrokerAddress address;
    address.management_url = server.url();
    address.user = "me";
    address.password = "s3cret";
    auto connected = connect_broker(address);
    BOOST_REQUIRE(connected);
    return *connected;
  }();
};

BOOST_FIXTURE_TEST_SUITE(management, Scene)

BOOST_AUTO_TEST_CASE(consumers_of_one_queue) {
  body = R"([{"consumer_tag": "t1", "queue": {"name": "orders", "vhost": "/"},
              "channel_details": {"connection_name": "10.0.0.9:1 -> 10.0.0.2:5672", "peer_host": "10.0.0.9"}},
             {"consumer_tag": "t2", "queue": {"name": "others", "vhost": "/"}, "channel_details": []},
             {"consumer_tag": "t3", "queue": {"name": "orders", "vhost": "/"}, "channel_details": []}, 7])";
  const auto found = broker->consumers("orders");
  BOOST_REQUIRE_MESSAGE(found, (found ? "" : found.error().message));
  BOOST_REQUIRE(found->size() == 2U);
  BOOST_CHECK((found->front() == Consumer{"t1", "10.0.0.9:1 -> 10.0.0.2:5672", "10.0.0.9"}));
  BOOST_CHECK((found->back() == Consumer{"t3", "", ""}));
  BOOST_TEST(asked.front().target == "/api/consumers/%2F");
  BOOST_TEST(asked.front().header("Authorization") == "Basic bWU6czNjcmV0");
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

BOOST_AUTO_TEST_CASE(errors_say_what_to_do_and_no_password) {
  struct Row {
    unsigned status;
    std::string body;
    std::string says;
  };
  for (const Row& row : std::vector<Row>{{401, "{}", "administrator"},
                                         {404, "{}", "no virtual host /"},
                                         {500, "it broke", "answered 500: it broke"},
                                         {200, "<html>", "is this RabbitMQ's management API?"}}) {
    status = row.status;
    body = row.body;
    const auto found = broker->consumers("orders");
    BOOST_REQUIRE(!found);
    BOOST_TEST(found.error().message.find(row.says) != std::string::npos, found.error().message);
    BOOST_TEST(found.error().message.find("s3cret") == std::string::npos, found.error().message);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
