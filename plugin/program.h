// The whole program but its main: from what was typed to an exit code.
#pragma once

#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

#include "plugin/arguments.h"
#include "plugin/io.h"

namespace migrate::plugin {

class BrokerWay;

// With the process's own streams, environment, clock and cluster. `program` is argv[0], after which it calls itself.
[[nodiscard]] int run(std::string_view program, const std::vector<std::string>& arguments);

// One command against a cluster; for everything but help and completion.
[[nodiscard]] int run_command(const Session& session, const Options& options, BrokerWay& way);

// Colours only on a terminal, unless NO_COLOR is set (no-color.org) or the terminal is a dumb one, whose cursor cannot
// be moved either.
[[nodiscard]] Sink sink_for(std::ostream& stream, bool is_terminal, const Environment& environment);
// By the locale that counts for characters.
[[nodiscard]] bool shows_unicode(const Environment& environment);

}  // namespace migrate::plugin
