// That nobody who was frozen for good has worked since.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>

#include "test/e2e/scene.h"

namespace harness {

// `source`: which of the scene's instances `migration` has moved, or moves behind its commit. Its process is killed by
// its kubelet at some time behind the freeze: until then it must have stood still. Throws with a report.
void check_never_ran_again(const Scene& scene, std::size_t source, const nlohmann::json& migration);
// The same of one that has succeeded, and of its shadow, which is the source of the way back into the name: it is the
// instance between the source and who works now.
void check_none_ran_again(const Scene& scene, std::size_t source, const nlohmann::json& migration);

}  // namespace harness
