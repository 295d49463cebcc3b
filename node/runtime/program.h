// migrate-runc: everything is runc's, but `create` of a container that is to be restored, and the `start` and `state`
// after it.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "node/runtime/process.h"

namespace migrate::runtime {

// What main found out about its surroundings.
struct Surroundings {
  std::filesystem::path settings;   // the file; absent: defaults
  std::filesystem::path self;       // this program
  std::string path_variable;        // PATH
  struct sigaction broken_pipe {};  // as it was at start
};

// The exit code; in most cases it does not return, as the process becomes runc.
[[nodiscard]] int run(const std::vector<std::string>& arguments, const Surroundings& surroundings);

}  // namespace migrate::runtime
