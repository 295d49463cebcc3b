// Comma-separated values as RFC 4180 has them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "shared/base/result.h"

namespace evaluation {

using Fields = std::vector<std::string>;

// One line with its end. What has a comma, a quotation mark or a line's end in it is quoted.
[[nodiscard]] std::string csv_line(const Fields& fields);

// All lines; the last one needs no end. An error names the line where a quotation does not end, or goes on behind its
// end.
[[nodiscard]] migrate::Result<std::vector<Fields>> parse_csv(std::string_view text);

}  // namespace evaluation
