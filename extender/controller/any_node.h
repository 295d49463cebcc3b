// Whether there is a node at all for a target, where none was asked for by name. What is wrong with each of them the
// extender and the scheduler would say as well, again and again until the timeout. Not looked at is what only a
// scheduler knows, as room for the Pod's requests and where its volumes can be attached; nor what passes by itself.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "extender/controller/inquiry.h"
#include "extender/controller/refusals.h"

namespace migrate::controller {

// A node that a target may come to.
struct Candidate {
  std::shared_ptr<const Json> node;
  NodeState state;  // the same, with its agent's word
};

// What stands against one of them, the first thing that is found.
struct Objection {
  std::string kind;     // the same for all nodes that it is true of in the same way
  std::string clause;   // "node node-b is cordoned"
  bool passes = false;  // by itself
};

// Nothing: the target may come there. `needed` are the archives' bytes. Pure.
[[nodiscard]] std::optional<Objection> objection(const Migration& migration, const Json& pod, const NodeState& source,
                                                 const Candidate& candidate, Bytes needed, Instant now);

// Of all nodes but the source's, none of which will do. Pure.
[[nodiscard]] Refusal no_node(const Migration& migration, const std::string& source, const std::vector<Objection>& all);

// As long as one node will do, there is nothing to be said.
[[nodiscard]] Attempt<void> judge_nodes(Inquiry& asked);

}  // namespace migrate::controller
