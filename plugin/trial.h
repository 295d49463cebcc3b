// A migration that is looked at and not begun: a Migration with spec.dryRun, which the controller answers and the
// plugin removes.
#pragma once

#include "plugin/arguments.h"
#include "plugin/cluster.h"

namespace migrate::plugin {

// What the controller answers to what `options` ask for of the Pod, in its final phase: Planned, Refused, or what else
// came of it. Fails when it cannot be asked, or does not answer in time. The object is removed in each case, also after
// Ctrl-C (kDetached); where the user may not, it goes by itself after five minutes.
[[nodiscard]] Outcome<Seen> try_migration(const Session& session, const Options& options, const Json& pod);

}  // namespace migrate::plugin
