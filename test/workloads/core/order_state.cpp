#include "test/workloads/core/order_state.h"

#include <fmt/format.h>

#include "shared/image/digest.h"

namespace orders {

std::string next_digest(const std::string& previous, const Order& order) {
  const auto text = fmt::format("{}\n{}\n{}\n{}\n{}", previous, order.id, order.producer, order.sequence, order.value);
  return migrate::image::sha256_of(text).substr(sizeof("sha256:") - 1);
}

OrderResult OrderState::apply(const Order& order) {
  ++count;
  // Wraps around rather than overflows: a repeated run of extreme values must not be undefined.
  sum = static_cast<std::int64_t>(static_cast<std::uint64_t>(sum) + static_cast<std::uint64_t>(order.value));
  digest = next_digest(digest, order);
  std::uint64_t& last = last_sequence[order.producer];
  if (order.sequence > last + 1) ++gaps;
  if (order.sequence <= last) ++reordered;
  if (order.sequence > last) last = order.sequence;
  return {count, sum};
}

ResultLedger::Taken ResultLedger::take(const Order& order, Mode mode) {
  const bool known = !applied_.insert(order.id).second;
  if (known) {
    ++duplicates_;
    if (idempotency_ == Idempotency::yes) {
      const auto remembered = unpublished_.find(order.id);
      if (mode == Mode::replaying || remembered == unpublished_.end()) return {Outcome::duplicate, {}};
      return {Outcome::republished, remembered->second};
    }
  }
  const OrderResult result = state_.apply(order);
  unpublished_.insert_or_assign(order.id, result);
  return {mode == Mode::live ? Outcome::applied : Outcome::replayed, result};
}

const char* to_string(ResultLedger::Outcome outcome) {
  switch (outcome) {
    case ResultLedger::Outcome::applied:
      return "applied";
    case ResultLedger::Outcome::replayed:
      return "replayed";
    case ResultLedger::Outcome::duplicate:
      return "duplicate";
    case ResultLedger::Outcome::republished:
      return "republished";
  }
  return "";
}

}  // namespace orders
