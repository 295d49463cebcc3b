// The part of a command's help about its flags. Internal to help.h.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "plugin/flags.h"

namespace migrate::plugin {

struct FlagHelp {
  std::string_view title;  // of the part of the page it stands in
  const Flag* flag = nullptr;
  std::string_view otherwise;  // as kubectl shows a default
  std::string text;
};

// In the order of the page, without those that every command has.
[[nodiscard]] std::vector<FlagHelp> flag_helps(Verb verb);

// Each as kubectl prints it, below titles, with an empty line behind each; without those that every command has.
[[nodiscard]] std::string flags_help(Verb verb);

}  // namespace migrate::plugin
