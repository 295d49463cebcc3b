// Whether a node is one that a Pod wants, by what its spec says of nodes. Pure.
#pragma once

#include "extender/controller/json_path.h"

namespace migrate::controller {

// By its nodeSelector and its required node affinity.
[[nodiscard]] bool wants_node(const Json& pod, const Json& node);

// It tolerates every taint that would keep the scheduler from putting it there (NoSchedule, NoExecute).
[[nodiscard]] bool tolerates_node(const Json& pod, const Json& node);

// The first taint for which that does not hold; null: there is none. Passed over are those that come and go with a
// node's condition.
[[nodiscard]] const Json* lasting_taint(const Json& pod, const Json& node);

// It may be placed on a node that is cordoned.
[[nodiscard]] bool tolerates_cordon(const Json& pod);

// One of `terms` (nodeSelectorTerms) beside one of those that the Pod's spec has itself.
void add_node_terms(Json& spec, const Json& terms);

}  // namespace migrate::controller
