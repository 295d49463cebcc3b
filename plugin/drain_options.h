// What the flags of a drain say beside those that it has in common with a migration.
#pragma once

#include <cstddef>

namespace migrate::plugin {

// What the user takes upon himself beside migrations: a flag of that name each, as of kubectl drain.
struct DrainRules {
  bool evict = false;
  bool ignore_daemonsets = false;
  bool delete_emptydir_data = false;
  bool force = false;
};

// The memory of all of them leaves by one node's disk and wire, so that more at once make each one's freeze longer. Two
// let one be placed, or catch up, while the other one is frozen.
struct DrainLimits {
  std::size_t parallel = 2;    // migrations at work in the whole cluster
  std::size_t per_target = 2;  // of them towards one node
};

}  // namespace migrate::plugin
