// The cluster's registry with credentials, which checkpoints may travel through.
#pragma once

#include "test/e2e/scene.h"

namespace harness {

inline constexpr const char* kRegistrySecret = "checkpoints";
inline constexpr const char* kRepository = "registry.test:5000/team/checkpoints";

// In place of one that is there; and the controller may read it. The right password is "checkpoints".
void make_registry_secret(const Scene& scene, const std::string& password = "checkpoints");
[[nodiscard]] Words through_registry(Words words);

}  // namespace harness
