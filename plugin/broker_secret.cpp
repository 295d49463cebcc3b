#include "plugin/broker_secret.h"

#include <fmt/format.h>

#include "plugin/json_path.h"
#include "shared/broker/secret.h"

namespace migrate::plugin {

Outcome<broker::BrokerAddress> broker_address(const Session& session, const std::string& secret_name) {
  const auto path = kube::core("secrets", session.namespace_, secret_name);
  const auto secret = session.client.get(path);
  if (!secret) return tl::make_unexpected(explain(secret.error(), "get", path));
  if (!*secret)
    return fail(fmt::format("no Secret {} in namespace {}: it holds the broker's amqp-url and management-url",
                            secret_name, session.namespace_));
  const auto value = [&](const char* key) { return text_at(**secret, {"data", key}); };
  auto address = broker::broker_address_of(value("amqp-url"), value("management-url"), value("ca.crt"));
  if (!address) return fail(fmt::format("Secret {}: {}", secret_name, address.error().message));
  return std::move(*address);
}

}  // namespace migrate::plugin
