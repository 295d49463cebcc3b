// Quantities and texts as they stand on a screen. Pure.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "shared/base/bytes_text.h"

namespace migrate::plugin {

// "0.812 s", "12.3 s", "3 m 20 s", "2 h 5 m"; below zero as zero (clocks differ).
[[nodiscard]] std::string duration_text(std::chrono::microseconds span);
// As kubectl's AGE column: "12s", "3m12s", "4h", "5d".
[[nodiscard]] std::string age_text(std::chrono::microseconds span);
// "12:00:01.234" in the time zone that is `offset` east of UTC.
[[nodiscard]] std::string clock_text(Instant instant, std::chrono::seconds offset);

// On one line, without what steers a terminal, and at most `width` characters (UTF-8), the last ones "..." when it was
// longer.
[[nodiscard]] std::string one_line(std::string_view text);
[[nodiscard]] std::string elided(std::string_view text, std::size_t width);
[[nodiscard]] std::size_t characters(std::string_view text);
// "HEAD ONE, TWO, THREE", broken behind commas into lines of at most `width` characters where that is possible; later
// lines stand as far to the right as ONE. No parts: no lines.
[[nodiscard]] std::vector<std::string> listing(std::string_view head, const std::vector<std::string>& parts,
                                               std::size_t width);
// `head` and the text behind it, broken between words into lines of at most `width` characters where that is possible;
// later lines stand as far to the right as the first one's text. A no-break space is no such place, so that a command
// stays in one piece; it becomes a space.
[[nodiscard]] std::vector<std::string> wrapped(std::string_view head, std::string_view text, std::size_t width);
// With no-break spaces.
[[nodiscard]] std::string in_one_piece(std::string_view text);
// Without a head; no words: no lines.
[[nodiscard]] std::vector<std::string> wrapped(std::string_view text, std::size_t width);
// Filled up with spaces to `width` characters.
[[nodiscard]] std::string padded(std::string_view text, std::size_t width);

}  // namespace migrate::plugin
