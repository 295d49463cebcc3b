// What a drain leaves behind: what is left on the node and why, the document, the exit code. Pure.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "plugin/drain_run.h"

namespace migrate::plugin {

using DrainEntries = std::vector<const DrainEntry*>;

[[nodiscard]] std::vector<const DrainEntry*> pending(const DrainEntries& all);

// Each of them with its reason and what to do, in lines of at most `width` characters where that is possible; without a
// line end.
[[nodiscard]] std::string pending_text(const DrainEntries& pending, std::size_t width);

// {"node", "drained", "pods": [{"namespace", "name", "result", …}]}: what has become, or would, of each Pod. Results:
// Migrated, Evicted, Gone, Ignored, Failed, InDoubt, Pending; of what is not done yet Migrate, Evict.
[[nodiscard]] nlohmann::json drain_document(const DrainScope& scope, const DrainEntries& all);
// As -o name shows it: "pod/orders-0", those that have left, or would leave, by a migration or an eviction.
[[nodiscard]] std::vector<std::string> leaving_names(const DrainEntries& all);

// 0 when nothing is left, 6 when a person has to decide about something, 5 when the time was over, 130 when the user
// went, else 1.
[[nodiscard]] int drain_exit_code(DrainEnd::Kind end, const DrainEntries& all);

}  // namespace migrate::plugin
