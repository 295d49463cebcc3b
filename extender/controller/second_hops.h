// The second hops of a live migration: Migrations that it makes, one after the other, NAME-name-1 and so on.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "extender/controller/hop.h"

namespace migrate::controller {

struct Tries {
  // By their numbers. An early one may be gone, as it has expired or was deleted, while a later one is under way.
  std::map<unsigned, Migration> made = {};
  unsigned highest = 0;  // of all such names: what another migration has left keeps its own
};

[[nodiscard]] Attempt<Tries> find_tries(Hop& hop, const Limits& limits);
// Nothing: there is none of that name.
[[nodiscard]] Attempt<std::optional<Migration>> look_at_try(Hop& hop, const std::string& name, const Limits& limits);
// From the shadow into its name, on its node. Success when it is there already; `left` when another one has its name.
[[nodiscard]] Attempt<void> make_try(Hop& hop, unsigned number, const Limits& limits);

}  // namespace migrate::controller
