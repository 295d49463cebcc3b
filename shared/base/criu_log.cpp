#include "shared/base/criu_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>

namespace migrate {

std::string telling_lines(const std::string& criu_log) {
  constexpr std::size_t most = 5;
  std::deque<std::string> errors, any;
  for (std::size_t begin = 0; begin < criu_log.size();) {
    const std::size_t end = std::min(criu_log.find('\n', begin), criu_log.size());
    const std::string line = criu_log.substr(begin, end - begin);
    begin = end + 1;
    if (line.empty()) continue;
    for (auto* kept : {&errors, &any}) {
      if (kept == &errors && line.find("Error (") == std::string::npos) continue;
      kept->push_back(line);
      if (kept->size() > most) kept->pop_front();
    }
  }
  return fmt::format("{}", fmt::join(errors.empty() ? any : errors, "; "));
}

}  // namespace migrate
