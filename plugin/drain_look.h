// What a drain goes by: read anew each time, so that whoever begins it a second time knows as much.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "plugin/cluster.h"
#include "plugin/drain_budget.h"
#include "plugin/drain_pod.h"

namespace migrate::plugin {

// What is to leave.
struct DrainScope {
  std::string node;
  std::string namespace_;  // empty: all
  std::string selector;    // of Pods' labels; empty: all

  // " (namespace shop, pods with app=orders)"; empty: all that is on the node.
  [[nodiscard]] std::string restriction() const;
};

struct DrainLook {
  std::vector<DrainPod> pods;  // of the scope
  // All that are kept, dry runs apart; also those of Pods elsewhere, for what they take up.
  std::vector<Migration> migrations;
  std::vector<Budget> budgets;
  // By the Migration's uid, of those at work, where budgets have to be asked: the Pod that it moves.
  std::map<std::string, Json> moved_pods;
  // Namespaces where migrations are allowed; nothing where one may not know.
  std::optional<std::set<std::string>> enabled;

  [[nodiscard]] bool is_enabled(const std::string& namespace_) const {
    return !enabled || enabled->contains(namespace_);
  }
};

// The error's kind tells whether it may pass (is_passing); `verb` and `path` are what was attempted.
struct LookError {
  kube::ApiError error;
  std::string verb;
  kube::ResourcePath path;

  [[nodiscard]] bool is_passing() const;
  [[nodiscard]] Failure explained() const { return explain(error, verb, path); }
};
[[nodiscard]] Result<DrainLook, LookError> look_at_node(const Session& session, const DrainScope& scope);

// It moves a Pod: neither over nor in a doubt that waits for a person. Not the second hop of another one, which is part
// of that.
[[nodiscard]] bool is_at_work(const Migration& migration);
// The scheduler says that it finds no node for its target.
[[nodiscard]] bool is_unplaceable(const Migration& migration);

}  // namespace migrate::plugin
