// From the broker's words to errors a user can act on, and to values where a refusal is an answer. Pure.
#pragma once

#include <optional>
#include <string>

#include "shared/base/result.h"
#include "shared/broker/amqp_connection.h"

namespace migrate::broker {

inline constexpr std::uint16_t kAccessRefused = 403;
inline constexpr std::uint16_t kNotFound = 404;
inline constexpr std::uint16_t kResourceLocked = 405;
inline constexpr std::uint16_t kPreconditionFailed = 406;
inline constexpr std::uint16_t kNotImplemented = 540;

// What a call needs, for the case that the broker refuses it.
struct NeededRight {
  std::string on_queue;  // "configure", "write", "read"; empty: none
  std::string queue;
  std::string on_exchange = {};
  std::string exchange = {};
};

struct Who {
  std::string where;  // host:port
  std::string user;
  std::string virtual_host;
};

[[nodiscard]] Error explain(const std::string& attempt, const AmqpError& error, const NeededRight& right,
                            const Who& who);

// Why a queue was not deleted, where that is an answer.
[[nodiscard]] std::optional<Removal> removal_of(const AmqpError& error);

}  // namespace migrate::broker
