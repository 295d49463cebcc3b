// Ways to keep a step of a migration from ending, each mended by its destructor.
#pragma once

#include <memory>
#include <string>

#include "test/e2e/product_processes.h"
#include "test/harness/cluster.h"

namespace harness {

class Hold {
 public:
  virtual ~Hold() = default;
  // Waits until the step is held, where that can be seen; `phase_began` says that its phase stands in the status.
  virtual void await() = 0;
};

// The agent of a node sleeps: orders reach it and are not carried out.
[[nodiscard]] std::unique_ptr<Hold> stop_agent(const Cluster& cluster, const std::string& node);
// Nothing of what the machine `from` sends reaches the agent's port on `node`.
[[nodiscard]] std::unique_ptr<Hold> cut_agent_off(const Cluster& cluster, const std::string& node,
                                                  const std::string& from);
// A process of a container sleeps.
[[nodiscard]] std::unique_ptr<Hold> stop_process(const Cluster& cluster, const ProductProcess& process);
// Nothing for the broker's management API reaches it any more, while AMQP works.
[[nodiscard]] std::unique_ptr<Hold> cut_management_off(const Cluster& cluster);
// CRIU on a node has been started and has not begun.
[[nodiscard]] std::unique_ptr<Hold> hold_criu(const Cluster& cluster, const std::string& node);

}  // namespace harness
