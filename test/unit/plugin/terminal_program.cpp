#include "test/unit/plugin/terminal_program.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <system_error>

#include "shared/base/descriptor.h"

namespace migrate::test {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds kPatience{30};

[[noreturn]] void give_up(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> all;
  all.reserve(texts.size() + 1);
  for (std::string& text : texts)
    all.push_back(text.data());
  all.push_back(nullptr);
  return all;
}

pid_t start(std::vector<std::string> words, std::vector<std::string> environment, int terminal) {
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&actions, terminal, STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, terminal, STDERR_FILENO);
  pid_t child = 0;
  errno = ::posix_spawn(&child, words.front().c_str(), &actions, nullptr, pointers(words).data(),
                        pointers(environment).data());
  const int trouble = errno;
  ::posix_spawn_file_actions_destroy(&actions);
  errno = trouble;
  if (trouble != 0) give_up(words.front().c_str());
  return child;
}

// Until nobody has the other side open any more. False: the time is over.
bool read_all(int terminal, std::string& bytes) {
  const auto until = Clock::now() + kPatience;
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now());
    pollfd ready{terminal, POLLIN, 0};
    if (left.count() <= 0 || ::poll(&ready, 1, static_cast<int>(left.count())) <= 0) return false;
    std::array<char, 4096> piece;
    const ssize_t got = ::read(terminal, piece.data(), piece.size());
    if (got <= 0) return true;  // EIO is how a terminal's end is told
    bytes.append(piece.data(), static_cast<std::size_t>(got));
  }
}

}  // namespace

AtTerminal run_at_terminal(const std::vector<std::string>& words, const std::vector<std::string>& environment,
                           unsigned short columns) {
  const Descriptor ours{::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)};
  if (ours.get() < 0 || ::grantpt(ours.get()) != 0 || ::unlockpt(ours.get()) != 0) give_up("open a pseudo-terminal");
  std::array<char, 128> name{};
  if (::ptsname_r(ours.get(), name.data(), name.size()) != 0) give_up("name the pseudo-terminal");
  pid_t child = 0;
  {
    const Descriptor theirs{::open(name.data(), O_RDWR | O_NOCTTY | O_CLOEXEC)};
    const winsize size{.ws_row = 50, .ws_col = columns, .ws_xpixel = 0, .ws_ypixel = 0};
    if (theirs.get() < 0 || ::ioctl(theirs.get(), TIOCSWINSZ, &size) != 0) give_up("open the terminal's side");
    child = start(words, environment, theirs.get());
  }
  AtTerminal seen;
  const bool is_over = read_all(ours.get(), seen.bytes);
  if (!is_over) ::kill(child, SIGKILL);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR)
    continue;
  errno = ETIMEDOUT;
  if (!is_over) give_up(words.front().c_str());
  constexpr int kBySignal = 128;
  seen.code = WIFEXITED(status) ? WEXITSTATUS(status) : kBySignal + WTERMSIG(status);
  return seen;
}

}  // namespace migrate::test
