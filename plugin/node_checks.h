// The group `nodes` of a check: what each node's agent says of it, and which nodes could take each other's Pods.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "plugin/arguments.h"
#include "plugin/check_list.h"
#include "plugin/io.h"
#include "shared/migration/node_facts.h"

namespace migrate::plugin {

void check_nodes(const Session& session, const Options& options, CheckList& checks, Instant now);

// What is looked at, and what was asked for.
struct NodeQuestion {
  std::vector<NodeFacts> facts;
  std::map<std::string, std::chrono::milliseconds> skews;  // by node, where it can be told
  std::optional<std::vector<std::string>> nodes;           // all Linux nodes; nothing: they may not be listed
  Instant now;
  std::string to;  // --to
  CheckpointBackend checkpoint = CheckpointBackend::automatic;
  RestoreWay restore = RestoreWay::automatic;
};

// A line for each thing that is so on some nodes, with their names; then one for each node where it is not. Pure.
[[nodiscard]] std::vector<Check> node_checks(const NodeQuestion& question);

// "node-a, node-b and node-c", of many nodes their number.
[[nodiscard]] std::string names_text(const std::vector<std::string>& nodes);

}  // namespace migrate::plugin
