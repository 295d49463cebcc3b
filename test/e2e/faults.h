// What may go wrong in every step of a migration, as a table, and how a row of it is played: the migration is stopped
// at the step's door, what holds the step open is put in its way, the door is opened, the fault happens, the hold ends.
// Where a step asks nobody who could be stopped, the next one's door is the hold.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/migration/migration.h"
#include "test/e2e/scene.h"

namespace harness {

enum class Fault {
  abort,
  leader_killed,
  leader_slept,  // SIGSTOP for 30 s: another one leads meanwhile, and it wakes as the old one
  source_agent_killed,
  target_agent_killed,
  target_deleted,
  restore_fails,  // what was unpacked on the target's node is damaged
  api_server_restarted,
  deleted_in_background,  // the Migration itself
  deleted_in_foreground,
};
[[nodiscard]] std::string_view to_string(Fault fault);

struct Row {
  migrate::Phase phase;
  Fault fault;
  migrate::Strategy strategy = migrate::Strategy::stop;
  // Of a StatefulSet's Pod, which keeps its name and is orphaned meanwhile.
  bool of_set = false;
  // The step is one of the second hop, by which a live migration comes back into its name.
  bool in_return = false;
  // Of a Deployment's Pod, whose ReplicaSet adopts the target and releases the source while it finishes.
  bool of_replica_set = false;
  // In the middle of that: the source is cheap by then, and the target not yet adopted.
  bool at_adoption = false;
};
// "Live, Checkpointing x source agent killed"
[[nodiscard]] std::string to_string(const Row& row);

// Every step of `stop` with every fault that can happen in it.
[[nodiscard]] std::vector<Row> all_rows();
// Each step and each fault at least once.
[[nodiscard]] std::vector<Row> covering_rows();
// The same of `live` and `sequential`.
[[nodiscard]] std::vector<Row> all_replay_rows();
// Each step that only these have, and as many faults as three minutes allow.
[[nodiscard]] std::vector<Row> covering_replay_rows();
// Every step of a StatefulSet's Pod with the faults that concern its set, each where it is another one than elsewhere.
[[nodiscard]] std::vector<Row> all_set_rows();
// The steps that concern its owner and its name, and as many faults as three minutes allow.
[[nodiscard]] std::vector<Row> covering_set_rows();
// The steps of a Deployment's Pod in which its ReplicaSet might count one too many or too few, or take what it must
// not.
[[nodiscard]] std::vector<Row> all_replica_set_rows();
// One for each way of that.
[[nodiscard]] std::vector<Row> covering_replica_set_rows();

// Of a step that asks nobody who could be stopped, the phase that follows it: that one's door is what is held. So the
// fault meets all that the step does (a Pod placed, lent, given back) done and not recorded. Nothing: the step itself
// is held open.
[[nodiscard]] std::optional<migrate::Phase> held_before(const Row& row);

// How it may end. Before the commit the source runs on; when only a helper was lost and replaced, going on is right as
// well. After it there is only forward.
[[nodiscard]] std::vector<migrate::Phase> allowed_ends(const Row& row);

// Plays it with the scene's consumer and checks all that must hold afterwards; throws with a report when it does not.
// The scene's consumer is then where the migration's end says. Returns how it ended, for a person.
std::string play(Scene& scene, const Row& row);

// What every migration that is over must leave: the consumer where it says, nothing on the nodes, no queue of ours.
// Throws with a report.
void check_ended(Scene& scene, const nlohmann::json& ended, const std::vector<migrate::Phase>& allowed);
// The same after the row's, which has been deleted: `before` was the Migration. Who has the name goes on, or of a
// ReplicaSet's, which have names of their own, the source before the commit and the target after it.
void check_deleted(Scene& scene, const nlohmann::json& before, const Row& row);

}  // namespace harness
