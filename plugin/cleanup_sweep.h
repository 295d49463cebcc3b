// Finishes the nodes that an uninstall has left something on, when there are no agents any more: a Pod of the agent's
// image on each, in a namespace of their own, does what `migrate-agent uninstall` does.
#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "plugin/cluster.h"

namespace migrate::plugin {

inline constexpr const char* kSweepNamespace = "kubectl-migrate-cleanup";

// Pure.
[[nodiscard]] nlohmann::json sweep_pod(const std::string& node, const std::string& image);

class NodeSweep {
 public:
  NodeSweep(const Session& session, std::string image) : session_(session), image_(std::move(image)) {}
  ~NodeSweep() { end(); }
  NodeSweep(const NodeSweep&) = delete;
  NodeSweep& operator=(const NodeSweep&) = delete;

  // On all of them side by side. A node on which it could not begin keeps no other from it: await() says why.
  [[nodiscard]] Outcome<void> begin(const std::vector<std::string>& nodes);
  // Until nothing is left on that node; the error has what its Pod said.
  [[nodiscard]] Outcome<void> await(const std::string& node);

 private:
  void end();
  [[nodiscard]] Outcome<void> make(const nlohmann::json& pod);
  [[nodiscard]] Outcome<void> make_namespace();

  const Session& session_;
  std::string image_;
  std::string uid_;  // of the namespace that was made; empty: none
  std::map<std::string, Failure> unmade_;
};

}  // namespace migrate::plugin
