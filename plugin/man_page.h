// The manual page kubectl-migrate(1), in man(7) macros, from the same tables as --help. Pure.
#pragma once

#include <string>
#include <string_view>

namespace migrate::plugin {

// Prints it: not for people, so no help tells of it. No Pod can have the name.
inline constexpr std::string_view kManCommand = "__man";

[[nodiscard]] std::string man_page();

}  // namespace migrate::plugin
