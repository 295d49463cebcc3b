#include "extender/controller/phase_table.h"

#include <algorithm>

namespace migrate::controller {

std::string_view to_string(Event event) {
  switch (event) {
    case Event::done:
      return "done";
    case Event::too_late:
      return "too late";
    case Event::name_is_taken:
      return "name is taken";
    case Event::set_owns:
      return "set owns";
    case Event::volumes_move:
      return "volumes move";
    case Event::refused:
      return "refused";
    case Event::planned:
      return "planned";
    case Event::failed:
      return "failed";
    case Event::aborted:
      return "aborted";
    case Event::deadline:
      return "deadline";
    case Event::never_ran:
      return "never ran";
    case Event::unsure:
      return "unsure";
    case Event::source_decided:
      return "source decided";
    case Event::target_decided:
      return "target decided";
    case Event::checkpoint_decided:
      return "checkpoint decided";
    case Event::left:
      return "left";
  }
  return "unknown";
}

const std::vector<Transition>& phase_table() {
  using P = Phase;
  using E = Event;
  static const std::vector<Transition> kTable{
      // clang-format off
      {P::pending,       E::done,               P::preparing},
      {P::pending,       E::aborted,            P::rolling_back},
      {P::pending,       E::refused,            P::refused},

      {P::preparing,     E::done,               P::placing},
      {P::preparing,     E::refused,            P::refused},
      {P::preparing,     E::planned,            P::planned},
      {P::preparing,     E::failed,             P::rolling_back},
      {P::preparing,     E::aborted,            P::rolling_back},
      {P::preparing,     E::deadline,           P::rolling_back},

      {P::placing,       E::done,               P::freezing,      kStop},
      {P::placing,       E::done,               P::mirroring,     kReplay},
      {P::placing,       E::set_owns,           P::orphaning},
      {P::placing,       E::refused,            P::rolling_back},
      {P::placing,       E::failed,             P::rolling_back},
      {P::placing,       E::aborted,            P::rolling_back},
      {P::placing,       E::deadline,           P::rolling_back},

      {P::orphaning,     E::done,               P::freezing,      kStop},
      {P::orphaning,     E::done,               P::mirroring,     kReplay},
      {P::orphaning,     E::failed,             P::rolling_back},
      {P::orphaning,     E::aborted,            P::rolling_back},
      {P::orphaning,     E::deadline,           P::rolling_back},

      {P::mirroring,     E::done,               P::checkpointing, kReplay},
      {P::mirroring,     E::refused,            P::rolling_back,  kReplay},
      {P::mirroring,     E::failed,             P::rolling_back,  kReplay},
      {P::mirroring,     E::aborted,            P::rolling_back,  kReplay},
      {P::mirroring,     E::deadline,           P::rolling_back,  kReplay},

      {P::checkpointing, E::done,               P::transferring},
      {P::checkpointing, E::failed,             P::rolling_back},
      {P::checkpointing, E::aborted,            P::rolling_back},
      {P::checkpointing, E::deadline,           P::rolling_back},

      {P::transferring,  E::done,               P::committing,    kStop},
      {P::transferring,  E::done,               P::shadowing,     kLive},
      {P::transferring,  E::done,               P::freezing,      kSequential},
      {P::transferring,  E::failed,             P::rolling_back},
      {P::transferring,  E::aborted,            P::rolling_back},
      {P::transferring,  E::deadline,           P::rolling_back},

      // The shadow runs before the commit: it takes from the mirror alone and publishes nothing, so it may be given up.
      {P::shadowing,     E::done,               P::replaying,     kLive},
      {P::shadowing,     E::failed,             P::rolling_back,  kLive},
      {P::shadowing,     E::aborted,            P::rolling_back,  kLive},
      {P::shadowing,     E::deadline,           P::rolling_back,  kLive},

      {P::replaying,     E::done,               P::freezing,      kLive},
      {P::replaying,     E::failed,             P::rolling_back,  kLive},
      {P::replaying,     E::aborted,            P::rolling_back,  kLive},
      {P::replaying,     E::deadline,           P::rolling_back,  kLive},

      {P::freezing,      E::done,               P::checkpointing, kStop},
      {P::freezing,      E::done,               P::draining,      kLive},
      {P::freezing,      E::done,               P::committing,    kSequential},
      {P::freezing,      E::failed,             P::rolling_back},
      {P::freezing,      E::aborted,            P::rolling_back},
      {P::freezing,      E::deadline,           P::rolling_back},

      {P::draining,      E::done,               P::committing,    kLive},
      {P::draining,      E::failed,             P::rolling_back,  kLive},
      {P::draining,      E::aborted,            P::rolling_back,  kLive},
      {P::draining,      E::deadline,           P::rolling_back,  kLive},

      {P::committing,    E::done,               P::restoring,     kStop | kSequential},
      {P::committing,    E::done,               P::switching,     kLive},
      {P::committing,    E::name_is_taken,      P::renaming,      kStop | kSequential},
      {P::committing,    E::failed,             P::rolling_back},
      {P::committing,    E::aborted,            P::rolling_back},
      {P::committing,    E::deadline,           P::rolling_back},

      // The source's record decides: when it was committed after all, there is no way back.
      {P::rolling_back,  E::done,               P::rolled_back},
      {P::rolling_back,  E::too_late,           P::restoring,     kStop | kSequential},
      {P::rolling_back,  E::too_late,           P::switching,     kLive},
      {P::rolling_back,  E::name_is_taken,      P::renaming,      kStop | kSequential},
      // The source ended while the target was removed for it: nothing is left, or archives are.
      {P::rolling_back,  E::failed,             P::failed,        kLive},
      {P::rolling_back,  E::unsure,             P::in_doubt,      kStop | kSequential},

      // ---- committed ----
      {P::renaming,      E::done,               P::restoring,     kStop | kSequential},
      {P::renaming,      E::failed,             P::repeating,     kStop | kSequential},
      // Its disk is only as new as its memory when nothing was written meanwhile: with volumes it is always Stop.
      {P::renaming,      E::volumes_move,       P::attaching,     kStop},

      {P::attaching,     E::done,               P::restoring,     kStop},
      {P::attaching,     E::failed,             P::repeating,     kStop},

      {P::restoring,     E::done,               P::finishing,     kStop},
      {P::restoring,     E::done,               P::switching,     kSequential},
      {P::restoring,     E::never_ran,          P::repeating,     kStop | kSequential},
      {P::restoring,     E::unsure,             P::in_doubt,      kStop | kSequential},

      // never_ran: attempts are used up, the target's agent is sure, and the source Pod is still there.
      {P::repeating,     E::done,               P::restoring,     kStop | kSequential},
      {P::repeating,     E::volumes_move,       P::attaching,     kStop},
      {P::repeating,     E::failed,             P::repeating,     kStop | kSequential},
      {P::repeating,     E::never_ran,          P::rolling_back,  kStop | kSequential},
      {P::repeating,     E::unsure,             P::in_doubt,      kStop | kSequential},

      {P::in_doubt,      E::done,               P::finishing,     kStop},
      {P::in_doubt,      E::done,               P::switching,     kSequential},
      {P::in_doubt,      E::never_ran,          P::repeating,     kStop | kSequential},
      {P::in_doubt,      E::source_decided,     P::rolling_back},
      {P::in_doubt,      E::target_decided,     P::finishing,     kStop},
      {P::in_doubt,      E::target_decided,     P::switching,     kReplay},
      {P::in_doubt,      E::checkpoint_decided, P::repeating,     kStop | kSequential},
      // Nothing is left to be decided: a live migration has no archive of what was replayed, and any other one's may be
      // gone with their nodes.
      {P::in_doubt,      E::failed,             P::failed},

      // What was replayed is in the target's memory alone. When that is lost now, a live migration's source is frozen
      // still and has all that it had not handled in its own queue. A sequential one has the memory of its checkpoint in
      // the archives, and in the mirror what nobody has taken: it never fails here, as both would go with it.
      {P::switching,     E::unsure,             P::in_doubt,      kReplay},
      {P::switching,     E::done,               P::finishing,     kReplay},
      {P::switching,     E::failed,             P::failed,        kLive},

      {P::finishing,     E::done,               P::succeeded},
      // A ReplicaSet has told the target to end where it should have been the source, which is frozen still.
      {P::finishing,     E::unsure,             P::in_doubt},
      // The shadow works and is what was asked for; the name is the second hop's, whatever becomes of it.
      {P::finishing,     E::name_is_taken,      P::returning,     kLive},
      {P::returning,     E::done,               P::succeeded,     kLive},
      // clang-format on
  };
  return kTable;
}

bool holds_for(const Transition& row, Strategy strategy) {
  switch (strategy) {
    case Strategy::automatic:
      return row.ways == kAll;
    case Strategy::stop:
      return (row.ways & kStop) != 0;
    case Strategy::live:
      return (row.ways & kLive) != 0;
    case Strategy::sequential:
      return (row.ways & kSequential) != 0;
  }
  return false;
}

std::optional<Phase> next_phase(Phase from, Event event, Strategy strategy) {
  const auto& table = phase_table();
  const auto found = std::find_if(table.begin(), table.end(), [&](const Transition& one) {
    return one.from == from && one.event == event && holds_for(one, strategy);
  });
  if (found == table.end()) return std::nullopt;
  return found->to;
}

}  // namespace migrate::controller
