#include "test/harness/background.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <stdexcept>

#include "test/temporary_folder.h"

namespace harness {
namespace {

// posix_spawn's attributes and file actions, freed with it.
class Spawning {
 public:
  explicit Spawning(const std::string& output) : errors_(output + ".errors") {
    ::posix_spawnattr_init(&attributes_);
    ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETPGROUP);
    ::posix_spawnattr_setpgroup(&attributes_, 0);
    ::posix_spawn_file_actions_init(&actions_);
    constexpr int kFlags = O_WRONLY | O_CREAT | O_TRUNC;
    ::posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_addopen(&actions_, STDOUT_FILENO, output.c_str(), kFlags, 0600);
    ::posix_spawn_file_actions_addopen(&actions_, STDERR_FILENO, errors_.c_str(), kFlags, 0600);
  }
  ~Spawning() {
    ::posix_spawnattr_destroy(&attributes_);
    ::posix_spawn_file_actions_destroy(&actions_);
  }
  Spawning(const Spawning&) = delete;
  Spawning& operator=(const Spawning&) = delete;

  pid_t run(const Words& argv) const {
    Words words = argv;
    std::vector<char*> pointers;
    pointers.reserve(words.size() + 1);
    for (std::string& word : words)
      pointers.push_back(word.data());
    pointers.push_back(nullptr);
    pid_t pid = -1;
    if (const int code = ::posix_spawnp(&pid, pointers.front(), &actions_, &attributes_, pointers.data(), environ))
      throw std::runtime_error(fmt::format("run {}: {}", argv.front(), std::strerror(code)));  // NOLINT
    return pid;
  }

 private:
  std::string errors_;
  ::posix_spawnattr_t attributes_{};
  ::posix_spawn_file_actions_t actions_{};
};

}  // namespace

Words cluster_words(const Words& words) {
  Words all{(source_folder() / "test/cluster/cluster").string()};
  all.insert(all.end(), words.begin(), words.end());
  return all;
}

Words watch_words(const std::string& path) {
  const Words watch = cluster_words({"kubectl", "get", "--raw", path + "?watch=1&timeoutSeconds=7200"});
  Words words{"bash", "-c", R"(while :; do echo '{"type": "BEGUN"}'; "$0" "$@"; sleep 0.3; done)"};
  words.insert(words.end(), watch.begin(), watch.end());
  return words;
}

Background::Background(const Words& argv, std::filesystem::path output)
    : name_(fmt::format("{}", fmt::join(argv, " "))), output_(std::move(output)) {
  pid_ = Spawning{output_.string()}.run(argv);
}

Background::~Background() {
  if (!is_running()) return;  // its number may be somebody else's by now
  ::kill(-pid_, SIGKILL);
  ::waitpid(pid_, &status_, 0);
}

std::string Background::output() const {
  return migrate::test::read_text(output_);
}

std::string Background::errors() const {
  return migrate::test::read_text(output_.string() + ".errors");
}

bool Background::is_running() {
  if (!is_over_) is_over_ = ::waitpid(pid_, &status_, WNOHANG) == pid_;
  return !is_over_;
}

void Background::signal(int number) {
  if (is_running()) ::kill(-pid_, number);
}

int Background::wait(std::chrono::seconds limit) {
  eventually(
      "the end of " + name_, [&] { return !is_running(); }, limit);
  return WIFEXITED(status_) ? WEXITSTATUS(status_) : 128 + WTERMSIG(status_);
}

}  // namespace harness
