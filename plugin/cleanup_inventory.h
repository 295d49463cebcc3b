// The cluster as `cleanup` looks at it, with the user's own rights.
#pragma once

#include <string>
#include <vector>

#include "plugin/cleanup_finds.h"
#include "plugin/cluster.h"

namespace migrate::plugin {

struct Looked {
  Inventory inventory;
  bool has_types = true;  // whether the server knows Migrations at all
  bool has_all = true;    // Migrations of all namespaces are among `inventory`, and for brokers their Pods
  // Uids of Migrations that Events tell of.
  std::vector<std::string> told;
  std::vector<std::string> unseen;  // what could not be looked at, and why
};
// Migrations are listed last: one that is not among them and to which something seen before belongs is gone, not new.
// Those of all namespaces wherever that is allowed, as nodes and brokers know no namespaces.
enum class ForBrokers { no, yes };
[[nodiscard]] Outcome<Looked> look_for_leftovers(const Session& session, const std::string& namespace_,
                                                 ForBrokers for_brokers);

// What an installation may have left.
[[nodiscard]] Outcome<InstallationSight> look_for_installation(const Session& session, const Looked& looked);

}  // namespace migrate::plugin
