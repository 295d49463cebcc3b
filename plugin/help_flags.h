// The part of a command's help about its flags. Internal to help.h.
#pragma once

#include <string>

#include "plugin/flags.h"

namespace migrate::plugin {

// Each as kubectl prints it, below titles, with an empty line behind each; without those that every command has.
[[nodiscard]] std::string flags_help(Verb verb);

}  // namespace migrate::plugin
