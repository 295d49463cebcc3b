// Whether a node is one that a Pod wants, by what its spec says of nodes. Pure.
#pragma once

#include "extender/controller/json_path.h"

namespace migrate::controller {

// By its nodeSelector and its required node affinity.
[[nodiscard]] bool wants_node(const Json& pod, const Json& node);

// It tolerates every taint that would keep the scheduler from putting it there (NoSchedule, NoExecute).
[[nodiscard]] bool tolerates_node(const Json& pod, const Json& node);

// One of `terms` (nodeSelectorTerms) beside one of those that the Pod's spec has itself.
void add_node_terms(Json& spec, const Json& terms);

}  // namespace migrate::controller
