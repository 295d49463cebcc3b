// Text made fit for people, and what others wrote for their terminals or with more blanks than it takes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace migrate {

// Without what steers a terminal: escape sequences and control characters (C0 but tab and newline, DEL, C1) are
// dropped, the words between them stay.
[[nodiscard]] std::string without_terminal_controls(std::string_view text);

// Without the blanks and line ends around it; a piece of `text`.
[[nodiscard]] std::string_view trimmed(std::string_view text);

// Its first `bytes` at most, and no part of a character: what is cut within one is no UTF-8 any more, and a JSON writer
// may throw at it.
[[nodiscard]] std::string shortened(std::string_view text, std::size_t bytes);

// "a, b, c and 9 more": the first `most`, and no "and 1 more".
[[nodiscard]] std::string some_of(const std::vector<std::string>& words, std::size_t most);

}  // namespace migrate
