// JSON values as YAML, as `kubectl get -o yaml` prints objects: block style, keys in the value's order. Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace migrate::plugin {

// Ends with a line end. Texts that YAML would read as something else are quoted.
[[nodiscard]] std::string to_yaml(const nlohmann::json& value);

}  // namespace migrate::plugin
