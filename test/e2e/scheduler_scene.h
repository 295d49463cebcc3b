// A Pod that moves, others that do not, and whoever places them. It begins with the product as it is installed by
// default; a program that changes that installs it so again in its last case.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "test/harness/cluster.h"
#include "test/harness/product.h"

namespace harness {

inline constexpr const char* kHome = "kubectl-migrate";
inline constexpr const char* kOwnScheduler = "migrate-scheduler";
inline constexpr const char* kDefaultScheduler = "default-scheduler";
// The Pod that moves; it goes by its own name.
inline constexpr const char* kSleeper = "sleeper";

class SchedulerScene {
 public:
  // In a namespace of its own, with the sleeper on node-a.
  explicit SchedulerScene(const std::string& name);

  [[nodiscard]] const Cluster& cluster() const { return cluster_; }
  [[nodiscard]] const std::string& ns() const { return ns_.name(); }

  // `node`: where a test starts from, by preference; a selector would go along and keep it there.
  void make_pod(const std::string& name, const std::string& scheduler, const std::string& node = "") const;
  [[nodiscard]] std::string node_of(const std::string& pod) const;
  [[nodiscard]] bool is_placed(const std::string& pod) const { return !node_of(pod).empty(); }
  // Of Events of that reason about a Pod: "SCHEDULER: MESSAGE", a line each.
  [[nodiscard]] std::string events(const std::string& pod, const std::string& reason) const;

  // Of the product's Deployments; returns when its Pods are ready, or gone.
  void scale(const std::string& deployment, int replicas) const;

  // Moves the sleeper, with these words, to another node than it is on, and answers the Migration; throws when it does
  // not succeed.
  nlohmann::json move(const Words& words) const;

 private:
  Cluster cluster_;
  Namespace ns_;
};

}  // namespace harness
