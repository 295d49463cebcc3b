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
enum class RestoreWay { automatic, runtime, image };
enum class TransferWay { direct, registry };
// What a person decided about a Migration in doubt.
enum class Resolution { none, keep_source, keep_target, from_checkpoint };

// Spec words as in YAML ("Auto", "Stop"; "Source", "Target", "Checkpoint" of Resolution, "" for none).
[[nodiscard]] std::string_view to_string(Strategy value);
[[nodiscard]] std::string_view to_string(CheckpointBackend value);
[[nodiscard]] std::string_view to_string(MessageMode value);
[[nodiscard]] std::string_view to_string(RestoreWay value);
[[nodiscard]] std::string_view to_string(TransferWay value);
[[nodiscard]] std::string_view to_string(Resolution value);
[[nodiscard]] std::optional<Strategy> strategy_from(std::string_view text);
[[nodiscard]] std::optional<CheckpointBackend> backend_from(std::string_view text);
[[nodiscard]] std::optional<MessageMode> message_mode_from(std::string_view text);
[[nodiscard]] std::optional<RestoreWay> restore_way_from(std::string_view text);
[[nodiscard]] std::optional<TransferWay> transfer_way_from(std::string_view text);
[[nodiscard]] std::optional<Resolution> resolution_from(std::string_view text);

struct MigrationSpec {
  std::string pod;
  std::string pod_uid;
  std::string target_node;  // empty: any
  // Of the target; empty: as design says. Only the controller asks for one: the second hop of a live migration that
  // keeps its name, from the shadow into it, on the shadow's own node.
  std::string target_name;
  std::map<std::string, std::string> target_selector;
  Strategy strategy = Strategy::automatic;
  CheckpointBackend checkpoint = CheckpointBackend::automatic;
  bool keep_name = false;  // of Pods of their own; a StatefulSet's always do (keeps_name)
  MessageMode messages = MessageMode::automatic;
  std::string queue;          // empty: the Pod's annotation
  std::string broker_secret;  // empty: the Pod's annotation
  RestoreWay restore = RestoreWay::automatic;
  TransferWay transfer = TransferWay::direct;
  std::string registry;                // REPOSITORY that archives travel through; with TransferWay::registry
  std::string registry_secret;         // its pull Secret; empty: none
  milliseconds max_replay{30'000};     // T_replay_max: how long the rest may take that is replayed after the cut
  std::optional<milliseconds> cutoff;  // when the source stops at the latest, after the mirror began; unset: computed
  bool purge_primary = false;
  std::optional<milliseconds> gap_budget;  // no longer may nobody be at work, by forecast
  std::optional<milliseconds> max_total;   // nor the whole take
  std::vector<std::string> accept;         // without kDryRunWord, which goes with dry_run
  milliseconds timeout{600'000};
  std::chrono::seconds ttl_after_finished{86'400};
  // Only looked at, forecast and answered (Planned or Refused): nothing is touched, and nobody waits for it.
  bool dry_run = false;
  bool abort = false;
  Resolution resolve = Resolution::none;
};

struct PodPlace {
  std::string pod;
  std::string uid;
  std::string node;
  bool operator==(const PodPlace&) const = default;
};

// The StatefulSet or ReplicaSet that a Pod belongs to.
struct OwnerRef {
  std::string kind;
  std::string name;
  std::string uid;
  bool operator==(const OwnerRef&) const = default;
};
inline constexpr std::string_view kStatefulSet = "StatefulSet";
inline constexpr std::string_view kReplicaSet = "ReplicaSet";

// A volume that only one node at a time may use, and that moves with its Pod.
struct MovedVolume {
  std::string claim;
  std::string volume;  // the PersistentVolume
  bool operator==(const MovedVolume&) const = default;
};

struct Step {
  std::string name;  // a phase's
  Instant started;
  std::optional<Instant> finished;
  std::string message;
  bool operator==(const Step&) const = default;
};

struct Condition {
  std::string type;  // Succeeded, RolledBack, InDoubt, SourceGone, SourceLost, NameRestored, NameHeld
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

// How the service rate is known. Words: "Source", "Annotation", "Target"; "" for unknown.
enum class RateSource { unknown, source, annotation, target };
[[nodiscard]] std::string_view to_string(RateSource value);
[[nodiscard]] std::optional<RateSource> rate_source_from(std::string_view text);

struct BacklogPoint {
  Instant at;
  std::uint64_t ready = 0;
  bool operator==(const BacklogPoint&) const = default;
};

// Of a migration with replay. Messages a second; counts are messages.
struct MessagesStatus {
  std::string queue;
  std::string mirror;               // its name; recorded before it is made
  std::string control_queue;        // of the target; recorded before it is made
  std::uint64_t prefetch = 0;       // what the queue's consumers may hold unacknowledged
  std::optional<Instant> bound_at;  // the mirror holds everything that came since
  std::optional<double> arrival_rate;
  std::optional<double> service_rate;
  RateSource service_rate_from = RateSource::unknown;
  std::vector<BacklogPoint> backlog;             // of the mirror, over time; thinned to no more than 60 points
  std::optional<milliseconds> backlog_interval;  // the longest time between two readings of it, kept or not
  std::optional<std::uint64_t> mirrored;  // counted: known only where nobody reads the mirror while it gets messages
  std::optional<std::uint64_t> replayed;
  std::optional<std::uint64_t> mirrored_estimate;  // by measured rates, where it is not counted
  std::optional<std::uint64_t> replayed_estimate;
  std::optional<std::uint64_t> backlog_at_cut;
  std::optional<std::uint64_t> duplicates_bound;  // an app that is not idempotent sees no more repeats than that
  std::optional<std::uint64_t> lost;
  std::optional<milliseconds> cutoff_planned;  // after bound_at
  std::optional<milliseconds> cutoff_used;
  std::string cut_because;  // "Converged", "Cutoff", "Diverging", "Asked"
  bool operator==(const MessagesStatus&) const = default;
};

// One thing that speaks against a migration.
struct RefusalNote {
  std::string reason;  // CamelCase
  std::string message;
  std::string accept;  // the word of --accept that takes the risk; empty: nothing does
  bool operator==(const RefusalNote&) const = default;
};

struct PlannedStep {
  std::string name;  // a phase's
  std::string text;  // what happens there, for a person
  bool operator==(const PlannedStep&) const = default;
};
struct Plan {
  std::string because;  // why this strategy
  std::vector<PlannedStep> steps;
  std::string target = {};  // of a dry run: what makes the target of the Pod (pod_patch.h)
  bool operator==(const Plan&) const = default;
};

// A strategy's forecast. Times are nothing where they cannot be told.
struct Alternative {
  Strategy strategy = Strategy::automatic;
  std::optional<milliseconds> freeze;
  std::optional<milliseconds> gap;
  std::optional<milliseconds> total;
  std::vector<std::string> against;  // clauses; empty: it keeps every promise
  bool operator==(const Alternative&) const = default;
};

// Between which a time is expected to be.
struct Range {
  milliseconds low{0};
  milliseconds high{0};
  bool operator==(const Range&) const = default;
};

struct MigrationStatus {
  Phase phase = Phase::pending;
  std::string reason;                     // why it is refused, rolled back, in doubt or failed; CamelCase
  std::string message;                    // the same for a person
  std::vector<RefusalNote> refusals;      // all that speaks against it
  std::optional<Plan> plan;               // of one that nothing speaks against
  std::vector<Alternative> alternatives;  // of each strategy, the chosen one among them
  PodPlace source;
  PodPlace target;
  std::optional<OwnerRef> owner;  // of the source; nothing: a Pod of its own
  std::vector<MovedVolume> volumes;
  std::string placeholder;                  // its Pod's name; empty: none
  Strategy strategy = Strategy::automatic;  // what was chosen
  CheckpointBackend checkpoint = CheckpointBackend::automatic;
  RestoreWay restore = RestoreWay::automatic;
  std::optional<MessagesStatus> messages;
  std::vector<Condition> conditions;
  std::vector<Step> steps;
  std::vector<ArchiveStatus> archives;
  std::uint32_t attempt = 1;  // of the restore
  // Of the strategy that was chosen. Gap and total are nothing while a rate that they depend on is not known.
  std::optional<milliseconds> forecast_freeze;
  std::optional<milliseconds> forecast_gap;
  std::optional<milliseconds> forecast_total;
  std::optional<milliseconds> forecast_restore;  // from the release of its containers until they run
  std::optional<Range> forecast_freeze_range;
  std::optional<Range> forecast_gap_range;
  std::optional<Range> forecast_total_range;
  std::optional<milliseconds> forecast_cutoff;    // with replay: T_cutoff, after the mirror is bound
  std::optional<std::uint64_t> forecast_backlog;  // with replay: messages left when the source has stopped
  Bytes forecast_size;                            // of the archives: memory and what is carried of volumes
  std::optional<milliseconds> snapshot_freeze;    // frozen for a checkpoint after which it ran on
  std::optional<Instant> frozen_at;               // the source's last instruction, by the controller's clock
  std::optional<Instant> running_at;              // the target's containers run
  std::optional<milliseconds> freeze;             // frozen until committed, or thawed
  std::optional<milliseconds> gap;                // the longest time that nobody worked (note_gap)
  std::optional<Instant> started;                 // the controller began
  std::optional<Instant> finished;
  std::vector<std::string> warnings;  // risks taken with --accept, and what a user should know
};

struct Migration {
  std::string namespace_;
  std::string name;
  std::string uid;
  std::string resource_version;
  std::int64_t generation = 0;  // grows with each change of the spec, and with the deletion; 0: not told
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

// The strategy that was chosen; before that, the one that was asked for.
[[nodiscard]] Strategy strategy_of(const Migration& migration);
// The Pod ends under its source's name: asked for, or a StatefulSet's. Not of the second hop, which has a name of its
// own to come into.
[[nodiscard]] bool keeps_name(const Migration& migration);
// The target takes its source's name, once that is free. Not a live migration's: it comes into the name by a second
// hop.
[[nodiscard]] bool takes_name(const Migration& migration);
// That second hop, within one node.
[[nodiscard]] bool is_local(const Migration& migration);
// Its source belongs to an owner of that kind (kStatefulSet, kReplicaSet).
[[nodiscard]] bool is_owned_by(const Migration& migration, std::string_view kind);

// "True" or "False" condition by type; nullptr when it is not there.
[[nodiscard]] const Condition* find_condition(const MigrationStatus& status, std::string_view type);
// Sets it; `since` changes only with the value.
void set_condition(MigrationStatus& status, Condition condition);
// One more time in which nobody worked: from the freeze until the target did, for a checkpoint after which the source
// worked on, or in a second hop into the name. The gap is the longest of them.
void note_gap(MigrationStatus& status, milliseconds silent);
// The bytes of all archives.
[[nodiscard]] Bytes total_size(const MigrationStatus& status);
// The same, and before they are made what is forecast of them.
[[nodiscard]] Bytes expected_size(const MigrationStatus& status);

}  // namespace migrate
