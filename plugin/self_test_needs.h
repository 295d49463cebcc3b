// What a self-test needs before it makes anything: rights, two nodes, an image.
#pragma once

#include <string>

#include "plugin/arguments.h"
#include "plugin/check_list.h"
#include "plugin/cluster.h"
#include "plugin/self_test_nodes.h"

namespace migrate::plugin {

struct Grounds {
  NodePair nodes;
  std::string image;
};

// Nothing when something is missing, which is in the list then. An error is one of the cluster. `namespace_` is not
// there yet.
[[nodiscard]] Outcome<std::optional<Grounds>> look_at_grounds(const Session& session, const Options& options,
                                                              const std::string& namespace_, CheckList& checks);

}  // namespace migrate::plugin
