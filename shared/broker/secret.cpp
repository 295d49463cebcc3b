#include "shared/broker/secret.h"

#include "shared/base/base64.h"

namespace migrate::broker {

Result<BrokerAddress> broker_address_of(const std::string& amqp_url, const std::string& management_url,
                                        const std::string& ca_crt) {
  const auto amqp = from_base64(amqp_url);
  const auto management = from_base64(management_url);
  const auto authority = from_base64(ca_crt);
  if (!amqp) return tl::make_unexpected(amqp.error().within("amqp-url"));
  if (!management) return tl::make_unexpected(management.error().within("management-url"));
  if (!authority) return tl::make_unexpected(authority.error().within("ca.crt"));
  if (amqp->empty()) return failure("it has no key amqp-url");
  auto address = parse_broker_address(*amqp, *management);
  if (address && !authority->empty()) address->ca_pem = *authority;
  return address;
}

}  // namespace migrate::broker
