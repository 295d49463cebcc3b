// The way that a migration goes when nothing happens to it, from the phase table, and told phase by phase. Pure.
#pragma once

#include <string>
#include <vector>

#include "extender/controller/phase_table.h"

namespace migrate::controller {

// The target's containers are restored from images (spec.restore). Such a target is made only once its images are
// there, and a placeholder holds its room until then.
[[nodiscard]] bool is_by_image(const Migration& migration);
// So it is, too, where the name is still taken.
[[nodiscard]] bool has_placeholder(const Migration& migration);
// The target takes its placeholder's room behind the commit; a shadow does before.
[[nodiscard]] bool is_made_after_commit(const Migration& migration);

// What a phase's work comes to when it is done, by what the Pod is and what was asked for: `done`, or a way of it that
// leads elsewhere.
[[nodiscard]] Event usual_end(Phase phase, const Migration& migration);

// From Preparing to Finishing, or to what follows that.
[[nodiscard]] std::vector<Phase> planned_phases(const Migration& migration);

// Of a migration whose record has its source, strategy and forecast; `queue` is the one that is mirrored, or empty.
[[nodiscard]] Plan plan_of(const Migration& migration, const std::string& queue, const std::string& because);

}  // namespace migrate::controller
