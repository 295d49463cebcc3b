// Evicting a Pod through the API server, which keeps PodDisruptionBudgets, in kubectl drain's words.
#pragma once

#include <chrono>
#include <string>

#include "plugin/cluster.h"
#include "plugin/drain_pod.h"

namespace migrate::plugin {

inline constexpr std::chrono::seconds kEvictAgain{5};  // kubectl's pause

struct EvictAnswer {
  enum class Kind { agreed, gone, later, refused };
  Kind kind = Kind::agreed;
  std::string why;   // of the last two: what the API server said
  std::string told;  // the same as kubectl tells it
};

// Of that Pod, not of another one that has its name by now.
[[nodiscard]] EvictAnswer evict(const Session& session, const DrainPod& pod, kube::DryRun dry_run);

}  // namespace migrate::plugin
