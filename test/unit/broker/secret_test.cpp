#include "shared/broker/secret.h"

#include <boost/test/unit_test.hpp>

#include "shared/base/base64.h"

namespace migrate::broker {

BOOST_AUTO_TEST_SUITE(secret)

BOOST_AUTO_TEST_CASE(two_urls_and_an_authority) {
  const auto whole = broker_address_of(to_base64("amqps://u:p@mq/"), to_base64("https://mq:1/"), to_base64("PEM"));
  BOOST_REQUIRE(whole);
  BOOST_TEST(whole->amqp.credentials.password == "p");
  BOOST_TEST(whole->management_url == "https://mq:1");
  BOOST_TEST(whole->ca_pem.value_or("") == "PEM");
  BOOST_TEST(!broker_address_of(to_base64("amqp://mq/"), "", "")->ca_pem.has_value());
}

BOOST_AUTO_TEST_CASE(errors_name_the_key) {
  BOOST_TEST(broker_address_of("", "", "").error().message == "it has no key amqp-url");
  BOOST_TEST(broker_address_of("?", "", "").error().message.starts_with("amqp-url: "));
  BOOST_TEST(broker_address_of("", "?", "").error().message.starts_with("management-url: "));
  BOOST_TEST(broker_address_of("", "", "?").error().message.starts_with("ca.crt: "));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace migrate::broker
