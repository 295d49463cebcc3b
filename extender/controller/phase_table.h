// What follows what: the protocol of a migration as one table. Pure; the steps' work is elsewhere (steps.h).
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "shared/migration/phase.h"

namespace migrate::controller {

// What a phase's work came to.
enum class Event {
  done,                // the next phase may begin
  too_late,            // the source's record says that it was committed
  name_is_taken,       // the same, or done, and the source Pod's name has to be freed for the target
  refused,             // it must not be done
  failed,              // it was tried and did not work
  aborted,             // a person does not want it any more
  deadline,            // the time is over
  never_ran,           // the target's agent is sure that no memory ran there, and none will
  unsure,              // memory may have run there
  source_decided,      // a person: go on with the source
  target_decided,      // a person: the target runs
  checkpoint_decided,  // a person: restore from the archives once more
  left,                // nothing: the work goes to the next leader, or to nobody when the object is gone
};

[[nodiscard]] std::string_view to_string(Event event);

struct Transition {
  Phase from;
  Event event;
  Phase to;
};

// All there are. What is not in it cannot happen: next_phase answers nothing.
[[nodiscard]] const std::vector<Transition>& phase_table();
[[nodiscard]] std::optional<Phase> next_phase(Phase from, Event event);

}  // namespace migrate::controller
