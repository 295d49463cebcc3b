#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "shared/broker/address.h"

namespace {

using namespace migrate::broker;

BOOST_AUTO_TEST_SUITE(address)

struct Row {
  const char* name;
  const char* amqp;
  const char* management;
  const char* url;
  const char* user;
  const char* password;
  const char* virtual_host;
  friend std::ostream& operator<<(std::ostream& out, const Row& row) { return out << row.name; }
};

const std::vector<Row> kRows{
    {"all in the AMQP URL", "amqp://me:pw@mq:5672/shop", "", "http://mq:15672", "me", "pw", "shop"},
    {"TLS", "amqps://me:pw@mq", "", "https://mq:15671", "me", "pw", "/"},
    {"no credentials", "amqp://mq", "http://mq:15672", "http://mq:15672", "guest", "guest", "/"},
    {"an empty path is the default host", "amqp://mq/", "", "http://mq:15672", "guest", "guest", "/"},
    {"the default host, written out", "amqp://mq/%2F", "", "http://mq:15672", "guest", "guest", "/"},
    {"escaped characters", "amqp://a%40b:p%3Aw%25@mq/my%20shop", "", "http://mq:15672", "a@b", "p:w%", "my shop"},
    {"the management's credentials win", "amqp://a:b@mq/v", "https://c:d@web/rabbit/", "https://web/rabbit", "c", "d",
     "v"},
    {"as the documentation writes it", "amqp://a:b@mq", "http://mq:15672/api/", "http://mq:15672", "a", "b", "/"},
    {"a user without a password", "amqp://a@mq", "", "http://mq:15672", "a", "", "/"},
    {"IPv6", "amqp://[fd00::1]:5672", "", "http://[fd00::1]:15672", "guest", "guest", "/"},
    {"a query is no part of the virtual host", "amqp://mq/v?heartbeat=5", "", "http://mq:15672", "guest", "guest", "v"},
};

BOOST_DATA_TEST_CASE(understood, boost::unit_test::data::make(kRows), row) {
  const auto parsed = parse_broker_address(row.amqp, row.management);
  BOOST_REQUIRE_MESSAGE(parsed, (parsed ? "" : parsed.error().message));
  BOOST_TEST(parsed->management_url == row.url);
  BOOST_TEST(parsed->management.user == row.user);
  BOOST_TEST(parsed->management.password == row.password);
  BOOST_TEST(parsed->virtual_host == row.virtual_host);
}

struct AmqpRow {
  const char* name;
  const char* amqp;
  const char* management;
  const char* host;
  int port;
  bool tls;
  const char* user;
  friend std::ostream& operator<<(std::ostream& out, const AmqpRow& row) { return out << row.name; }
};

const std::vector<AmqpRow> kAmqpRows{
    {"the usual port", "amqp://me:pw@mq/shop", "", "mq", 5672, false, "me"},
    {"the usual port of TLS", "amqps://mq", "", "mq", 5671, true, "guest"},
    {"a port of its own", "amqps://mq:7", "", "mq", 7, true, "guest"},
    {"IPv6", "amqp://[fd00::1]:5", "", "fd00::1", 5, false, "guest"},
    {"the management's credentials are not AMQP's", "amqp://a:b@mq", "http://c:d@web", "mq", 5672, false, "a"},
};

BOOST_DATA_TEST_CASE(where_amqp_is, boost::unit_test::data::make(kAmqpRows), row) {
  const auto parsed = parse_broker_address(row.amqp, row.management);
  BOOST_REQUIRE_MESSAGE(parsed, (parsed ? "" : parsed.error().message));
  BOOST_TEST(parsed->amqp.host == row.host);
  BOOST_TEST(parsed->amqp.port == row.port);
  BOOST_TEST(parsed->amqp.tls == row.tls);
  BOOST_TEST(parsed->amqp.credentials.user == row.user);
}

struct Bad {
  const char* amqp;
  const char* management;
  const char* says;
  friend std::ostream& operator<<(std::ostream& out, const Bad& row) { return out << row.amqp << row.management; }
};

const std::vector<Bad> kBad{
    {"", "", "amqp-url"},
    {"mq:5672", "", "no URL"},
    {"http://mq", "", "neither amqp nor amqps"},
    {"amqp://me:s3cret@/v", "", "no host"},
    {"amqp://me:s3cret@mq:port", "", "no port"},
    {"amqp://me:s3cret@mq:0", "", "no port"},
    {"amqp://me:s3cret@mq:65536", "", "no port"},
    {"amqp://me:s3cret%2@mq", "", "hexadecimal"},
    {"amqp://[fd00::1", "", "bracket"},
    {"amqp://mq", "ftp://mq", "neither http nor https"},
    {"amqp://mq", "s3cret", "management-url"},
};

BOOST_DATA_TEST_CASE(refused_without_the_password, boost::unit_test::data::make(kBad), row) {
  const auto parsed = parse_broker_address(row.amqp, row.management);
  BOOST_REQUIRE(!parsed);
  BOOST_TEST(parsed.error().message.find(row.says) != std::string::npos, parsed.error().message);
  BOOST_TEST(parsed.error().message.find("s3cret") == std::string::npos, parsed.error().message);
}

BOOST_AUTO_TEST_CASE(escaping_goes_both_ways) {
  BOOST_TEST(percent_encoded("10.0.0.1:5 -> /") == "10.0.0.1%3A5%20-%3E%20%2F");
  BOOST_TEST(percent_decoded(percent_encoded("a%b/c")).value() == "a%b/c");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
