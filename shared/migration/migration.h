// The Migration object (migrations.kubectl-migrate.dev/v1alpha1) as values. Schema and what may change after creation:
// manifests/base/crds. Times are microseconds since 1970.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/base/result.h"
#include "shared/base/units.h"
#include "shared/migration/phase.h"

namespace migrate {

using std::chrono::milliseconds;

enum class Strategy { automatic, live, sequential, stop };
enum class CheckpointBackend { automatic, kubelet, direct };
enum class MessageMode { automatic, none, queue };
// What a person decided about a Migration in doubt.
enum class Resolution { none, keep_source, keep_target, from_checkpoint };

// Spec words as in YAML ("Auto", "Stop"; "Source", "Target", "Checkpoint" of Resolution, "" for none).
[[nodiscard]] std::string_view to_string(Strategy value);
[[nodiscard]] std::string_view to_string(CheckpointBackend value);
[[nodiscard]] std::string_view to_string(MessageMode value);
[[nodiscard]] std::string_view to_string(Resolution value);
[[nodiscard]] std::optional<Strategy> strategy_from(std::string_view text);
[[nodiscard]] std::optional<CheckpointBackend> backend_from(std::string_view text);
[[nodiscard]] std::optional<MessageMode> message_mode_from(std::string_view text);
[[nodiscard]] std::optional<Resolution> resolution_from(std::string_view text);

struct MigrationSpec {
  std::string pod;
  std::string pod_uid;
  std::string target_node;  // empty: any
  std::map<std::string, std::string> target_selector;
  Strategy strategy = Strategy::automatic;
  CheckpointBackend checkpoint = CheckpointBackend::automatic;
  bool keep_name = false;
  MessageMode messages = MessageMode::automatic;
  std::string queue;          // empty: the Pod's annotation
  std::string broker_secret;  // empty: the Pod's annotation
  std::vector<std::string> accept;
  milliseconds timeout{600'000};
  std::chrono::seconds ttl_after_finished{86'400};
  bool abort = false;
  Resolution resolve = Resolution::none;
};

struct PodPlace {
  std::string pod;
  std::string uid;
  std::string node;
  bool operator==(const PodPlace&) const = default;
};

struct Step {
  std::string name;  // a phase's
  Instant started;
  std::optional<Instant> finished;
  std::string message;
  bool operator==(const Step&) const = default;
};

struct Condition {
  std::string type;  // Succeeded, RolledBack, InDoubt, SourceGone, NameRestored
  bool value = false;
  std::string reason;  // CamelCase
  std::string message;
  Instant since;
  bool operator==(const Condition&) const = default;
};

struct ArchiveStatus {
  std::string container;  // or "volume/NAME"
  Bytes size;
  std::string digest;  // "sha256:…"
  bool operator==(const ArchiveStatus&) const = default;
};

struct MigrationStatus {
  Phase phase = Phase::pending;
  std::string reason;   // why it is refused, rolled back, in doubt or failed; CamelCase
  std::string message;  // the same for a person
  PodPlace source;
  PodPlace target;
  std::string placeholder;                  // its Pod's name; empty: none
  Strategy strategy = Strategy::automatic;  // what was chosen
  CheckpointBackend checkpoint = CheckpointBackend::automatic;
  std::vector<Condition> conditions;
  std::vector<Step> steps;
  std::vector<ArchiveStatus> archives;
  std::uint32_t attempt = 1;  // of the restore
  std::optional<milliseconds> forecast_freeze;
  std::optional<milliseconds> forecast_gap;
  std::optional<Instant> frozen_at;    // the source's last instruction, by its agent
  std::optional<Instant> running_at;   // the target's containers run
  std::optional<milliseconds> freeze;  // frozen until committed, or thawed
  std::optional<milliseconds> gap;     // nobody worked: frozen until the target runs
  std::optional<Instant> started;      // the controller began
  std::optional<Instant> finished;
  std::vector<std::string> warnings;  // risks taken with --accept, and what a user should know
};

struct Migration {
  std::string namespace_;
  std::string name;
  std::string uid;
  std::string resource_version;
  Instant created;
  bool deleting = false;       // metadata.deletionTimestamp is set
  bool has_finalizer = false;  // ours
  std::string requested_by;    // annotation kubectl-migrate.dev/requested-by; may be empty
  MigrationSpec spec;
  MigrationStatus status;
};

// The object as the API server keeps it; an error names the field and what it holds.
[[nodiscard]] Result<Migration> parse_migration(const nlohmann::json& object);
// A whole object for `create`, without status.
[[nodiscard]] nlohmann::json to_json(const Migration& migration);
[[nodiscard]] nlohmann::json to_json(const MigrationSpec& spec);
[[nodiscard]] nlohmann::json to_json(const MigrationStatus& status);

// "True" or "False" condition by type; nullptr when it is not there.
[[nodiscard]] const Condition* find_condition(const MigrationStatus& status, std::string_view type);
// Sets it; `since` changes only with the value.
void set_condition(MigrationStatus& status, Condition condition);
// The bytes of all archives.
[[nodiscard]] Bytes total_size(const MigrationStatus& status);

}  // namespace migrate
