// A drain that is only looked at.
#pragma once

#include <iosfwd>

#include "plugin/arguments.h"
#include "plugin/cluster.h"
#include "plugin/drain_ledger.h"

namespace migrate::plugin {

// Tells of each Pod on `told` what would become of it, in kubectl's words: with --dry-run=client by what its object
// says, with server by the controller's answer, which needs some moments for each. The ledger is left as the drain
// would find it. Fails when the cluster cannot be looked at, or the user goes.
[[nodiscard]] Outcome<void> plan_drain(const Session& session, const Options& options, const DrainScope& scope,
                                       DrainLedger& ledger, std::ostream& told);

// " (dry run)", " (server dry run)", or nothing: what kubectl says behind each line.
[[nodiscard]] std::string_view dry_run_text(DryRun dry_run);

}  // namespace migrate::plugin
