// Between which two nodes a self-test moves. Pure.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "plugin/failure.h"
#include "shared/migration/node_facts.h"

namespace migrate::plugin {

using Json = nlohmann::json;

struct Candidate {
  std::string name;
  std::string against;  // why nothing is migrated to and from it; empty: it can be
  NodeFacts facts;      // of one that can be
};

// `node` as Kubernetes has it, `reported` what its agent says (null: it never did).
[[nodiscard]] Candidate candidate_of(const Json& node, const Json* reported, Instant now);

struct NodePair {
  NodeFacts from;
  NodeFacts to;
};

// The two that were asked for, or instead of an empty name one that can do most. What runs on one must be restorable on
// the other, and back.
[[nodiscard]] Outcome<NodePair> choose_nodes(const std::vector<Candidate>& all, const std::string& from,
                                             const std::string& to);

// What speaks against `--checkpoint kubelet` on that node; empty: nothing.
[[nodiscard]] std::string kubelet_checkpoint_trouble(const NodeFacts& facts);

}  // namespace migrate::plugin
