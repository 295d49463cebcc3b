// The ways that a self-test tries, and what it makes for them. Pure.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "plugin/arguments.h"
#include "plugin/self_test_nodes.h"
#include "shared/kube/resource.h"

namespace migrate::plugin {

using Json = nlohmann::json;

struct Way {
  std::string title;
  std::string name;  // of its Pod or set
  CheckpointBackend checkpoint = CheckpointBackend::automatic;
  RestoreWay restore = RestoreWay::automatic;
  bool keep_name = false;
  bool is_set = false;
  std::string skipped = {};  // why this cluster does not allow it; empty: it does

  // Of the Pod that is migrated first.
  [[nodiscard]] std::string pod() const { return is_set ? name + "-0" : name; }
};

// Every way there is, in the order in which they are told.
[[nodiscard]] std::vector<Way> ways_between(const NodePair& nodes);

// `kubectl migrate POD --to NODE` with the flags of that way.
[[nodiscard]] Options options_for(const Way& way, const std::string& pod, const std::string& to);

// A namespace of the self-test's own.
[[nodiscard]] Json namespace_object(const std::string& name);

struct Workload {
  kube::ResourcePath path;
  Json object;
};
// A Pod on the first of the nodes, or a set of one Pod on either of them.
[[nodiscard]] Workload workload_for(const Way& way, const std::string& namespace_, const std::string& image,
                                    const NodePair& nodes);

}  // namespace migrate::plugin
