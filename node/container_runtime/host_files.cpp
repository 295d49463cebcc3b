#include "node/container_runtime/host_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>

#include <charconv>
#include <deque>
#include <fstream>
#include <iterator>
#include <memory>
#include <sstream>
#include <string_view>
#include <system_error>
#include <vector>

#include "shared/base/descriptor.h"

namespace migrate::node {
namespace {

namespace fs = std::filesystem;

// The number after `name` in /proc/PID/status; 0 when there is none.
std::uint64_t field(const std::string& status, const std::string& name) {
  const std::size_t at = status.find("\n" + name + ":");
  if (at == std::string::npos) return 0;
  const std::size_t begin = status.find_first_of("0123456789", at);
  std::uint64_t value = 0;
  if (begin != std::string::npos) std::from_chars(status.data() + begin, status.data() + status.size(), value);
  return value;
}

std::vector<pid_t> children_of(const fs::path& proc, pid_t pid) {
  std::vector<pid_t> children;
  std::error_code error;
  fs::directory_iterator threads(proc / std::to_string(pid) / "task", error);
  for (; !error && threads != fs::directory_iterator(); threads.increment(error)) {
    std::istringstream words(read_small(threads->path() / "children").value_or(""));
    for (pid_t child = 0; words >> child;)
      children.push_back(child);
  }
  return children;
}

}  // namespace

fs::path below_root(const fs::path& root, const fs::path& path) {
  constexpr int most_links = 40;  // the kernel's own limit
  std::deque<fs::path> rest(path.begin(), path.end());
  fs::path done;  // relative to root, free of links
  for (int links = 0; !rest.empty();) {
    const fs::path part = rest.front();
    rest.pop_front();
    if (part.empty() || part == "." || part == "/") continue;
    if (part == "..") {
      done = done.parent_path();
      continue;
    }
    std::error_code error;
    const fs::path target = fs::read_symlink(root / done / part, error);
    if (error || ++links > most_links) {
      done /= part;
      continue;
    }
    if (target.is_absolute()) done.clear();
    rest.insert(rest.begin(), target.begin(), target.end());
  }
  return root / done;
}

std::optional<std::string> read_small(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (file.bad()) return std::nullopt;
  return text;
}

bool process_exists(const fs::path& proc, pid_t pid) {
  std::error_code error;
  return pid > 0 && fs::exists(proc / std::to_string(pid), error);
}

std::optional<pid_t> parent_of(const fs::path& proc, pid_t pid) {
  const auto status = read_small(proc / std::to_string(pid) / "status");
  if (!status) return std::nullopt;
  const auto parent = static_cast<pid_t>(field(*status, "PPid"));
  if (parent <= 0) return std::nullopt;
  return parent;
}

Bytes resident_memory(const fs::path& proc, pid_t pid) {
  Bytes sum;
  std::deque<pid_t> waiting{pid};
  for (std::size_t seen = 0; !waiting.empty() && seen < 100'000; ++seen) {  // a pid reused meanwhile must not loop us
    const pid_t next = waiting.front();
    waiting.pop_front();
    const std::string status = read_small(proc / std::to_string(next) / "status").value_or("");
    sum = sum + Bytes{(field(status, "RssAnon") + field(status, "RssShmem")) << 10};
    for (const pid_t child : children_of(proc, next))
      waiting.push_back(child);
  }
  return sum;
}

SharedMemory shared_memory(const fs::path& proc, pid_t pid) {
  constexpr int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
  const Descriptor root{::open((proc / std::to_string(pid) / "root").c_str(), flags)};
  const Descriptor dev{root.is_open() ? ::openat(root.get(), "dev", flags | O_NOFOLLOW) : -1};
  const int shm = dev.is_open() ? ::openat(dev.get(), "shm", flags | O_NOFOLLOW) : -1;
  if (shm < 0) return {};
  const std::unique_ptr<DIR, int (*)(DIR*)> folder{::fdopendir(shm), ::closedir};
  struct statfs status {};
  if (!folder || ::fstatfs(shm, &status) != 0 || status.f_type != TMPFS_MAGIC) return {};
  SharedMemory found;
  found.used = Bytes{(status.f_blocks - status.f_bfree) * static_cast<std::uint64_t>(status.f_bsize)};
  while (const dirent* entry = ::readdir(folder.get())) {
    const std::string_view name = static_cast<const char*>(entry->d_name);
    if (name != "." && name != "..") ++found.entries;
  }
  return found;
}

}  // namespace migrate::node
