#include "shared/base/host.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <system_error>

namespace migrate {

std::optional<std::string> ProcessEnvironment::variable(const std::string& name) const {
  const char* value = std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe): nothing of ours calls setenv
  if (value == nullptr) return std::nullopt;
  return value;
}

Lookup<std::string> DiskFiles::read(const std::string& path) const {
  const auto broken = [&](int error) {
    return failure(fmt::format("read {}: {}", path, std::generic_category().message(error)));
  };
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) {
    // ENOTDIR: a parent of it is a file, so there is no such file either.
    if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
    return broken(errno);
  }
  std::string content;
  std::array<char, 16384> piece{};
  int error = 0;
  while (true) {
    const ssize_t got = ::read(file, piece.data(), piece.size());
    if (got == 0) break;
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      error = errno;
      break;
    }
    content.append(piece.data(), static_cast<std::size_t>(got));
  }
  ::close(file);
  if (error != 0) return broken(error);
  return content;
}

Instant SystemClock::now() const {
  return std::chrono::time_point_cast<Microseconds>(std::chrono::system_clock::now());
}

bool ProcessTerminal::stdin_is_terminal() const {
  return ::isatty(STDIN_FILENO) == 1;
}

}  // namespace migrate
