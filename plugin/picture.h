// A Migration as it looks at one moment, drawn in lines; and what changed between two moments, told in lines. Pure.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "shared/migration/migration.h"

namespace migrate::plugin {

struct Style {
  std::size_t width = 80;  // characters a line may have
  bool colour = false;
  bool unicode = false;  // marks may be more than ASCII
};

// The steps that were, that is and that are to come, each with its state, duration and message.
[[nodiscard]] std::vector<std::string> picture(const Migration& migration, Instant now, const Style& style);

// What `now` has that `before` (null: nothing was seen yet) had not: "12:00:01.234 orders-x7k2p Freezing". Of steps
// that went by unseen each one, at its own time. Of a replay not each reading, but how it stands when a phase begins,
// and the cut.
[[nodiscard]] std::vector<std::string> changes(const Migration* before, const Migration& now, Instant time,
                                               std::chrono::seconds utc_offset);

}  // namespace migrate::plugin
