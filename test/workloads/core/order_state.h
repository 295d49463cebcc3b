// The state of the example consumer: what it has made of all messages so far, in memory only. The consumer builds it
// from the broker's deliveries, the audit from records; both with this code.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <unordered_set>

namespace orders {

struct Order {
  std::string id;
  std::string producer;
  std::uint64_t sequence = 0;  // counts from 1 for each producer
  std::int64_t value = 0;
  bool operator==(const Order&) const = default;
};

// What the consumer answers to an order. It depends on all orders before, as results of stateful consumers do, so a
// result that was made in another order, or of a state that missed a message, is told from the right one.
struct OrderResult {
  std::uint64_t count = 0;  // effective orders, this one included
  std::int64_t sum = 0;     // of their values
  bool operator==(const OrderResult&) const = default;
};

// The order-sensitive digest: SHA-256 over the previous digest and the message. Two states with the same digest have
// seen the same messages in the same order.
inline const std::string kFirstDigest(64, '0');
[[nodiscard]] std::string next_digest(const std::string& previous, const Order& order);

struct OrderState {
  std::uint64_t count = 0;  // effective messages
  std::int64_t sum = 0;
  std::string digest = kFirstDigest;
  std::map<std::string, std::uint64_t> last_sequence;  // by producer
  std::uint64_t gaps = 0;                              // sequence numbers were jumped over
  std::uint64_t reordered = 0;                         // came after a higher one of its producer

  OrderResult apply(const Order& order);
};

enum class Idempotency { yes, no };

// State plus what makes an application fit for replay: which ids were applied, and whose results are not out yet.
class ResultLedger {
 public:
  explicit ResultLedger(Idempotency idempotency) : idempotency_(idempotency) {}

  enum class Outcome {
    applied,      // new: the state changed; publish the result, then acknowledge
    replayed,     // new, while replaying: the state changed; acknowledge, publish nothing
    duplicate,    // known, its result is out or is not ours to publish yet: acknowledge
    republished,  // known, but its result never went out: publish the remembered one, then acknowledge
  };
  enum class Mode { live, replaying };

  struct Taken {
    Outcome outcome = Outcome::duplicate;
    OrderResult result;  // to be published when applied or republished
  };
  Taken take(const Order& order, Mode mode);
  // take() would leave the state as it is: nothing needs to be worked out for it.
  [[nodiscard]] bool knows(const std::string& id) const {
    return idempotency_ == Idempotency::yes && applied_.contains(id);
  }

  // The result is confirmed by the broker: only now it is forgotten. A checkpoint that falls between `take` and this
  // keeps it, and the message, never acknowledged, comes again.
  void published(const std::string& id) { unpublished_.erase(id); }

  [[nodiscard]] const OrderState& state() const { return state_; }
  [[nodiscard]] std::uint64_t duplicates() const { return duplicates_; }
  [[nodiscard]] std::size_t unpublished() const { return unpublished_.size(); }

 private:
  Idempotency idempotency_;
  OrderState state_;
  std::unordered_set<std::string> applied_;
  std::unordered_map<std::string, OrderResult> unpublished_;
  std::uint64_t duplicates_ = 0;
};

[[nodiscard]] const char* to_string(ResultLedger::Outcome outcome);

}  // namespace orders
