// CRIU's logs, for people.
#pragma once

#include <string>

namespace migrate {

// The last lines of CRIU's log that tell why it failed; the last ones of any kind when none does.
[[nodiscard]] std::string telling_lines(const std::string& criu_log);

}  // namespace migrate
