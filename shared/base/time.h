// RFC 3339 as Kubernetes writes it: metav1.Time has whole seconds, metav1.MicroTime six digits of them.
#pragma once

#include <string>
#include <string_view>

#include "shared/base/result.h"
#include "shared/base/units.h"

namespace migrate {

// Any RFC 3339 time with any offset; digits beyond microseconds are cut off. Leap seconds are refused, as Go does.
[[nodiscard]] Result<Instant> parse_rfc3339(std::string_view text);

// In UTC with six digits of a second, which both MicroTime and Time fields take. For years 0 to 9999.
[[nodiscard]] std::string to_rfc3339(Instant instant);

}  // namespace migrate
