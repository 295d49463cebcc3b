// Where a RabbitMQ is and as whom, from the two URLs of a broker's Secret (amqp-url, management-url). Pure.
// Form: rabbitmq.com "URI Spec"; RFC 3986.
#pragma once

#include <optional>
#include <string>

#include "shared/base/result.h"

namespace migrate::broker {

struct BrokerAddress {
  std::string management_url;  // http:// or https://, without credentials, without a slash at the end
  std::string user = "guest";
  std::string password = "guest";
  std::string virtual_host = "/";
  std::optional<std::string> ca_pem;  // for https; unset: the system's authorities
};

// `management_url` may be empty: then it is the AMQP host at port 15672 (with amqps: https at 15671). Credentials in
// it beat those of `amqp_url`, which also says the virtual host; a path that is empty or "/" means the default one.
// Errors name the URL by `amqp-url` or `management-url` and never repeat it: it holds a password.
[[nodiscard]] Result<BrokerAddress> parse_broker_address(const std::string& amqp_url,
                                                         const std::string& management_url);

// RFC 3986: everything but unreserved characters as %XX.
[[nodiscard]] std::string percent_encoded(std::string_view text);
// An error on a % that two hexadecimal digits do not follow.
[[nodiscard]] Result<std::string> percent_decoded(std::string_view text);

}  // namespace migrate::broker
