// What a support bundle is about: of Migrations, the objects, the nodes and the lines of logs that belong to them.
// Pure.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "shared/kube/resource.h"
#include "shared/migration/migration.h"
#include "shared/support/log_lines.h"

namespace migrate::plugin {

// Before a Migration began and after it ended, so much of the logs belongs to it.
inline constexpr std::chrono::minutes kAround{10};

// Of a list's items the Migration of that name, those it has made (a second hop), and the one that has made it.
[[nodiscard]] std::vector<nlohmann::json> related_to(const std::string& name, const nlohmann::json& items);

// Their sources, targets and placeholders, each once, whether they are still there or not.
[[nodiscard]] std::vector<kube::ResourcePath> pods_of(const std::vector<Migration>& migrations);
// Where they came from, went to, or were asked to go to.
[[nodiscard]] std::set<std::string> nodes_of(const std::vector<Migration>& migrations);

// Where the owner is that an object's reference or a Migration's record names; nothing: of a kind that we do not know,
// or a Migration.
[[nodiscard]] std::optional<kube::ResourcePath> owner_path(std::string_view kind, const std::string& name,
                                                           const std::string& namespace_);

// Lines about these, by uid and names; and trouble from kAround before the first began to kAround after the last ended.
// Of none: whatever there is.
[[nodiscard]] support::LogQuestion question_about(const std::vector<Migration>& migrations);

struct EventSubjects {
  std::set<std::string> uids;
  std::set<std::string> pods;  // by name: their events outlive them
};
[[nodiscard]] bool is_about(const nlohmann::json& event, const EventSubjects& subjects);

// Without the list of its images, which is long and says nothing of it.
[[nodiscard]] nlohmann::json node_as_collected(nlohmann::json node);

// Of our own Pods: all but the agents of other nodes. No nodes: all. Of agents no more than `most_agents`.
[[nodiscard]] std::vector<nlohmann::json> pods_with_logs(const std::vector<nlohmann::json>& pods,
                                                         const std::set<std::string>& nodes, std::size_t most_agents);

// "kubectl-migrate-support-orders-x7k2p-20260101T120000Z"; without a name "kubectl-migrate-support-20260101T120000Z".
[[nodiscard]] std::string bundle_name(const std::string& migration, Instant now);

}  // namespace migrate::plugin
