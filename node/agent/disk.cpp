#include "node/agent/disk.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>

#include "shared/base/descriptor.h"

namespace migrate::agent {
namespace {

namespace fs = std::filesystem;

bool write_all(int file, const std::string& content) {
  for (std::size_t done = 0; done < content.size();) {
    const ssize_t count = ::write(file, content.data() + done, content.size() - done);
    if (count < 0 && errno != EINTR) return false;
    if (count > 0) done += static_cast<std::size_t>(count);
  }
  return true;
}

Result<void> make_folder(const fs::path& folder) {
  if (::mkdir(folder.c_str(), 0700) == 0 || errno == EEXIST) return {};
  return failure(fmt::format("make {}: {}", folder.string(), reason()));
}

}  // namespace

Result<void> write_durably(const fs::path& file, const std::string& text, unsigned mode) {
  const fs::path fresh = file.string() + ".new";
  const auto broken = [&] {
    auto error = failure(fmt::format("write {}: {}", file.string(), reason()));
    ::unlink(fresh.c_str());
    return error;
  };
  const Descriptor folder{::open(file.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!folder.is_open()) return failure(fmt::format("write {}: open its folder: {}", file.string(), reason()));
  ::unlink(fresh.c_str());  // of a write that a crash cut off
  const Descriptor out{::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)};
  if (!out.is_open() || !write_all(out.get(), text) || ::fchmod(out.get(), mode) != 0) return broken();
  if (::fsync(out.get()) != 0 || ::rename(fresh.c_str(), file.c_str()) != 0 || ::fsync(folder.get()) != 0)
    return broken();
  return {};
}

Result<void> make_private_folder(const fs::path& base, const fs::path& below) {
  std::error_code code;
  fs::create_directories(base.parent_path(), code);
  if (code) return failure(fmt::format("make {}: {}", base.parent_path().string(), code.message()));
  if (auto made = make_folder(base); !made) return made;
  fs::path folder = base;
  for (const fs::path& part : below) {
    folder /= part;
    if (auto made = make_folder(folder); !made) return made;
  }
  return {};
}

Result<void> remove_tree(const fs::path& path) {
  std::error_code code;
  fs::remove_all(path, code);
  if (code) return failure(fmt::format("remove {}: {}", path.string(), code.message()));
  return {};
}

Result<void> link_tree(const fs::path& from, const fs::path& to) {
  std::error_code code;
  if (!fs::create_directory(to, code)) return failure(fmt::format("make {}: {}", to.string(), code.message()));
  fs::permissions(to, fs::perms::owner_all, code);
  for (fs::directory_iterator walk{from, code}; !code && walk != fs::directory_iterator{}; walk.increment(code)) {
    const fs::path name = to / walk->path().filename();
    const fs::file_type type = walk->symlink_status(code).type();
    if (code) break;
    if (type == fs::file_type::directory) {
      if (auto linked = link_tree(walk->path(), name); !linked) return linked;
    } else if (type != fs::file_type::regular) {
      return failure(fmt::format("link {}: it is no file", walk->path().string()));
    } else if (::link(walk->path().c_str(), name.c_str()) != 0) {
      return failure(fmt::format("link {} as {}: {}", walk->path().string(), name.string(), reason()));
    }
  }
  if (code) return failure(fmt::format("link what is in {}: {}", from.string(), code.message()));
  return {};
}

Result<void> move_file(const fs::path& from, const fs::path& to) {
  if (::rename(from.c_str(), to.c_str()) == 0) return {};
  const int error = errno;
  std::error_code code;
  if (error == EXDEV) {
    fs::copy_file(from, to, fs::copy_options::overwrite_existing, code);
    if (!code) fs::remove(from, code);
    if (!code) return {};
  }
  return failure(fmt::format("move {} to {}: {}", from.string(), to.string(), code ? code.message() : reason(error)));
}

Result<Bytes> free_disk(const fs::path& folder) {
  struct statvfs status {};
  if (::statvfs(folder.c_str(), &status) != 0)
    return failure(fmt::format("ask how much of {} is free: {}", folder.string(), reason()));
  return Bytes{static_cast<std::uint64_t>(status.f_bavail) * status.f_frsize};
}

Bytes size_of_tree(const fs::path& folder) {
  Bytes total;
  std::error_code code;
  for (fs::recursive_directory_iterator walk{folder, code}; !code && walk != fs::recursive_directory_iterator{};
       walk.increment(code)) {
    struct stat status {};
    if (::lstat(walk->path().c_str(), &status) == 0 && S_ISREG(status.st_mode))
      total = total + Bytes{static_cast<std::uint64_t>(status.st_size)};
  }
  return total;
}

bool is_plain_name(const std::string& name) {
  return !name.empty() && name.size() <= 255 && name.front() != '.' && name.find('/') == std::string::npos &&
         name.find('\0') == std::string::npos;
}

}  // namespace migrate::agent
