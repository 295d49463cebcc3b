// Objects that are shown as they change, for `-w`: kubectl's `get -w`, through lost connections.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <vector>

#include "plugin/cluster.h"
#include "shared/kube/watch.h"

namespace migrate::plugin {

struct Sighting {
  kube::ChangeKind kind = kube::ChangeKind::added;
  Json object;
};

// All that there is at first (perhaps nothing), then each change by itself. False: enough. On another thread than the
// caller's, one call at a time.
using Show = std::function<bool(std::vector<Sighting> sightings)>;

// Until `show` has enough (0), the user goes (130), `patience` is over (5), or it cannot go on, which is told (1).
[[nodiscard]] int watch_objects(const Session& session, const kube::Selection& selection, const Show& show,
                                std::optional<std::chrono::milliseconds> patience = std::nullopt);

}  // namespace migrate::plugin
