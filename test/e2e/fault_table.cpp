#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "test/e2e/faults.h"

namespace harness {
namespace {

using migrate::Phase;
using migrate::Strategy;

constexpr Fault kFaults[] = {Fault::abort,
                             Fault::leader_killed,
                             Fault::leader_slept,
                             Fault::source_agent_killed,
                             Fault::target_agent_killed,
                             Fault::target_deleted,
                             Fault::restore_fails};

// With a name to keep: renaming and returning.
std::vector<Phase> steps_of(Strategy strategy) {
  using P = Phase;
  switch (strategy) {
    case Strategy::live:
      return {P::preparing, P::placing,  P::mirroring,  P::checkpointing, P::transferring, P::shadowing, P::replaying,
              P::freezing,  P::draining, P::committing, P::switching,     P::finishing,    P::returning};
    case Strategy::sequential:
      return {P::preparing,  P::placing,  P::mirroring, P::checkpointing, P::transferring, P::freezing,
              P::committing, P::renaming, P::restoring, P::switching,     P::finishing};
    default:
      return {P::preparing,  P::placing,  P::freezing,  P::checkpointing, P::transferring,
              P::committing, P::renaming, P::restoring, P::finishing};
  }
}

// The second hop of a live migration, back into the name: local, and by `stop`.
constexpr Phase kStepsOfReturn[] = {Phase::placing,    Phase::freezing,  Phase::checkpointing,
                                    Phase::committing, Phase::restoring, Phase::finishing};

constexpr Fault kFaultsOfSets[] = {Fault::api_server_restarted, Fault::deleted_in_background,
                                   Fault::deleted_in_foreground};

// In the end it is the application's Pod, and whoever deletes that wants it. With replay that begins earlier: what was
// replayed is in its memory alone, and to a shadow the order to commit may be on its way.
bool is_the_application(const Row& row) {
  if (row.phase == Phase::switching || row.phase == Phase::finishing || row.phase == Phase::returning) return true;
  return row.strategy == Strategy::live && row.phase == Phase::committing;
}

// Where Pods of that name come and go, and where their owner changes. On the way back the named Pod is made at once.
bool is_swap(const Row& row) {
  if (row.in_return && row.phase == Phase::placing) return true;
  return row.phase == Phase::orphaning || row.phase == Phase::renaming || row.phase == Phase::restoring ||
         row.phase == Phase::finishing;
}

bool can_happen(const Row& row) {
  if (row.fault == Fault::api_server_restarted) return is_swap(row);
  // There both agents are one, and both Pods on its node.
  if (row.in_return && row.fault == Fault::source_agent_killed) return false;
  if (row.fault == Fault::restore_fails) return row.phase == Phase::restoring || row.phase == Phase::shadowing;
  if (row.fault == Fault::target_deleted) return row.phase != Phase::preparing && !is_the_application(row);
  return true;
}

std::vector<Row> rows_of(const std::vector<Strategy>& strategies) {
  std::vector<Row> rows;
  for (const Strategy strategy : strategies)
    for (const Phase phase : steps_of(strategy))
      for (const Fault fault : kFaults)
        if (can_happen({phase, fault, strategy})) rows.push_back({phase, fault, strategy});
  return rows;
}

std::vector<Fault> faults_of_sets() {
  std::vector<Fault> faults{std::begin(kFaults), std::end(kFaults)};
  faults.insert(faults.end(), std::begin(kFaultsOfSets), std::end(kFaultsOfSets));
  return faults;
}

Row row_of_set(Phase phase, Fault fault, Strategy strategy) {
  return {phase, fault, strategy, /*of_set=*/true};
}

// In the swap all of them. Before it the set is only lent from, and what hurts an agent or makes a leader sleep is
// played without a set (all_rows, all_replay_rows): here the faults by which a loan ends. Steps that are the same by
// each strategy are played by `stop`.
bool concerns_the_set(const Row& row) {
  if (is_swap(row) || row.phase == Phase::returning) return true;
  const std::vector<Phase> of_stop = steps_of(Strategy::stop);
  if (row.strategy != Strategy::stop && std::find(of_stop.begin(), of_stop.end(), row.phase) != of_stop.end())
    return false;
  return row.fault == Fault::abort || row.fault == Fault::leader_killed || row.fault == Fault::target_deleted ||
         row.fault == Fault::deleted_in_background || row.fault == Fault::deleted_in_foreground;
}

Row row_of_return(Phase phase, Fault fault) {
  return {phase, fault, Strategy::live, /*of_set=*/true, /*in_return=*/true};
}

Row row_of_replica_set(Phase phase, Fault fault, Strategy strategy) {
  Row row{phase, fault, strategy};
  row.of_replica_set = true;
  return row;
}

Row row_of_adoption(Fault fault, Strategy strategy) {
  Row row = row_of_replica_set(Phase::finishing, fault, strategy);
  row.at_adoption = true;
  return row;
}

bool is_agents(Fault fault) {
  return fault == Fault::source_agent_killed || fault == Fault::target_agent_killed;
}

bool is_at(const Row& row, Strategy strategy, Phase phase) {
  return !row.in_return && row.strategy == strategy && row.phase == phase;
}

// Sequential lends, frees the name and restores by the code of `stop`, with its placeholder. What is its own is what
// may become of a Pod of which a part is still in the mirror.
bool is_sequentials_own(const Row& row) {
  switch (row.phase) {
    case Phase::orphaning:
    case Phase::finishing:
      return row.fault == Fault::leader_killed;
    case Phase::renaming:
    case Phase::restoring:
      return row.fault != Fault::abort && !is_agents(row.fault);
    default:
      return true;
  }
}

// What an agent's end can do to a set: where that agent is asked, and the set's Pod hangs on its answer. Lending and
// giving back ask none, Renaming not the source's; and the way back into the name is not committed before Committing.
bool is_about_an_agent_in_the_swap(const Row& row) {
  if (row.in_return) return row.phase != Phase::placing && row.phase != Phase::freezing;
  if (row.phase == Phase::orphaning) return false;
  if (is_at(row, Strategy::stop, Phase::renaming)) return row.fault == Fault::target_agent_killed;
  if (is_at(row, Strategy::live, Phase::finishing)) return row.fault == Fault::source_agent_killed;
  return true;
}

// Whether nothing else plays the same: a row takes a minute or more, and test/full has three hours for them. Aborts and
// deletions that are left out here are asked in every phase by set_every_phase_test, with an API server in memory.
bool is_no_repetition(const Row& row) {
  if (row.strategy == Strategy::sequential && !is_sequentials_own(row)) return false;
  switch (row.fault) {
    case Fault::abort:
      // Behind the commit one rule ignores it: while the name has no Pod that works, and while messages go over.
      return !is_after_commit(row.phase) || row.phase == Phase::switching ||
             is_at(row, Strategy::stop, Phase::restoring);
    case Fault::leader_slept:
      // What it would still do is refused by its term and by its Lease, whatever it is; and each takes half a minute.
      return is_at(row, Strategy::stop, Phase::renaming) || row.phase == Phase::returning ||
             (row.in_return && row.phase == Phase::restoring);
    case Fault::source_agent_killed:
    case Fault::target_agent_killed:
      return is_about_an_agent_in_the_swap(row);
    case Fault::target_deleted:
      // A placeholder that is gone is found by the same look in these: it is deleted in the step before and after them.
      return !is_at(row, Strategy::stop, Phase::freezing) && !is_at(row, Strategy::stop, Phase::checkpointing);
    case Fault::api_server_restarted:
      return !is_at(row, Strategy::live, Phase::orphaning);  // stop's, with a shadow in the placeholder's place
    case Fault::deleted_in_background:
      // To the controller it is the same as in foreground, where the garbage collector works against it besides.
      return is_at(row, Strategy::stop, Phase::restoring) || row.phase == Phase::returning;
    default:
      return true;
  }
}

bool is_of_the_sets_table(const Row& row) {
  return can_happen(row) && (row.in_return || concerns_the_set(row)) && is_no_repetition(row);
}

}  // namespace

std::string_view to_string(Fault fault) {
  switch (fault) {
    case Fault::abort:
      return "abort";
    case Fault::leader_killed:
      return "leader killed";
    case Fault::leader_slept:
      return "leader stopped and woken";
    case Fault::source_agent_killed:
      return "source agent killed";
    case Fault::target_agent_killed:
      return "target agent killed";
    case Fault::target_deleted:
      return "target Pod deleted";
    case Fault::restore_fails:
      return "restore fails";
    case Fault::api_server_restarted:
      return "API server restarted";
    case Fault::deleted_in_background:
      return "Migration deleted in background";
    case Fault::deleted_in_foreground:
      return "Migration deleted in foreground";
  }
  return "unknown";
}

std::string to_string(const Row& row) {
  const char* owner = row.of_replica_set ? "replica set, " : row.of_set ? "set, " : "";
  return fmt::format("{}{}, {}{}{} x {}", owner, migrate::to_string(row.strategy), row.in_return ? "return's " : "",
                     migrate::to_string(row.phase), row.at_adoption ? " at the adoption" : "", to_string(row.fault));
}

std::vector<Row> all_rows() {
  return rows_of({Strategy::stop});
}

std::vector<Row> all_replay_rows() {
  return rows_of({Strategy::live, Strategy::sequential});
}

std::vector<Row> covering_rows() {
  return {{Phase::preparing, Fault::source_agent_killed},
          {Phase::placing, Fault::target_deleted},
          {Phase::freezing, Fault::abort},
          {Phase::checkpointing, Fault::source_agent_killed},
          {Phase::transferring, Fault::target_agent_killed},
          {Phase::committing, Fault::leader_killed},
          {Phase::renaming, Fault::target_agent_killed},
          {Phase::restoring, Fault::restore_fails},
          {Phase::restoring, Fault::leader_slept},
          {Phase::finishing, Fault::source_agent_killed}};
}

std::vector<Row> covering_replay_rows() {
  return {{Phase::mirroring, Fault::abort, Strategy::live},
          {Phase::shadowing, Fault::restore_fails, Strategy::live},
          {Phase::replaying, Fault::leader_killed, Strategy::live},
          {Phase::draining, Fault::target_deleted, Strategy::live},
          {Phase::switching, Fault::abort, Strategy::live},
          {Phase::freezing, Fault::source_agent_killed, Strategy::sequential}};
}

std::vector<Row> all_set_rows() {
  std::vector<Row> rows;
  for (const Strategy strategy : {Strategy::stop, Strategy::sequential, Strategy::live}) {
    std::vector<Phase> steps = steps_of(strategy);
    steps.insert(std::find(steps.begin(), steps.end(), Phase::placing) + 1, Phase::orphaning);
    for (const Phase phase : steps)
      for (const Fault fault : faults_of_sets())
        if (const Row row = row_of_set(phase, fault, strategy); is_of_the_sets_table(row)) rows.push_back(row);
  }
  for (const Phase phase : kStepsOfReturn)
    for (const Fault fault : faults_of_sets())
      if (const Row row = row_of_return(phase, fault); is_of_the_sets_table(row)) rows.push_back(row);
  return rows;
}

std::vector<Row> covering_set_rows() {
  return {row_of_set(Phase::orphaning, Fault::abort, Strategy::stop),
          row_of_set(Phase::renaming, Fault::api_server_restarted, Strategy::stop),
          row_of_set(Phase::renaming, Fault::leader_killed, Strategy::sequential),
          row_of_set(Phase::finishing, Fault::deleted_in_foreground, Strategy::stop),
          row_of_set(Phase::returning, Fault::deleted_in_background, Strategy::live),
          row_of_return(Phase::restoring, Fault::leader_killed)};
}

// Here the tables without a set are not played once more: until Finishing a ReplicaSet has its source and nothing else.
// It might only take a target that its Migration, which is deleted in foreground, owns no more: one that waits, or one
// that works. Or lose its source, where the way back comes late: as the order to commit is under way, or behind it.
// Sequential finishes by the code of `stop`, with a target that has replayed: one row of it. An abort is ignored from
// Restoring on, in every phase by one rule; a target that is deleted in Finishing is the application. Deletions while
// the target is restored are in replicaset_test, and in every phase, with an API server in memory, in
// replica_set_faults_test.
std::vector<Row> all_replica_set_rows() {
  constexpr Strategy kStop = Strategy::stop;
  constexpr Strategy kLive = Strategy::live;
  return {
      row_of_replica_set(Phase::placing, Fault::deleted_in_foreground, kStop),
      row_of_replica_set(Phase::replaying, Fault::deleted_in_foreground, kLive),
      row_of_replica_set(Phase::replaying, Fault::target_deleted, kLive),
      row_of_replica_set(Phase::committing, Fault::abort, kStop),
      row_of_replica_set(Phase::committing, Fault::leader_killed, kLive),
      // The target is made anew, or the source goes on behind its commit.
      row_of_replica_set(Phase::restoring, Fault::target_deleted, kStop),
      row_of_replica_set(Phase::restoring, Fault::restore_fails, kStop),
      row_of_replica_set(Phase::restoring, Fault::target_agent_killed, kStop),
      // What was decided is decided once more, by another leader or with the one that has slept, and of owners that
      // the garbage collector has changed meanwhile. Its agents are not asked then; but the source's holds it frozen.
      row_of_adoption(Fault::leader_killed, kStop), row_of_adoption(Fault::leader_slept, kStop),
      row_of_adoption(Fault::api_server_restarted, kStop), row_of_adoption(Fault::source_agent_killed, kStop),
      row_of_adoption(Fault::deleted_in_foreground, kStop), row_of_adoption(Fault::leader_killed, Strategy::sequential),
      row_of_adoption(Fault::leader_killed, kLive), row_of_adoption(Fault::deleted_in_background, kLive),
      // All is done and not recorded: it is done once more, with the source gone and the target the ReplicaSet's.
      row_of_replica_set(Phase::finishing, Fault::leader_killed, kStop),
      row_of_replica_set(Phase::finishing, Fault::api_server_restarted, kStop),
      row_of_replica_set(Phase::finishing, Fault::target_agent_killed, kLive),
      row_of_replica_set(Phase::finishing, Fault::deleted_in_foreground, kLive)};
}

std::vector<Row> covering_replica_set_rows() {
  return {row_of_replica_set(Phase::placing, Fault::deleted_in_foreground, Strategy::stop),
          row_of_replica_set(Phase::committing, Fault::abort, Strategy::stop),
          row_of_replica_set(Phase::restoring, Fault::target_agent_killed, Strategy::stop),
          row_of_adoption(Fault::api_server_restarted, Strategy::stop),
          row_of_adoption(Fault::leader_killed, Strategy::live)};
}

std::optional<Phase> held_before(const Row& row) {
  if (row.fault == Fault::restore_fails || row.at_adoption) return std::nullopt;
  const bool comes_back = row.of_set && !row.in_return && row.strategy == Strategy::live;
  switch (row.phase) {
    case Phase::placing:
      // A placeholder, of which no agent hears. What is to be restored has to be prepared for by the target's.
      if (row.of_set && !row.in_return && row.strategy != Strategy::live) return Phase::orphaning;
      return std::nullopt;
    case Phase::orphaning:
      return row.strategy == Strategy::stop ? Phase::freezing : Phase::mirroring;
    case Phase::finishing:
      return comes_back ? Phase::returning : Phase::succeeded;
    default:
      return std::nullopt;
  }
}

std::vector<Phase> allowed_ends(const Row& row) {
  if (row.in_return) return {Phase::succeeded};  // it is tried until it is done
  // Where every repeat finds the same damage, no memory ever ran, and the source, which still exists, runs again.
  if (row.fault == Fault::restore_fails && row.phase == Phase::restoring) return {Phase::succeeded, Phase::rolled_back};
  if (is_after_commit(row.phase)) return {Phase::succeeded};
  // The order to commit is on its way: the source's record decides.
  if (row.phase == Phase::committing) return {Phase::rolled_back, Phase::succeeded};
  if (row.fault == Fault::abort || row.fault == Fault::target_deleted || row.fault == Fault::restore_fails)
    return {Phase::rolled_back};
  return {Phase::rolled_back, Phase::succeeded};
}

}  // namespace harness
