// How a target differs from its source, told without the Pod itself: whoever may look at a Migration need not be one
// who may see what stands in a Pod's environment. Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

namespace migrate {

// A JSON Patch (RFC 6902) by which the Pod, as its author would write it, becomes the target.
[[nodiscard]] std::string target_patch(const nlohmann::json& pod, const nlohmann::json& target);

// The target again, for who may see the Pod. Nothing: the patch is of another Pod, or none.
[[nodiscard]] std::optional<nlohmann::json> patched_target(const nlohmann::json& pod, const std::string& patch);

}  // namespace migrate
