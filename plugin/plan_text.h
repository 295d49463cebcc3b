// What a dry run's answer says, for a person: how the Pod would move and how long it would take, or all that speaks
// against it. Pure.
#pragma once

#include <string>
#include <vector>

#include "shared/migration/migration.h"

namespace migrate::plugin {

// Strategy, forecast, the other strategies and the steps, in lines of at most `width` characters where that is
// possible.
[[nodiscard]] std::vector<std::string> plan_lines(const Migration& migration, std::size_t width);

// "gap 0.412 s, freeze 0.310 s, total 4.812 s": what is forecast, of the way chosen and of another one.
[[nodiscard]] std::string forecast_text(const MigrationStatus& status);
[[nodiscard]] std::string forecast_text(const Alternative& way);
// "0.300 s to 0.800 s"
[[nodiscard]] std::string range_text(const Range& range);

// Of one that is not Planned: each reason with its message and where to read on, without a line end.
[[nodiscard]] std::string against_text(const Migration& migration);

// All refusals; of a controller that tells none, the one of its reason and message.
[[nodiscard]] std::vector<RefusalNote> refusals_of(const MigrationStatus& status);

}  // namespace migrate::plugin
