// What a transition does to the record, and what people are told of it. Pure but for the clock that is passed in.
#pragma once

#include <optional>
#include <string>

#include "extender/controller/outcome.h"
#include "shared/migration/migration.h"

namespace migrate::controller {

// Ends the step at work and begins the next one; phase, reasons, conditions, attempt and times with it.
void apply_transition(MigrationStatus& status, const Outcome& outcome, Phase next, Instant now);

// "on Event 'done', transition: 'Freezing' => 'Checkpointing'".
[[nodiscard]] std::string describe(Phase from, Event event, Phase to);

struct Announcement {
  bool is_warning = false;
  std::string reason;  // of a Kubernetes Event
  std::string message;
};
// Nothing for transitions that are nobody's concern.
[[nodiscard]] std::optional<Announcement> announcement(const Migration& migration, Phase from, const Outcome& outcome,
                                                       Phase to);

// "gap 1012 ms, frozen 640 ms, 120 MiB, 2603 ms in all".
[[nodiscard]] std::string account(const MigrationStatus& status);

}  // namespace migrate::controller
