// What objects of the cluster say of an installation's state. Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "plugin/check_list.h"
#include "shared/base/units.h"

namespace migrate::plugin {

// Fields of `sent` that an OpenAPI schema does not have ("spec.dryRun"): the API server would drop them.
[[nodiscard]] std::vector<std::string> missing_fields(const nlohmann::json& schema, const nlohmann::json& sent,
                                                      const std::string& path);
// A Migration that says all that this plugin can ask for.
[[nodiscard]] nlohmann::json fullest_migration();

[[nodiscard]] Check deployment_check(const nlohmann::json& deployment);

// A Lease that is held and was renewed within its time, by the API server's clock.
[[nodiscard]] bool is_fresh(const nlohmann::json& lease, Instant now);
// `later`, read again some seconds after `earlier`, has been renewed meanwhile: no clock is asked.
[[nodiscard]] bool is_renewed(const nlohmann::json& earlier, const nlohmann::json& later);

[[nodiscard]] std::size_t ready_endpoints(const nlohmann::json& slices);

// Of the last minutes, in which the scheduler said that it had no answer from the extender: "Pod NAME: MESSAGE".
[[nodiscard]] std::optional<std::string> extender_trouble(const nlohmann::json& events, Instant now);

// Those that manifests/base/policies.yaml has.
[[nodiscard]] std::span<const std::string_view> policy_names();
// Of `names`, those that are not among the objects.
[[nodiscard]] std::vector<std::string> absent(std::span<const std::string_view> names, const nlohmann::json& objects);

}  // namespace migrate::plugin
