// Nodes as `kubectl migrate nodes` shows them: what each can do, and which can take over what runs on which. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "plugin/picture.h"
#include "shared/migration/node_facts.h"

namespace migrate::plugin {

struct NodeView {
  std::string name;
  std::optional<NodeFacts> facts;  // nothing: no agent has told of it
  bool is_gone = false;            // the cluster has no such node any more
};

// "Ready", "NotAlive 45s", "NoAgent", "Gone": of its agent.
[[nodiscard]] std::string status_of(const NodeView& node, Instant now);

enum class Columns { usual, all };
[[nodiscard]] std::vector<std::string> node_table(const std::vector<NodeView>& nodes, Instant now, Columns columns,
                                                  std::size_t width);

// From the rows' nodes to the columns', and below it what stands in the way. Of more than 20 nodes only the latter.
[[nodiscard]] std::vector<std::string> node_pairs(const std::vector<NodeView>& nodes, Instant now, const Style& style);

}  // namespace migrate::plugin
