// Whether the shadow of a set's Pod that moves live was held out of its Service until the cut, by all that the API
// server told meanwhile.
#pragma once

#include <string>
#include <vector>

#include "test/e2e/object_events.h"

namespace harness {

class GateWatch {
 public:
  // Begins to watch. `pod` is about to move, and some Service has it.
  GateWatch(const Cluster& cluster, const std::string& ns, std::string pod);

  // To be asked when it has moved. A line for each thing that is not as it should be; empty: none.
  [[nodiscard]] std::string trouble() const;

 private:
  std::string pod_;
  ObjectEvents slices_;
  ObjectEvents migrations_;
};

// The same by events of EndpointSlices and of Migrations. Pure.
[[nodiscard]] std::string endpoints_before_cut(const std::string& pod, const std::vector<ObjectEvent>& slices,
                                               const std::vector<ObjectEvent>& migrations);

}  // namespace harness
