#include <fmt/format.h>

#include <algorithm>

#include "test/e2e/faults.h"

namespace harness {
namespace {

using migrate::Phase;

constexpr Phase kSteps[] = {Phase::preparing,     Phase::placing,      Phase::freezing,
                            Phase::checkpointing, Phase::transferring, Phase::committing,
                            Phase::renaming,      Phase::restoring,    Phase::finishing};
constexpr Fault kFaults[] = {Fault::abort,
                             Fault::leader_killed,
                             Fault::leader_slept,
                             Fault::source_agent_killed,
                             Fault::target_agent_killed,
                             Fault::target_deleted,
                             Fault::restore_fails};

bool can_happen(const Row& row) {
  if (row.fault == Fault::restore_fails) return row.phase == Phase::restoring;
  // Before it is made there is none; in the end it is the application's Pod, and whoever deletes that wants it.
  if (row.fault == Fault::target_deleted) return row.phase != Phase::preparing && row.phase != Phase::finishing;
  return true;
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
  }
  return "unknown";
}

std::string to_string(const Row& row) {
  return fmt::format("{} x {}", migrate::to_string(row.phase), to_string(row.fault));
}

std::vector<Row> all_rows() {
  std::vector<Row> rows;
  for (const Phase phase : kSteps)
    for (const Fault fault : kFaults)
      if (can_happen({phase, fault})) rows.push_back({phase, fault});
  return rows;
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

std::vector<Phase> allowed_ends(const Row& row) {
  // Where every repeat finds the same damage, no memory ever ran, and the source, which still exists, runs again.
  if (row.fault == Fault::restore_fails) return {Phase::succeeded, Phase::rolled_back};
  if (row.phase >= Phase::renaming) return {Phase::succeeded};
  // The order to commit is on its way: the source's record decides.
  if (row.phase == Phase::committing) return {Phase::rolled_back, Phase::succeeded};
  if (row.fault == Fault::abort || row.fault == Fault::target_deleted) return {Phase::rolled_back};
  return {Phase::rolled_back, Phase::succeeded};
}

}  // namespace harness
