// CRIU's log of what failed, told in the agent's own: the file goes with its migration, and nobody but root on the node
// could read it. `kubectl migrate support-bundle` puts it together again (shared/support/criu_texts.h).
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "shared/log/log.h"

namespace migrate::agent {

// The last lines of `text`, 48 KiB of them at most, in pieces that end with a line where that is possible. A runtime
// parts longer lines of a log than 16 KiB, and a field's quotes and escapes need room. Pure.
[[nodiscard]] std::vector<std::string> criu_log_parts(std::string_view text);

// What lies at `file`, as lines at level info with `about` and the fields "file", "part" ("1/3") and "criuLog". Nothing
// where there is no file.
void tell_criu_log(Log& log, const std::filesystem::path& file, const LogFields& about);

}  // namespace migrate::agent
