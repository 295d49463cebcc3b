// What travels and what is left behind for the audit: message bodies, and one JSON object a line for each thing that
// happened. All instants are microseconds since 1970. README.md shows a line of each kind.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "shared/base/result.h"
#include "test/workloads/core/order_state.h"

namespace orders {

// What became of a message at the broker.
enum class Delivery {
  confirmed,  // the broker took responsibility
  nacked,     // it declined to: the message may be in some queue or in none
  returned,   // no queue was bound for it: it is nowhere
  unknown,    // the connection broke before the broker said: may be there or not
};
[[nodiscard]] const char* to_string(Delivery delivery);

// The producer's record, one line for each message sent.
struct Sent {
  Order order;
  std::int64_t due = 0;  // when the schedule wanted it sent; sent - due is the producer's lateness
  std::int64_t sent = 0;
  std::int64_t settled = 0;
  Delivery delivery = Delivery::unknown;
};

// The consumer's log, one line for each message finished: the state has changed, the result is about to go out.
struct Handled {
  Order order;
  std::int64_t finished = 0;
  std::string pod;
  std::string queue;
  std::string outcome;  // ResultLedger::Outcome as a word
  std::string
      previous;  // digest of the state before and after: a chain that tells one instance's history from another's
  std::string digest;
};

// A result as it travels. One order's result may be published more than once; pod and instant tell which time it was.
struct ResultMessage {
  std::string id;  // the order's; travels as message_id
  OrderResult result;
  std::string pod;
  std::int64_t published = 0;
};

// The collector's record, one line for each result that arrived.
struct Collected {
  ResultMessage message;
  std::int64_t arrived = 0;
};

// Bodies. A message without an id is refused: nothing could tell whether it was seen before.
[[nodiscard]] std::string order_body(const Order& order);
[[nodiscard]] migrate::Result<Order> parse_order(std::string_view body, const std::string& id);
[[nodiscard]] std::string result_body(const ResultMessage& message);
[[nodiscard]] migrate::Result<ResultMessage> parse_result(std::string_view body, const std::string& id);

// Lines, without the line end.
[[nodiscard]] std::string to_line(const Sent& sent);
[[nodiscard]] std::string to_line(const Handled& handled);
[[nodiscard]] std::string to_line(const Collected& collected);
[[nodiscard]] migrate::Result<Sent> parse_sent(std::string_view line);
[[nodiscard]] migrate::Result<Handled> parse_handled(std::string_view line);
[[nodiscard]] migrate::Result<Collected> parse_collected(std::string_view line);

}  // namespace orders
