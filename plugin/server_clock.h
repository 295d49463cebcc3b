// What time it is by the API server's clock. What agents tell is judged by it: the typist's may be minutes off.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>

#include "plugin/io.h"
#include "shared/base/units.h"
#include "shared/kube/client.h"

namespace migrate::plugin {

// Who the user is, as the API server answers it to everybody; it keeps nothing.
[[nodiscard]] kube::ApiResult<nlohmann::json> self_review(const Session& session);

// When it gave that answer, to the second; nothing: it does not tell.
[[nodiscard]] std::optional<Instant> time_of_review(const nlohmann::json& review);

// By the API server's clock; by our own where it does not tell.
[[nodiscard]] Instant server_now(const Session& session);

}  // namespace migrate::plugin
