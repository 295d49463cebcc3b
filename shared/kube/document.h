// YAML or JSON into one JSON value, read as strictly as Kubernetes reads it.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "shared/base/result.h"

namespace migrate::kube {

// The first document of the text; null when it is empty. Plain YAML scalars become null, booleans (true, yes, on and
// their opposites) or numbers, quoted ones stay text; merge keys (<<) are carried out. A key that stands twice is an
// error, which says the line.
[[nodiscard]] Result<nlohmann::json> parse_document(const std::string& text);

}  // namespace migrate::kube
