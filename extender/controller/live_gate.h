// How a shadow takes its source's place in Services: a readiness gate holds it out of them until the cut, and where it
// has caught up it is ready but for that by then.
#pragma once

#include <optional>

#include "extender/controller/hop.h"

namespace migrate::controller {

// Of a list of its namespace's, one sends to it by its labels. Pure.
[[nodiscard]] bool is_in_service(const Json& services, const Json& pod);
// Its place is taken only by who is ready, whoever sends to it: of two Pods a ReplicaSet removes the one that is not.
// Pure.
[[nodiscard]] bool needs_readiness(const Migration& migration);

// A kubelet's sync of a Pod waits until the runtime's containers have been listed since the last one, which is each
// second (genericPlegRelistPeriod; GetNewerThan in pod_workers.go), and the first answers of a probe ask for two. So a
// gate that is opened within 2 to 3 s of them is seen up to a second later; after that, at once.
inline constexpr milliseconds kKubeletSettles{2'500};

// A shadow that has caught up and is not ready yet: frozen, its source would answer nobody any more, and the shadow
// nobody before it is ready. Its source, which was ready when all began, works on meanwhile, so it is waited for, no
// longer than where all is well, and where a Service is there to send to it, or a ReplicaSet to judge it. A cutoff does
// not wait.
class Readiness {
 public:
  Readiness(Hop& hop, Steady began, const Limits& limits);

  Attempt<void> look(Hop& hop, Steady now, const Limits& limits);
  [[nodiscard]] bool is_awaited(Steady now) const;

 private:
  Steady until_;
  Steady next_look_;
  std::optional<Steady> ready_since_;
};

// From now on Services may send to it.
[[nodiscard]] Attempt<void> open_gate(Hop& hop, const Limits& limits);

}  // namespace migrate::controller
