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

// `head` and the text behind it, broken between words into lines of at most `width` characters where that is possible;
// later lines stand as far to the right as the first one's text. A no-break space is no such place, so that a command
// stays in one piece; it becomes a space.
[[nodiscard]] std::vector<std::string> wrapped(std::string_view head, std::string_view text, std::size_t width);

// With no-break spaces.
[[nodiscard]] std::string in_one_piece(std::string_view text);

}  // namespace migrate::plugin
