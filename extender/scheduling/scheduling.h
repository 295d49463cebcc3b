// Which nodes may take a migration's Pod, and how well each would do. Pure. Pods that are no migration's pass
// untouched. Design, section 9.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "extender/scheduling/world.h"

namespace migrate::scheduling {

// What counts of the Pod that is to be placed.
struct PodInfo {
  std::string namespace_;
  std::string name;
  std::string migration;          // label kubectl-migrate.dev/migration; empty: not ours
  std::string restore;            // annotation kubectl-migrate.dev/restore
  std::string prefer_nodes = {};  // annotation kubectl-migrate.dev/prefer-nodes, as it is written
};

// Pieces of a request's text.
using NodeNames = std::vector<std::string_view>;

struct Filtered {
  struct Failed {
    std::uint32_t node = 0;  // its place in the list that was asked about
    std::uint32_t reason = 0;
  };
  std::vector<std::uint32_t> fitting;  // places, in their order
  std::vector<Failed> failed;
  std::vector<std::string> reasons;  // each once, however many nodes it concerns
  // Not empty: it cannot be said now. The scheduler then tries again within seconds, while a Pod that no node takes
  // waits until something happens in the cluster.
  std::string error;
};

// Kept free beside what the archives and their unpacked content take.
inline constexpr Bytes kDiskReserve = 64_MiB;

[[nodiscard]] Filtered filter_nodes(const PodInfo& pod, const NodeNames& nodes, const World& world, Instant now);

inline constexpr int kHighestScore = 10;
// Of a node that is preferred no less than this, of the others less than the half of it.
inline constexpr int kPreference = 7;
// One per node, 0 to kHighestScore; empty for Pods that are not ours. A preference that cannot be read, or that names
// none of these nodes, changes nothing: to tell people of it is the controller's, which looks at the Pod once and not
// at every attempt to place it.
[[nodiscard]] std::vector<int> score_nodes(const PodInfo& pod, const NodeNames& nodes, const World& world);

}  // namespace migrate::scheduling
