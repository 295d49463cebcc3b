// What follows what: the protocol of a migration as one table. Pure; the steps' work is elsewhere (steps.h).
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "shared/migration/migration.h"

namespace migrate::controller {

// What a phase's work came to.
enum class Event {
  done,                // the next phase may begin
  too_late,            // the source's record says that it was committed
  name_is_taken,       // the same, or done, and the target Pod is yet to be made in the place of its placeholder
  set_owns,            // done, and the source is a StatefulSet's
  volumes_move,        // done, and volumes come after
  refused,             // it must not be done
  planned,             // done, and that is all that a dry run does
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

// Strategies in which a row holds.
enum Ways : unsigned { kStop = 1, kLive = 2, kSequential = 4, kReplay = kLive | kSequential, kAll = kStop | kReplay };

struct Transition {
  Phase from;
  Event event;
  Phase to;
  unsigned ways = kAll;
};

// All there are. What is not in it cannot happen: next_phase answers nothing.
[[nodiscard]] const std::vector<Transition>& phase_table();
// `strategy` is the one that was chosen; before that (automatic) only rows of all strategies count.
[[nodiscard]] std::optional<Phase> next_phase(Phase from, Event event, Strategy strategy);
[[nodiscard]] bool holds_for(const Transition& row, Strategy strategy);

}  // namespace migrate::controller
