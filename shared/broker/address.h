// Where a RabbitMQ is and as whom, from the two URLs of a broker's Secret (amqp-url, management-url). Pure.
// Form: rabbitmq.com "URI Spec"; RFC 3986.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "shared/base/result.h"

namespace migrate::broker {

struct Credentials {
  std::string user = "guest";
  std::string password = "guest";
  bool operator==(const Credentials&) const = default;
};

struct AmqpEndpoint {
  std::string host;  // an IPv6 address without its brackets
  std::uint16_t port = 5672;
  bool tls = false;
  Credentials credentials;
};

struct BrokerAddress {
  AmqpEndpoint amqp;
  std::string management_url;  // http:// or https://, without credentials, without a slash at the end
  Credentials management;
  std::string virtual_host = "/";
  std::optional<std::string> ca_pem;  // for https and amqps; unset: the system's authorities
};

// `amqp_url`: port 5672 (amqps: 5671) unless it says another; it also says the virtual host: a path that is empty or
// "/" means the default one. `management_url` may be empty: then it is the AMQP host at port 15672 (with amqps: https
// at 15671), with the credentials of `amqp_url`, as one without credentials of its own.
// Errors name the URL by `amqp-url` or `management-url` and never repeat it: it holds a password.
[[nodiscard]] Result<BrokerAddress> parse_broker_address(const std::string& amqp_url,
                                                         const std::string& management_url);

// RFC 3986: everything but unreserved characters as %XX.
[[nodiscard]] std::string percent_encoded(std::string_view text);
// An error on a % that two hexadecimal digits do not follow.
[[nodiscard]] Result<std::string> percent_decoded(std::string_view text);

}  // namespace migrate::broker
