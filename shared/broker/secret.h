// A broker's Secret: amqp-url, management-url, ca.crt. Pure.
#pragma once

#include <string>

#include "shared/broker/address.h"

namespace migrate::broker {

// From the three values as they are in the Secret's `data`, in Base64: `management_url` and `ca_crt` may be empty.
// Errors name the key and never repeat a value.
[[nodiscard]] Result<BrokerAddress> broker_address_of(const std::string& amqp_url, const std::string& management_url,
                                                      const std::string& ca_crt);

}  // namespace migrate::broker
