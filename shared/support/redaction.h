// Objects of the API server as they may be given to somebody else. Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>

namespace migrate::support {

// Without what is nobody's business, each replaced by kMask: what a Secret holds; values of variables (env) and of a
// probe's headers, but not where a variable only refers to something (valueFrom); earlier copies of the object in its
// annotations; whatever is called like a secret, an argument behind such a flag included; and secrets in texts
// (secret_shapes.h). JSON within a text is treated as what it is. metadata.managedFields is dropped.
[[nodiscard]] nlohmann::json redacted(nlohmann::json object);

}  // namespace migrate::support
