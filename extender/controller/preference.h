// What people are told of the nodes that a Pod's user prefers (annotation kubectl-migrate.dev/prefer-nodes). To follow
// it is the extender's, which scores them higher; where the controller binds a Pod itself there is nothing to choose:
// the room is held on one node, or the way back is within one. Pure.
#pragma once

#include <functional>
#include <string>

#include "extender/controller/json_path.h"

namespace migrate::controller {

// Why the annotation is passed over, all of it; empty: it is not, or there is none.
[[nodiscard]] std::string malformed_preference(const Json& pod);

// Which of the names cannot be chosen, as no agent has reported from there; empty: none, or it is malformed.
[[nodiscard]] std::string unknown_preference(const Json& pod,
                                             const std::function<bool(const std::string& node)>& has_reported);

}  // namespace migrate::controller
