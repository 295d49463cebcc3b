#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace migrate::plugin {

// Of what is installed, by the extender's Deployment: its label, or its image's tag; "unknown" where neither tells.
[[nodiscard]] std::string version_of(const nlohmann::json& deployment);

}  // namespace migrate::plugin
