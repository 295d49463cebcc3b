#include "test/workloads/core/order_state.h"

#include <fmt/format.h>

#include "shared/image/digest.h"

namespace orders {

std::string next_digest(const std::string& previous, const Order& order) {
  const auto text = fmt::format("{}\n{}\n{}\n{}\n{}", previous, order.id, order.producer, order.sequence, order.value);
  return migrate::image::sha256_of(text).substr(sizeof("sha256:") - 1);
}

void OrderState::apply(const Order& order) {
  ++count;
  sum += order.value;
  digest = next_digest(digest, order);
  std::uint64_t& last = last_sequence[order.producer];
  if (order.sequence > last + 1) ++gaps;
  if (order.sequence <= last) ++reordered;
  if (order.sequence > last) last = order.sequence;
}

ResultLedger::Outcome ResultLedger::take(const Order& order, Mode mode) {
  const bool known = !applied_.insert(order.id).second;
  if (known) {
    ++duplicates_;
    if (idempotency_ == Idempotency::yes)
      return mode == Mode::live && unpublished_.contains(order.id) ? Outcome::republished : Outcome::duplicate;
  }
  state_.apply(order);
  unpublished_.insert(order.id);
  return mode == Mode::live ? Outcome::applied : Outcome::replayed;
}

const char* to_string(ResultLedger::Outcome outcome) {
  switch (outcome) {
    case ResultLedger::Outcome::applied: return "applied";
    case ResultLedger::Outcome::replayed: return "replayed";
    case ResultLedger::Outcome::duplicate: return "duplicate";
    case ResultLedger::Outcome::republished: return "republished";
  }
  return "";
}

}  // namespace orders
