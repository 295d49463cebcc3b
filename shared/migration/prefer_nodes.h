// The annotation kubectl-migrate.dev/prefer-nodes: where a Pod's user would rather have it moved. Pure.
//
// Nodes' names, and not labels: what is wanted by label stands in the Pod's spec, as preferred node affinity, which
// goes along with every copy and which each scheduler weighs. The annotation is for what a spec cannot say: it can be
// set on a Pod that runs, it counts for migrations alone, and it is in the words of --to.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "shared/base/result.h"

namespace migrate {

// "node-b, node-c": in no order of preference. Blank: none. An error is a clause that says which of them is no name.
[[nodiscard]] Result<std::vector<std::string>> parse_prefer_nodes(std::string_view annotation);

}  // namespace migrate
