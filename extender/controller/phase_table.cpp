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
    case Event::refused:
      return "refused";
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

      {P::preparing,     E::done,               P::placing},
      {P::preparing,     E::refused,            P::refused},
      {P::preparing,     E::failed,             P::rolling_back},
      {P::preparing,     E::aborted,            P::rolling_back},
      {P::preparing,     E::deadline,           P::rolling_back},

      {P::placing,       E::done,               P::freezing},
      {P::placing,       E::refused,            P::rolling_back},
      {P::placing,       E::failed,             P::rolling_back},
      {P::placing,       E::aborted,            P::rolling_back},
      {P::placing,       E::deadline,           P::rolling_back},

      {P::freezing,      E::done,               P::checkpointing},
      {P::freezing,      E::failed,             P::rolling_back},
      {P::freezing,      E::aborted,            P::rolling_back},
      {P::freezing,      E::deadline,           P::rolling_back},

      {P::checkpointing, E::done,               P::transferring},
      {P::checkpointing, E::failed,             P::rolling_back},
      {P::checkpointing, E::aborted,            P::rolling_back},
      {P::checkpointing, E::deadline,           P::rolling_back},

      {P::transferring,  E::done,               P::committing},
      {P::transferring,  E::failed,             P::rolling_back},
      {P::transferring,  E::aborted,            P::rolling_back},
      {P::transferring,  E::deadline,           P::rolling_back},

      {P::committing,    E::done,               P::restoring},
      {P::committing,    E::name_is_taken,      P::renaming},
      {P::committing,    E::failed,             P::rolling_back},
      {P::committing,    E::aborted,            P::rolling_back},
      {P::committing,    E::deadline,           P::rolling_back},

      // The source's record decides: when it was committed after all, there is no way back.
      {P::rolling_back,  E::done,               P::rolled_back},
      {P::rolling_back,  E::too_late,           P::restoring},
      {P::rolling_back,  E::name_is_taken,      P::renaming},
      {P::rolling_back,  E::failed,             P::failed},

      // ---- committed ----
      {P::renaming,      E::done,               P::restoring},
      {P::renaming,      E::failed,             P::repeating},

      {P::restoring,     E::done,               P::finishing},
      {P::restoring,     E::never_ran,          P::repeating},
      {P::restoring,     E::unsure,             P::in_doubt},

      // never_ran: attempts are used up, the target's agent is sure, and the source Pod is still there.
      {P::repeating,     E::done,               P::restoring},
      {P::repeating,     E::failed,             P::repeating},
      {P::repeating,     E::never_ran,          P::rolling_back},
      {P::repeating,     E::unsure,             P::in_doubt},

      {P::in_doubt,      E::done,               P::finishing},
      {P::in_doubt,      E::never_ran,          P::repeating},
      {P::in_doubt,      E::source_decided,     P::rolling_back},
      {P::in_doubt,      E::target_decided,     P::finishing},
      {P::in_doubt,      E::checkpoint_decided, P::repeating},

      {P::finishing,     E::done,               P::succeeded},
      // clang-format on
  };
  return kTable;
}

std::optional<Phase> next_phase(Phase from, Event event) {
  const auto& table = phase_table();
  const auto found = std::find_if(table.begin(), table.end(),
                                  [&](const Transition& one) { return one.from == from && one.event == event; });
  if (found == table.end()) return std::nullopt;
  return found->to;
}

}  // namespace migrate::controller
