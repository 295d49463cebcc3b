// Text that others wrote, made fit for our terminal.
#pragma once

#include <string>
#include <string_view>

namespace migrate {

// Without what steers a terminal: escape sequences and control characters (C0 but tab and newline, DEL, C1) are
// dropped, the words between them stay.
[[nodiscard]] std::string without_terminal_controls(std::string_view text);

}  // namespace migrate
