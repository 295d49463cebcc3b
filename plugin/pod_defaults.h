// Flags that a Pod's annotations stand for where they are not typed. Pure.
//
// Not the controller reads them but the plugin, into the spec: there everybody sees what will be done, the policy asks
// whether this user may read the Secret that is named, and a default that was typed (`--cutoff auto`) is not taken for
// none at all. A Migration that is written by hand says it itself.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "plugin/arguments.h"
#include "plugin/failure.h"

namespace migrate::plugin {

// kubectl-migrate.dev/FLAG for each of max-replay, cutoff, restore (there: restore-way), transfer, registry and
// registry-secret, with the same words as the flag. What is about a replay is nothing to --strategy stop, nor a
// registry's Secret to a direct transfer.
[[nodiscard]] Outcome<Options> with_pod_defaults(Options options, const nlohmann::json& pod);

}  // namespace migrate::plugin
