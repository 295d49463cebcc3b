// The lines that producer, consumer and broker leave behind for the audit: one JSON object a line.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "shared/base/result.h"
#include "test/workloads/core/order_state.h"

namespace orders {

// What became of a message at the broker.
enum class Delivery { confirmed, nacked, returned, unknown /* the connection broke before the broker said */ };

// The producer's record, one line for each message sent. Instants are microseconds since 1970.
struct Sent {
  Order order;
  std::int64_t sent = 0;
  std::int64_t settled = 0;
  Delivery delivery = Delivery::unknown;
};

// The consumer's log, one line for each message finished.
struct Handled {
  Order order;
  std::int64_t finished = 0;
  std::string pod;
  std::string queue;
  std::string outcome;   // ResultLedger::Outcome as a word
  std::string previous;  // digest of the state before and after: a chain that tells one instance's history from another's
  std::string digest;
};

[[nodiscard]] std::string order_body(const Order& order);  // a message's body; its id travels as message_id
[[nodiscard]] migrate::Result<Order> parse_order(std::string_view body, std::string id);

[[nodiscard]] std::string to_line(const Sent& sent);
[[nodiscard]] std::string to_line(const Handled& handled);
[[nodiscard]] migrate::Result<Sent> parse_sent(std::string_view line);
[[nodiscard]] migrate::Result<Handled> parse_handled(std::string_view line);

}  // namespace orders
