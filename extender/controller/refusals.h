// Whether a migration may begin: everything that speaks against it, found before anything is touched. Pure; what it
// looks at is collected in inquiry.cpp. Design section 8, as far as it applies to the strategy `stop`.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "extender/controller/pod_view.h"
#include "shared/agent_api/agent_api.h"
#include "shared/migration/migration.h"
#include "shared/migration/node_facts.h"

namespace migrate::controller {

struct Refusal {
  std::string reason;   // CamelCase
  std::string message;  // what, on which object, why, what to do
  std::string accept;   // the word of --accept that takes the risk; empty: nothing does
};

struct NodeState {
  std::string name;
  bool exists = false;
  bool cordoned = false;
  std::optional<NodeFacts> facts;  // its agent's word
  std::map<std::string, std::string> labels = {};
  std::map<std::string, std::string> allocatable = {};  // quantities by resource
};

// Other migrations that are about the same, by their names; empty: none.
struct Others {
  std::string of_pod = {};     // comes first, on the same Pod
  std::string of_set = {};     // the same, on another Pod of the same set
  std::string undecided = {};  // may come first, on either
};

// What stands around the Pod at one instant.
struct Surroundings {
  Instant now;
  bool namespace_enabled = false;
  Others others;
  NodeState source;
  std::optional<NodeState> target;         // the node that was asked for
  std::vector<std::string> bound_volumes;  // "claim data is kept on this node by volume pv-1"
  std::vector<std::string> lone_volumes;   // "claim data can be attached to one node at a time (volume pv-1 …)"
  std::vector<MovedVolume> moved_volumes;  // the same, by their names
  std::string admission_trouble;           // of a dry run of the target's creation
  std::vector<Refusal> set_refusals;       // of the set that it belongs to, and of its kind beside itself
  std::vector<std::string> set_warnings;
  std::vector<std::string> unready_services;  // Services that would send to a shadow before its time
  bool in_service = false;                    // one sends to the Pod, where a shadow may come
  std::vector<std::string> against_live;      // what else speaks against `live`, where it may be chosen: clauses
};

// Its agent has reported lately.
[[nodiscard]] bool is_alive(const NodeState& node, Instant now);

// Of Pod, object and nodes. `pod` is null when there is none of that name.
[[nodiscard]] std::vector<Refusal> refusals(const Migration& migration, const Json* pod, const Surroundings& around);

// Of others that come first, and what is said of them.
[[nodiscard]] bool is_in_the_way(const Others& others);
[[nodiscard]] Refusal other_refusal(const Migration& migration, const Others& others);

// What speaks against replaying messages (`live`, `sequential`) instead of stopping: volumes that would be newer than
// the memory. Pure.
[[nodiscard]] std::vector<Refusal> replay_refusals(const Json& pod);
// The same of `live` alone, as a clause; empty: nothing.
[[nodiscard]] std::string live_trouble(const Surroundings& around);

// What the Pod's own spec says against it; a part of the above.
[[nodiscard]] std::vector<Refusal> spec_refusals(const Migration& migration, const Json& pod);

// Of what the source's agent found. `frozen`: forecast, at a stretch.
[[nodiscard]] std::vector<Refusal> source_refusals(const Json& pod, const agent::SourceFacts& found,
                                                   const NodeState& source, CheckpointBackend backend,
                                                   milliseconds frozen);

// Of the node that was asked for, or that a target was placed on, against the source's, which it must not be unless the
// hop is `local`. `needed` are the archives' bytes.
[[nodiscard]] std::vector<Refusal> node_refusals(const NodeState& source, const NodeState& target, bool local,
                                                 Bytes needed, Instant now);

// Whether the Migration asked for that node: by name, by labels. A scheduler that does not wait for the extender's
// answer (`ignorable`) may have placed the target anywhere.
[[nodiscard]] std::vector<Refusal> placement_refusals(const MigrationSpec& spec, const NodeState& target);

// Whether the node's runtime restores from images, of a Migration that asks for it.
[[nodiscard]] std::vector<Refusal> image_refusals(const NodeState& target);

// Those that no word of `accept` takes.
[[nodiscard]] std::vector<Refusal> without_accepted(std::vector<Refusal> all, const std::vector<std::string>& accept);

// "4.2.1" is at least 4.2. What is no version is not.
[[nodiscard]] bool is_criu_new_enough(const std::string& version);

}  // namespace migrate::controller
