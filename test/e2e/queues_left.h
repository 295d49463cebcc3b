// Queues of the product's own that migrations have left at the broker, which outlives them all.
#pragma once

#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "test/e2e/scene.h"

namespace harness {

// Pure. The control queues that nobody looks into any more after these migrations: of every Pod that they name, or had
// named in their record, and that is not among `pods`. But for a source that moved by `stop`, which does not concern
// itself with an application's protocol; and of an application that calls them otherwise than ms2m.control.POD none are
// known.
[[nodiscard]] std::set<std::string> control_queues_without_pod(const nlohmann::json& migrations,
                                                               const std::set<std::string>& pods);

// Waits until no mirror is there, whoever's (there is one migration at a time), and no such control queue of
// `migrations`; fails with what is. `name`: of the Migration that a report is made of; empty: of none.
void check_no_queues_left(const Stage& stage, const nlohmann::json& migrations, const std::string& name,
                          const std::string& virtual_host = "/");
// The same of all that the namespace has.
void check_no_queues_left(const Stage& stage, const std::string& name = "", const std::string& virtual_host = "/");

}  // namespace harness
