// What a Pod that moves meets where it comes to: others of its kind, about whom it has rules (spread, anti-affinity),
// and, of a StatefulSet's `live`, its own shadow.
#pragma once

#include "extender/controller/hop.h"
#include "extender/controller/refusals.h"
#include "extender/controller/spread.h"

namespace migrate::controller {

// Before anything happens: what speaks against the node that was asked for, or against all that there are, becomes one
// of the set's refusals; what speaks against `live` alone, where a strategy is yet to be chosen, its own.
[[nodiscard]] Attempt<void> look_at_neighbours(Hop& hop, const Json& pod, const Limits& limits, Surroundings& around);

// Where a placeholder may be put; no keys: anywhere. `refused` when nothing is left.
[[nodiscard]] Attempt<Domains> look_for_domains(Hop& hop, const Limits& limits);

// Of the node `target` that it (or its placeholder) was put on. Somebody else may have come meanwhile; and of a target
// that is placed with all its labels a scheduler looks only at how it is while the source is there.
[[nodiscard]] Attempt<std::vector<Refusal>> look_at_place(Hop& hop, const NodeState& target, const Limits& limits);

}  // namespace migrate::controller
