// A drain at work: looks, begins what may begin, waits, looks again.
#pragma once

#include <iosfwd>

#include "plugin/arguments.h"
#include "plugin/cluster.h"
#include "plugin/drain_ledger.h"

namespace migrate::plugin {

struct DrainEnd {
  enum class Kind {
    over,       // nothing more comes by itself
    time_over,  // --timeout
    detached,   // the user went
    broken,     // the cluster can no longer be looked at
  };
  Kind kind = Kind::over;
  Failure trouble = {};  // for broken; for time_over, when it could not be looked at in the end
};

// Tells on `told`, as it happens, one line for each thing that has become of a Pod; what kubectl drain tells on
// standard error stands there. What is begun goes on without us however it ends.
[[nodiscard]] DrainEnd drain_node(const Session& session, const Options& options, const DrainScope& scope,
                                  DrainLedger& ledger, std::ostream& told);

// `kubectl migrate POD` with the flags of the drain, as far as they are about one Pod. Whoever drains a node does not
// know who calls a Pod by its name: one of its own keeps it, unless --keep-name=false; a StatefulSet's does in any
// case, and what a ReplicaSet calls its own means nothing. `left`: until the drain's --timeout, unset: without limit.
[[nodiscard]] Options options_for(const Options& drain, const DrainPod& pod,
                                  std::optional<std::chrono::milliseconds> left);

}  // namespace migrate::plugin
