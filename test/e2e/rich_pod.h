// A Pod with a bit of everything that a copy of it must have as well.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "test/e2e/scene.h"

namespace harness {

// Makes what it refers to: ServiceAccount, ConfigMap, Secret, a volume that all nodes reach.
void make_surroundings(const Scene& scene);
// The orders consumer as `main`, a shell that counts as `side`; volumes of all kinds, probes, limits, identity, wishes.
[[nodiscard]] nlohmann::json rich_pod(const Scene& scene, const std::string& node);

// What differs between two Pods' specs, beyond what is documented: nodeName, runtimeClassName, schedulerName, and the
// name of the service account token's volume, which admission chooses. A line for each field.
[[nodiscard]] std::vector<std::string> differences(const nlohmann::json& source, const nlohmann::json& target);

}  // namespace harness
