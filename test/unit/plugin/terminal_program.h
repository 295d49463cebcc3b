// A program at a terminal of some width: a pseudo-terminal is what it writes to.
#pragma once

#include <string>
#include <vector>

namespace migrate::test {

struct AtTerminal {
  std::string bytes;  // all that came, standard output and error as they mixed
  int code = 0;       // 128 and the signal's number where one ended it
};

// Nothing is there to be read by it. Throws when it cannot be started, or does not end within half a minute.
[[nodiscard]] AtTerminal run_at_terminal(const std::vector<std::string>& words,
                                         const std::vector<std::string>& environment, unsigned short columns);

}  // namespace migrate::test
