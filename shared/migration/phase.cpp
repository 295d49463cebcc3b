#include "shared/migration/phase.h"

#include "shared/migration/words.h"

namespace migrate {
namespace {

constexpr std::array<Word<Phase>, 26> kPhases{{{Phase::pending, "Pending"},
                                               {Phase::preparing, "Preparing"},
                                               {Phase::placing, "Placing"},
                                               {Phase::orphaning, "Orphaning"},
                                               {Phase::mirroring, "Mirroring"},
                                               {Phase::freezing, "Freezing"},
                                               {Phase::checkpointing, "Checkpointing"},
                                               {Phase::transferring, "Transferring"},
                                               {Phase::shadowing, "Shadowing"},
                                               {Phase::replaying, "Replaying"},
                                               {Phase::draining, "Draining"},
                                               {Phase::committing, "Committing"},
                                               {Phase::renaming, "Renaming"},
                                               {Phase::attaching, "Attaching"},
                                               {Phase::restoring, "Restoring"},
                                               {Phase::repeating, "Repeating"},
                                               {Phase::switching, "Switching"},
                                               {Phase::finishing, "Finishing"},
                                               {Phase::returning, "Returning"},
                                               {Phase::rolling_back, "RollingBack"},
                                               {Phase::in_doubt, "InDoubt"},
                                               {Phase::succeeded, "Succeeded"},
                                               {Phase::rolled_back, "RolledBack"},
                                               {Phase::refused, "Refused"},
                                               {Phase::planned, "Planned"},
                                               {Phase::failed, "Failed"}}};

}  // namespace

std::string_view to_string(Phase phase) {
  return word_of(phase, kPhases);
}

std::optional<Phase> phase_from(std::string_view text) {
  return value_of(text, kPhases);
}

std::vector<Phase> all_phases() {
  std::vector<Phase> all;
  all.reserve(kPhases.size());
  for (const auto& word : kPhases)
    all.push_back(word.value);
  return all;
}

bool is_final(Phase phase) {
  switch (phase) {
    case Phase::succeeded:
    case Phase::rolled_back:
    case Phase::refused:
    case Phase::planned:
    case Phase::failed:
      return true;
    default:
      return false;
  }
}

bool is_after_commit(Phase phase) {
  switch (phase) {
    case Phase::renaming:
    case Phase::attaching:
    case Phase::restoring:
    case Phase::repeating:
    case Phase::switching:
    case Phase::finishing:
    case Phase::returning:
    case Phase::in_doubt:
    case Phase::succeeded:
    case Phase::failed:
      return true;
    default:
      return false;
  }
}

}  // namespace migrate
