// What is installed, by the extender's Deployment.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "shared/kube/resource.h"

namespace migrate::plugin {

[[nodiscard]] kube::ResourcePath extender_deployment();

// Empty: it names none.
[[nodiscard]] std::string image_of(const nlohmann::json& deployment);

// By its label, or its image's tag; "unknown" where neither tells.
[[nodiscard]] std::string version_of(const nlohmann::json& deployment);

}  // namespace migrate::plugin
