// What each command's help says beside its flags. Internal to help.h.
#pragma once

#include <string_view>

#include "plugin/flags.h"

namespace migrate::plugin {

struct HelpText {
  std::string_view summary;  // for the list of commands
  std::string_view what;
  std::string_view examples;  // each a comment and the lines below it
  std::string_view usage;     // lines; "[options]" is added to the last one
  std::string_view more = {};
};

// Of everything that follows a migration.
inline constexpr std::string_view kMigrationExitCodes =
    R"(Exit codes:
  0 done   1 failed   2 usage   3 refused, nothing was touched   4 rolled back
  5 rolled back because the time was over   6 in doubt   130 detached by Ctrl-C
)";

[[nodiscard]] const HelpText& help_text_of(Verb verb);

}  // namespace migrate::plugin
