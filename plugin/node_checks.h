// The group `nodes` of a check: what each node's agent says of it, and which nodes could take each other's Pods.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "plugin/arguments.h"
#include "plugin/check_list.h"
#include "plugin/io.h"
#include "shared/migration/node_facts.h"

namespace migrate::plugin {

// `now` by the API server's clock; `pod_node`: where the Pod runs that the check is about, if it is about one.
void check_nodes(const Session& session, const Options& options, CheckList& checks, Instant now,
                 const std::optional<std::string>& pod_node);

// What is looked at, and what was asked for.
struct NodeQuestion {
  std::vector<NodeFacts> facts;
  std::map<std::string, std::chrono::milliseconds> skews;  // by node, where it can be told
  std::optional<std::vector<std::string>> nodes;           // all Linux nodes; nothing: they may not be listed
  // Nodes that take no Pods as they come, and why: they are cordoned, or have a taint for Pods of another kind.
  std::map<std::string, std::string> closed;
  Instant now;
  std::string to;                       // --to
  std::optional<std::string> pod_node;  // of the Pod that is asked about; nothing: about none
  CheckpointBackend checkpoint = CheckpointBackend::automatic;
  RestoreWay restore = RestoreWay::automatic;
};

// A line for each thing that is so on some nodes, with their names; then one for each node where it is not, which fails
// only where somebody means that node. Pure.
[[nodiscard]] std::vector<Check> node_checks(const NodeQuestion& question);

}  // namespace migrate::plugin
