// Base64 of RFC 4648, section 4: the alphabet with + and /, padded.
#pragma once

#include <string>
#include <string_view>

#include "shared/base/result.h"

namespace migrate {

[[nodiscard]] std::string to_base64(std::string_view bytes);

// Line breaks are skipped, as people wrap long values; anything else that does not belong is an error.
[[nodiscard]] Result<std::string> from_base64(std::string_view text);

}  // namespace migrate
