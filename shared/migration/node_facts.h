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

// What `criu check` said on the host.
struct CriuCheck {
  bool ok = false;
  std::string message;
};

// Whether the node's kubelet would checkpoint by order of its agent, which asked for a Pod that cannot be.
struct KubeletCheckpoint {
  static constexpr const char* kAllowed = "Allowed";
  static constexpr const char* kForbidden = "Forbidden";    // the agent lacks the right
  static constexpr const char* kGateClosed = "GateClosed";  // the kubelet has no such path
  static constexpr const char* kUnknown = "Unknown";        // it did not say
  std::string state;
  std::string message;
};

// What an agent keeps of a migration: records and archives. Told, so that it is found when its Migration is gone.
struct HeldMigration {
  std::string migration;   // its uid
  std::string name;        // NAMESPACE/NAME; empty: not known
  std::string source;      // of which its node is the source: what the record says ("committed"); else empty
  std::string source_pod;  // the uid of that Pod
  bool operator==(const HeldMigration&) const = default;
};
// The words of HeldMigration::source. Of a source that is frozen its agent thaws what is overdue; what was committed it
// leaves as it is, and what it cannot read too.
inline constexpr const char* kHeldNone = "none";
inline constexpr const char* kHeldSnapshotted = "snapshotted";
inline constexpr const char* kHeldThawed = "thawed";
inline constexpr const char* kHeldFrozen = "frozen";
inline constexpr const char* kHeldCommitted = "committed";
inline constexpr const char* kHeldUnreadable = "unreadable";
// More of them are not told at once.
inline constexpr std::size_t kMostHeld = 256;

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
  std::optional<CriuCheck> criu_check = std::nullopt;     // nothing: not asked yet, or there is no CRIU
  std::vector<std::string> criu_options_missing = {};     // lines that /etc/criu/runc.conf lacks or has otherwise
  std::optional<KubeletCheckpoint> kubelet_checkpoint = std::nullopt;  // nothing: not asked yet
  std::string kernel;
  std::string architecture;               // "amd64"
  std::vector<std::string> cpu_features;  // /proc/cpuinfo's flags, sorted
  Bytes free_disk;                        // where archives are kept
  std::string boot_id;
  std::vector<HeldMigration> held = {};  // at most kMostHeld
};

// An agent older than this is not alive; agents write every third of it.
inline constexpr std::chrono::seconds kHeartbeatLimit{30};

// Why the node's runtime restores no checkpoint from an image, and what would make it; empty: it does.
[[nodiscard]] std::string image_restore_trouble(const NodeFacts& facts);

// By how much the node's clock is ahead of the API server's: its agent's heartbeat against the time at which the API
// server took that very write. It tells that in whole seconds, so what is below 2 s is none, 0. A write that took long
// looks like a clock that is late. Nothing: it cannot be told.
[[nodiscard]] std::optional<std::chrono::milliseconds> clock_skew(const nlohmann::json& migration_node);

[[nodiscard]] Result<NodeFacts> parse_node_facts(const nlohmann::json& object);
[[nodiscard]] nlohmann::json to_json(const NodeFacts& facts);

}  // namespace migrate
