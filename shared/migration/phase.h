// Where a Migration stands. Everything up to and with Committing can be taken back; after it, only forward.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

namespace migrate {

enum class Phase {
  pending,        // recorded; nobody has begun
  preparing,      // looked at, forecast, refused or accepted; nothing is touched
  placing,        // the target Pod (or, for a name to keep, a placeholder) is made and placed, and waits
  orphaning,      // a StatefulSet's Pod is lent to the Migration, and its name is held
  mirroring,      // a mirror of the queue is bound, and waits until it holds all that the source has not handled
  freezing,       // the source's containers are paused, its consumers' connections closed, the mirror is unbound
  checkpointing,  // memory and changed files become archives on the source's node
  transferring,   // the target's agent pulls them
  shadowing,      // a shadow is restored beside the running source; it takes from the mirror only
  replaying,      // the shadow catches up, until it has or the cutoff has come
  draining,       // the source is frozen: the shadow handles the rest of the mirror, which is finite
  committing,     // the source's agent writes down, durably, that the source never runs again
  renaming,       // the real target takes its placeholder's room; for a name to keep the source Pod is removed before
  attaching,      // a volume for one node at a time leaves the source's node and comes to the target's
  restoring,      // the target is released, until its containers run
  repeating,      // a restore that never ran anything is set up anew from the archives
  switching,      // the mirror is empty: the target goes over to the queue itself
  finishing,      // the source is removed, archives and marks go, the account is made
  returning,      // for a name to keep by a live migration: a second hop, from the shadow into the name
  rolling_back,   // the source is thawed, the target removed
  in_doubt,       // whether memory has run cannot be found out: a person decides
  succeeded,
  rolled_back,  // the source runs as before
  refused,      // nothing was begun
  planned,      // a dry run: nothing was begun, and nothing speaks against it
  failed,       // after the commit, and nothing can be repeated any more
};

// As in status.phase and on screens: "RollingBack".
[[nodiscard]] std::string_view to_string(Phase phase);
[[nodiscard]] std::optional<Phase> phase_from(std::string_view text);
// In the order above.
[[nodiscard]] std::vector<Phase> all_phases();
// No step follows.
[[nodiscard]] bool is_final(Phase phase);
// The source is committed: it never runs again by itself.
[[nodiscard]] bool is_after_commit(Phase phase);

}  // namespace migrate
