// A second Pod from a running one: everything its author wrote, nothing that the server, the kubelet, admission or a
// network plugin set for this one Pod. Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>

namespace migrate {

// Without the node it is on, priority and overhead as numbers, scheduling gates, ephemeral containers, and the injected
// service account token with its mounts: that is injected anew, bound to the new Pod.
[[nodiscard]] nlohmann::json copied_spec(const nlohmann::json& pod);

// Without what network plugins wrote about the Pod's own addresses, and our own order to restore. An object.
[[nodiscard]] nlohmann::json copied_annotations(const nlohmann::json& pod);

}  // namespace migrate
