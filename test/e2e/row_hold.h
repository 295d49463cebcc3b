// What keeps the step of a row from ending until its fault has happened, so that nothing depends on who is faster.
#pragma once

#include <memory>

#include "test/e2e/faults.h"
#include "test/e2e/holds.h"

namespace harness {

// The target's application (orders-consumer) as its Migration, in JSON, names it.
[[nodiscard]] ProductProcess target_application(const nlohmann::json& migration);
// That one sleeps, and the mirror has enough for it that nobody thinks that it has caught up.
[[nodiscard]] std::unique_ptr<Hold> stop_replaying(const Cluster& cluster, const nlohmann::json& migration);

// `migration`: as it is at the door of the row's step. Null: nothing has to be held, or its end is (held_before), or
// the adoption by the row's own gate.
[[nodiscard]] std::unique_ptr<Hold> hold_for(const Cluster& cluster, const Row& row, const nlohmann::json& migration,
                                             const std::string& source_node, const std::string& target_node);
// Then nobody on the cluster gets a message.
[[nodiscard]] bool stops_broker(const Row& row);

}  // namespace harness
