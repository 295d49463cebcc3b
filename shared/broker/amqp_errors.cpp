#include "shared/broker/amqp_errors.h"

#include <fmt/format.h>

#include <utility>

namespace migrate::broker {
namespace {

bool says(const AmqpError& error, std::string_view words) {
  return error.message.find(words) != std::string::npos;
}

std::string missing_right(const AmqpError& error, const NeededRight& right, const Who& who) {
  if (says(error, " to topic '"))
    return fmt::format(
        "; user {} has topic permissions on exchange {} that do not let it {} this key "
        "(rabbitmqctl set_topic_permissions)",
        who.user, right.exchange, right.on_exchange);
  const bool exchange = right.on_queue.empty() || (!right.on_exchange.empty() && says(error, "exchange '"));
  return fmt::format("; user {} needs the right to {} {} {} in virtual host {} (rabbitmqctl set_permissions)", who.user,
                     exchange ? right.on_exchange : right.on_queue, exchange ? "exchange" : "queue",
                     exchange ? right.exchange : right.queue, who.virtual_host);
}

}  // namespace

Error explain(const std::string& attempt, const AmqpError& error, const NeededRight& right, const Who& who) {
  std::string message = fmt::format("{} at {}: {}", attempt, who.where, error.message);
  bool is_missing_right = false;
  if (error.code == kAccessRefused && says(error, "Login was refused"))
    message += fmt::format("; check user {} and its password in the broker's Secret", who.user);
  // A reserved name or the default exchange is refused with the same code, whatever the user's rights.
  else if (error.code == kAccessRefused && (says(error, " to topic '") || says(error, "refused for user"))) {
    message += missing_right(error, right, who);
    is_missing_right = true;
  }
  return {std::move(message), is_missing_right};
}

std::optional<Removal> removal_of(const AmqpError& error) {
  if (error.code == kNotFound) return Removal::absent;
  if (error.code != kPreconditionFailed) return std::nullopt;
  if (says(error, "in use")) return Removal::in_use;
  if (says(error, "empty")) return Removal::not_empty;
  return std::nullopt;
}

}  // namespace migrate::broker
