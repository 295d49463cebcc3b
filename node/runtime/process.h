// Becoming runc, and running it as a child with our own streams.
#pragma once

#include <csignal>
#include <filesystem>
#include <string>
#include <vector>

#include "shared/base/result.h"

namespace migrate::runtime {

// runc's path and what it shall find of its surroundings as we found them.
struct Runc {
  std::filesystem::path path;
  struct sigaction broken_pipe {};  // SIGPIPE as it was before we ignored it for ourselves
};

// `configured` if not empty, else the first runc on PATH. Never `self`, under whatever name: we would call ourselves
// for good where we are installed as runc.
[[nodiscard]] Result<std::filesystem::path> find_runc(const std::filesystem::path& configured,
                                                      const std::string& path_variable,
                                                      const std::filesystem::path& self);

// Replaces this process; returns only when that failed.
[[nodiscard]] Error become(const Runc& runc, const std::vector<std::string>& words);

// Its exit code; 128 + signal when one ended it.
[[nodiscard]] Result<int> run_and_wait(const Runc& runc, const std::vector<std::string>& words);

}  // namespace migrate::runtime
