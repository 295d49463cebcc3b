// Rows of words, and sentences, on a screen of some width. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace migrate::plugin {

using TableRow = std::vector<std::string>;

// The columns below each other; every row has as many, and there is one. What is wider than `width` goes on in a table
// below, with the first column again.
[[nodiscard]] std::vector<std::string> table(const std::vector<TableRow>& rows, std::size_t width);

}  // namespace migrate::plugin
