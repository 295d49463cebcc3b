#include "node/runtime/process.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "node/runtime/files.h"

namespace migrate::runtime {
namespace {

namespace fs = std::filesystem;

// Made before a fork: a child of it may not allocate.
class Arguments {
 public:
  explicit Arguments(const std::vector<std::string>& words) : words_(words) {
    words_.insert(words_.begin(), "runc");
    for (std::string& word : words_)
      pointers_.push_back(word.data());
    pointers_.push_back(nullptr);
  }
  [[nodiscard]] char* const* get() const { return pointers_.data(); }

 private:
  std::vector<std::string> words_;
  std::vector<char*> pointers_;
};

bool is_program(const fs::path& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) && ::access(path.c_str(), X_OK) == 0;
}

}  // namespace

Result<fs::path> find_runc(const fs::path& configured, const std::string& path_variable, const fs::path& self) {
  std::error_code ignored;
  if (!configured.empty()) {
    if (!is_program(configured))
      return failure(fmt::format("run {}: it is not a program; correct runc in the settings", configured.string()));
    if (fs::equivalent(configured, self, ignored))
      return failure(
          fmt::format("run {}: that is migrate-runc itself; name the real runc in the settings", configured.string()));
    return configured;
  }
  for (std::size_t begin = 0; begin <= path_variable.size();) {
    const std::size_t end = std::min(path_variable.find(':', begin), path_variable.size());
    const fs::path candidate = fs::path(path_variable.substr(begin, end - begin)) / "runc";
    begin = end + 1;
    if (candidate.is_absolute() && is_program(candidate) && !fs::equivalent(candidate, self, ignored)) return candidate;
  }
  return failure(fmt::format("find runc: it is in no folder of PATH ({}); name it in the settings", path_variable));
}

Error become(const Runc& runc, const std::vector<std::string>& words) {
  const Arguments arguments{words};
  ::sigaction(SIGPIPE, &runc.broken_pipe, nullptr);
  ::execv(runc.path.c_str(), arguments.get());
  return {fmt::format("run {}: {}", runc.path.string(), reason())};
}

Result<int> run_and_wait(const Runc& runc, const std::vector<std::string>& words) {
  const Arguments arguments{words};
  const pid_t child = ::fork();
  if (child < 0) return failure(fmt::format("start {}: {}", runc.path.string(), reason()));
  if (child == 0) {
    ::sigaction(SIGPIPE, &runc.broken_pipe, nullptr);
    ::execv(runc.path.c_str(), arguments.get());
    ::_exit(127);
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0)
    if (errno != EINTR) return failure(fmt::format("wait for {}: {}", runc.path.string(), reason()));
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace migrate::runtime
