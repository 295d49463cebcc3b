// Looks at what stands around a Pod, for the refusals.
#pragma once

#include "extender/controller/hop.h"
#include "extender/controller/refusals.h"

namespace migrate::controller {

// Without its agent's word. Pure.
[[nodiscard]] NodeState state_of_node(const Json& node);
[[nodiscard]] Attempt<NodeState> look_at_node(Hop& hop, const std::string& name, const Limits& limits);
// The target's, as long as there are no archives: images that it is restored from have digests of zeros.
[[nodiscard]] TargetPlan trial_plan(Hop& hop, const Json& pod);
// `pod` is null when there is none.
[[nodiscard]] Attempt<Surroundings> look_around(Hop& hop, const Json* pod, const Limits& limits);

}  // namespace migrate::controller
