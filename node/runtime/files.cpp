#include "node/runtime/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace migrate::runtime {
namespace {

Result<std::string> read_all(int file, std::size_t limit) {
  std::string content;
  std::array<char, 65536> piece{};
  for (;;) {
    const ssize_t count = ::read(file, piece.data(), piece.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return failure(reason());
    if (count == 0) return content;
    content.append(piece.data(), static_cast<std::size_t>(count));
    if (content.size() > limit) return failure(fmt::format("it has more than {} bytes", limit));
  }
}

bool write_all(int file, const std::string& content) {
  for (std::size_t done = 0; done < content.size();) {
    const ssize_t count = ::write(file, content.data() + done, content.size() - done);
    if (count < 0 && errno != EINTR) return false;
    if (count > 0) done += static_cast<std::size_t>(count);
  }
  return true;
}

}  // namespace

Lookup<Descriptor> open_folder(int parent, const std::string& name, Private alone) {
  Descriptor folder{::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
  if (!folder.is_open()) {
    if (errno == ENOENT) return std::optional<Descriptor>{};
    if (errno == ELOOP || errno == ENOTDIR) return failure(fmt::format("{} is a link or no folder", name));
    return failure(fmt::format("open {}: {}", name, reason()));
  }
  struct stat status {};
  if (::fstat(folder.get(), &status) != 0) return failure(fmt::format("stat {}: {}", name, reason()));
  if (status.st_uid != ::geteuid()) return failure(fmt::format("{} belongs to uid {}", name, status.st_uid));
  if (alone == Private::yes && (status.st_mode & 0077) != 0)
    return failure(fmt::format("{} has mode {:04o}, open to others", name, status.st_mode & 07777));
  return std::optional<Descriptor>{std::move(folder)};
}

Lookup<std::string> read_below(int folder, const std::string& name, std::size_t limit) {
  // Not blocking: a named pipe in the way would otherwise hold us for good.
  const Descriptor file{::openat(folder, name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)};
  if (!file.is_open()) {
    if (errno == ENOENT) return std::optional<std::string>{};
    if (errno == ELOOP) return failure(fmt::format("{} is a link", name));
    return failure(fmt::format("open {}: {}", name, reason()));
  }
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) return failure(fmt::format("stat {}: {}", name, reason()));
  if (!S_ISREG(status.st_mode)) return failure(fmt::format("{} is no regular file", name));
  if (status.st_uid != ::geteuid()) return failure(fmt::format("{} belongs to uid {}", name, status.st_uid));
  auto content = read_all(file.get(), limit);
  if (!content) return tl::make_unexpected(content.error().within("read " + name));
  return std::optional<std::string>{std::move(*content)};
}

Lookup<std::string> read_file(const std::filesystem::path& path, std::size_t limit) {
  const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!file.is_open()) {
    if (errno == ENOENT) return std::optional<std::string>{};
    return failure(fmt::format("open {}: {}", path.string(), reason()));
  }
  auto content = read_all(file.get(), limit);
  if (!content) return tl::make_unexpected(content.error().within("read " + path.string()));
  return std::optional<std::string>{std::move(*content)};
}

Result<void> create_durably(int folder, const std::string& name, const std::string& content) {
  // Under another name until it is whole: whoever reads it at any instant finds all of it or nothing.
  const std::string unfinished = fmt::format(".{}.{}", name, ::getpid());
  ::unlinkat(folder, unfinished.c_str(), 0);  // of a process that had the same number and was killed
  const auto failed = [&] {
    auto error = failure(fmt::format("create {}: {}", name, reason()));
    ::unlinkat(folder, unfinished.c_str(), 0);
    return error;
  };
  const Descriptor file{
      ::openat(folder, unfinished.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)};
  if (!file.is_open() || !write_all(file.get(), content) || ::fsync(file.get()) != 0) return failed();
  // A link, unlike a rename, does not replace what is there.
  if (::linkat(folder, unfinished.c_str(), folder, name.c_str(), 0) != 0) return failed();
  ::unlinkat(folder, unfinished.c_str(), 0);
  if (::fsync(folder) == 0) return {};
  auto error = failure(fmt::format("create {}: {}", name, reason()));
  ::unlinkat(folder, name.c_str(), 0);
  return error;
}

}  // namespace migrate::runtime
