// Looks at the cluster for a check: with the user's own rights, each for a short time, and what cannot be seen is a
// line that says so.
#pragma once

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>

#include "plugin/check_list.h"
#include "plugin/cluster.h"

namespace migrate::plugin {

// Of one request, its repetitions included.
inline constexpr std::chrono::seconds kLookTimeout{10};

// `what` is the check that the look is for. Without the right to it that is skipped, otherwise it has failed.
[[nodiscard]] Check unseen(const kube::ApiError& error, const std::string& what, std::string_view verb,
                           const kube::ResourcePath& path);

// Absent is a value.
[[nodiscard]] Lookup<Json, Check> look_at(const Session& session, const kube::ResourcePath& path,
                                          const std::string& what);
// The items of a list.
[[nodiscard]] Result<Json, Check> look_for(const Session& session, const kube::ResourcePath& collection,
                                           const std::string& what, const kube::ListOptions& options = {});

// A review that the API server answers and does not keep.
[[nodiscard]] kube::ApiResult<Json> reviewed(const Session& session, const kube::ResourcePath& reviews,
                                             const Json& review);

}  // namespace migrate::plugin
