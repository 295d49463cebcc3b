// A node that takes no Pod for the moment.
#pragma once

#include <string>
#include <utility>

#include "test/harness/cluster.h"

namespace harness {

// It has a taint of the kind that Kubernetes itself puts on a node that is under pressure and takes away again: a
// migration that wants to go there is not refused, and waits in Placing.
class NodeUnderPressure {
 public:
  NodeUnderPressure(const Cluster& cluster, std::string node) : cluster_(cluster), node_(std::move(node)) {
    cluster_.kubectl({"taint", "node", node_, std::string{kTaint} + "=:NoSchedule"});
  }
  ~NodeUnderPressure() { (void)cluster_.run({"kubectl", "taint", "node", node_, std::string{kTaint} + "-"}); }
  NodeUnderPressure(const NodeUnderPressure&) = delete;
  NodeUnderPressure& operator=(const NodeUnderPressure&) = delete;

  // --node-selector's value for this node alone.
  [[nodiscard]] std::string label() const { return "kubernetes.io/hostname=" + node_; }

 private:
  static constexpr const char* kTaint = "node.kubernetes.io/test-pressure";
  const Cluster& cluster_;
  std::string node_;
};

}  // namespace harness
