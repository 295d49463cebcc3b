// What --help prints: kubectl's layout. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "plugin/flags.h"

namespace migrate::plugin {

// The whole when `about` is unset; at most 80 columns.
[[nodiscard]] std::string help_text(std::optional<Verb> about);
// Lines about the options that every command has.
[[nodiscard]] std::string_view global_options();

}  // namespace migrate::plugin
