// What the management API's answers say of a queue. Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "shared/broker/broker.h"

namespace migrate::broker {

[[nodiscard]] Consumer consumer_of(const nlohmann::json& listed);

// From /api/whoami; tags are a list, and before RabbitMQ 3.9 one text with commas.
[[nodiscard]] User user_of(const nlohmann::json& whoami);

// From /api/vhosts/VHOST/connections, the names of those that come from there.
[[nodiscard]] std::vector<std::string> connections_of(const nlohmann::json& list, const std::string& peer_host);

// From /api/queues/VHOST/NAME; without bindings. Nothing: the broker has not told yet what policies say of it.
[[nodiscard]] std::optional<QueueFacts> queue_facts_of(const nlohmann::json& queue);

// From /api/queues/VHOST/NAME/bindings, without the default exchange's.
[[nodiscard]] std::vector<Binding> bindings_of(const nlohmann::json& list);

// From /api/queues/VHOST, sorted.
[[nodiscard]] std::vector<std::string> queue_names_of(const nlohmann::json& list, const std::string& prefix);
// From /api/queues/VHOST/NAME/get; bodies that are no text are empty.
[[nodiscard]] std::vector<std::string> bodies_of(const nlohmann::json& list);

// From /api/exchanges/VHOST/NAME.
[[nodiscard]] Exchange exchange_of(const std::string& name, const nlohmann::json& exchange);

// From /api/policies/VHOST or /api/operator-policies/VHOST; those for exchanges or streams alone are left out.
[[nodiscard]] std::vector<Policy> policies_of(const nlohmann::json& list, bool are_operators);

// From the queue as well, without ack_rate. Nothing: not counted yet.
[[nodiscard]] std::optional<Totals> totals_of(const nlohmann::json& queue);

// What is added to the queue's path for its last minute, counted every 5 s.
inline constexpr const char* kLastMinute = "?lengths_age=60&lengths_incr=5&msg_rates_age=60&msg_rates_incr=5";
// From that: Totals::ack_rate.
[[nodiscard]] std::optional<double> busy_ack_rate_of(const nlohmann::json& last_minute);

}  // namespace migrate::broker
