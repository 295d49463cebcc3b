// Whether a queue and its mirror get the same messages, by what both are bound with. Pure.
#pragma once

#include <string>
#include <vector>

#include "shared/broker/broker.h"

namespace migrate::messages {

struct BindingsChange {
  std::vector<broker::Binding> added;    // the queue has them and its mirror has not
  std::vector<broker::Binding> removed;  // the mirror has them and the queue has not
  [[nodiscard]] bool is_none() const { return added.empty() && removed.empty(); }
};

// As sets: their order says nothing. Alike are bindings with one exchange, one key and the same arguments, by the
// broker's own name for both (properties_key) where it is known.
[[nodiscard]] BindingsChange change_of(const std::vector<broker::Binding>& primary,
                                       const std::vector<broker::Binding>& mirror);

// What became of the queue: "was bound to exchange shop with key new and unbound from exchange shop with key old".
[[nodiscard]] std::string describe(const BindingsChange& change);

}  // namespace migrate::messages
