// What a node's taints say. Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>

namespace migrate::kube {

using Json = nlohmann::json;

// No scheduler puts a Pod there that does not tolerate it.
[[nodiscard]] bool keeps_pods_away(const Json& taint);

// Kubernetes itself sets it, and takes it away, as the node's condition changes (node.kubernetes.io/not-ready,
// disk-pressure …).
[[nodiscard]] bool comes_and_goes(const Json& taint);

}  // namespace migrate::kube
