// The groups `kubernetes` and `controller` of a check: what is installed, and whether it is at work.
#pragma once

#include "plugin/check_list.h"
#include "plugin/io.h"
#include "shared/base/units.h"

namespace migrate::plugin {

// What the rest of a check goes by.
struct ClusterSight {
  bool is_installed = false;  // else there is nothing more to look at
  Instant now;                // by the API server's clock, where it tells; to the second
  bool has_schema = true;     // false: it would drop what we ask for
  bool is_led = true;         // false: it was seen that no controller works
};

[[nodiscard]] ClusterSight check_kubernetes(const Session& session, CheckList& checks);
void check_controller(const Session& session, CheckList& checks, ClusterSight& sight);

}  // namespace migrate::plugin
