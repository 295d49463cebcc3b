// The verdict for people and for programs.
#pragma once

#include <set>
#include <string>

#include "test/workloads/audit/audit.h"

namespace orders {

using Accepted = std::set<Category>;  // reported, but not held against the run

[[nodiscard]] bool is_clean(const Audit& audit, const Accepted& accepted);
[[nodiscard]] std::string table_of(const Audit& audit, const Accepted& accepted);
[[nodiscard]] std::string json_of(const Audit& audit, const Accepted& accepted);

}  // namespace orders
