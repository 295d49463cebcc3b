// What a node's agent says of its node: the cluster-scoped object migrationnodes.kubectl-migrate.dev of the node's
// name.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "shared/base/result.h"
#include "shared/base/units.h"

namespace migrate {

struct NodeFacts {
  std::string node;
  std::string address;  // "IP:PORT" of its agent
  std::string agent_version;
  Instant heartbeat;
  std::string runtime;          // "containerd", "cri-o"
  std::string runtime_version;  // "2.3.7"
  bool has_handler = false;     // the runtime knows `migrate`
  bool can_checkpoint_directly = false;
  std::optional<bool> restore_via_create = std::nullopt;  // containerd's switch; nothing: it has none
  std::string criu;                                       // "4.2.1"; empty: none found
  std::string kernel;
  std::string architecture;               // "amd64"
  std::vector<std::string> cpu_features;  // /proc/cpuinfo's flags, sorted
  Bytes free_disk;                        // where archives are kept
  std::string boot_id;
};

// An agent older than this is not alive; agents write every third of it.
inline constexpr std::chrono::seconds kHeartbeatLimit{30};

// Why the node's runtime restores no checkpoint from an image, and what would make it; empty: it does.
[[nodiscard]] std::string image_restore_trouble(const NodeFacts& facts);

[[nodiscard]] Result<NodeFacts> parse_node_facts(const nlohmann::json& object);
[[nodiscard]] nlohmann::json to_json(const NodeFacts& facts);

}  // namespace migrate
