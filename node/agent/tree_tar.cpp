#include "node/agent/tree_tar.h"

#include <archive_entry.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "shared/base/descriptor.h"

namespace migrate::agent {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kOverlayPrefixes[] = {"trusted.overlay.", "user.overlay."};

std::optional<std::string> attribute(const std::string& path, const char* name) {
  std::string value(256, '\0');
  ssize_t size = ::lgetxattr(path.c_str(), name, value.data(), value.size());
  if (size < 0 && errno == ERANGE) {
    size = ::lgetxattr(path.c_str(), name, nullptr, 0);
    if (size < 0) return std::nullopt;
    value.resize(static_cast<std::size_t>(size));
    size = ::lgetxattr(path.c_str(), name, value.data(), value.size());
  }
  if (size < 0) return std::nullopt;
  value.resize(static_cast<std::size_t>(size));
  return value;
}

std::vector<std::string> attribute_names(const std::string& path) {
  const ssize_t size = ::llistxattr(path.c_str(), nullptr, 0);
  if (size <= 0) return {};
  std::string list(static_cast<std::size_t>(size), '\0');
  const ssize_t got = ::llistxattr(path.c_str(), list.data(), list.size());
  if (got <= 0) return {};
  std::vector<std::string> names;
  for (std::size_t at = 0; at < static_cast<std::size_t>(got);) {
    std::string name = list.c_str() + at;
    at += name.size() + 1;
    names.push_back(std::move(name));
  }
  std::sort(names.begin(), names.end());
  return names;
}

// Of overlayfs's own: "opaque" -> its value.
std::optional<std::string> overlay_attribute(const std::string& path, std::string_view name) {
  for (const std::string_view prefix : kOverlayPrefixes)
    if (auto value = attribute(path, (std::string(prefix) + std::string(name)).c_str())) return value;
  return std::nullopt;
}

void copy_attributes(const std::string& path, archive_entry* entry) {
  for (const std::string& name : attribute_names(path)) {
    const bool of_overlay = std::any_of(std::begin(kOverlayPrefixes), std::end(kOverlayPrefixes),
                                        [&](std::string_view prefix) { return name.rfind(prefix, 0) == 0; });
    if (of_overlay || name == "security.selinux") continue;  // a label belongs to the node
    if (const auto value = attribute(path, name.c_str()))
      archive_entry_xattr_add_entry(entry, name.c_str(), value->data(), value->size());
  }
}

// Rule. The tree belongs to a tenant, who may be changing it from another Pod: a folder that is a link a moment later
// would lead out of it, and we read as root. So each folder is opened once, as a folder, and all that lies in it is
// reached through that descriptor and by one name, which no call follows.
class TreeWriter {
 public:
  TreeWriter(fs::path root, Whiteouts whiteouts, image::ArchiveWriter& writer)
      : root_(std::move(root)), overlay_(whiteouts == Whiteouts::overlay), writer_(writer) {}

  Result<void> all() {
    const Descriptor root{::open(root_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (!root.is_open()) return failure(fmt::format("open {}: {}", root_.string(), reason()));
    if (auto added = add({through(root, ""), {}}); !added) return added;
    return folder(root, {});
  }

 private:
  struct Node {
    std::string path;   // to be looked at with
    fs::path relative;  // to be told, and as an entry's name
  };

  static Descriptor open_folder(const std::string& path) {
    return Descriptor{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
  }

  // The kernel goes from here to the open folder itself, wherever that was moved meanwhile.
  static std::string through(const Descriptor& folder, const std::string& name) {
    return fmt::format("/proc/self/fd/{}/{}", folder.get(), name.empty() ? "." : name);
  }

  std::string told(const fs::path& relative) const { return (root_ / relative).string(); }

  Result<void> folder(const Descriptor& open, const fs::path& relative) {
    std::vector<std::string> names;
    std::error_code code;
    for (fs::directory_iterator walk{through(open, ""), code}; !code && walk != fs::directory_iterator{};
         walk.increment(code))
      names.push_back(walk->path().filename().string());
    if (code) return failure(fmt::format("list {}: {}", told(relative), code.message()));
    std::sort(names.begin(), names.end());
    for (const std::string& name : names) {
      const Node node{through(open, name), relative / name};
      struct stat status {};
      if (::lstat(node.path.c_str(), &status) != 0)
        return failure(fmt::format("add {}: {}", told(node.relative), reason()));
      if (!S_ISDIR(status.st_mode)) {
        if (auto added = add(node); !added) return added;
        continue;
      }
      const Descriptor below = open_folder(node.path);
      if (!below.is_open()) return failure(fmt::format("open {}: {}", told(node.relative), reason()));
      if (auto added = add({through(below, ""), node.relative}); !added) return added;
      if (auto added = folder(below, node.relative); !added) return added;
    }
    return {};
  }

  Result<void> add(const Node& node) {
    const fs::path& relative = node.relative;
    const std::string source = told(relative);
    struct stat status {};
    if (::lstat(node.path.c_str(), &status) != 0) return failure(fmt::format("add {}: {}", source, reason()));
    if (S_ISSOCK(status.st_mode)) return {};
    const std::string name = "./" + relative.string();
    if (overlay_ && S_ISCHR(status.st_mode) && status.st_rdev == makedev(0, 0))
      return writer_.file((fs::path(name).parent_path() / (".wh." + relative.filename().string())).string(), 0600, {});
    if (overlay_)
      if (auto whole = is_whole(node.path, source, status); !whole) return whole;

    const image::EntryPtr entry = image::new_entry(S_ISDIR(status.st_mode) && !relative.empty() ? name + "/" : name);
    describe(status, entry.get());
    if (S_ISLNK(status.st_mode)) {
      std::error_code code;
      const fs::path target = fs::read_symlink(node.path, code);
      if (code) return failure(fmt::format("read link {}: {}", source, code.message()));
      archive_entry_set_symlink(entry.get(), target.c_str());
    }
    if (S_ISREG(status.st_mode) && status.st_nlink > 1) {
      const auto [first, is_new] = names_.try_emplace({status.st_dev, status.st_ino}, name);
      if (!is_new) {
        archive_entry_set_size(entry.get(), 0);
        archive_entry_set_hardlink(entry.get(), first->second.c_str());
        return writer_.header(entry.get());
      }
    }
    copy_attributes(node.path, entry.get());
    const auto within = [&](const Error& error) { return error.within("add " + source); };
    if (auto done = writer_.header(entry.get()); !done) return done.map_error(within);
    if (S_ISREG(status.st_mode))
      return writer_.content_of(node.path, static_cast<std::uint64_t>(status.st_size)).map_error(within);
    if (overlay_ && S_ISDIR(status.st_mode) && overlay_attribute(node.path, "opaque") == "y")
      return writer_.file((fs::path(name) / ".wh..wh..opq").string(), 0600, {});
    return {};
  }

  static void describe(const struct stat& status, archive_entry* entry) {
    archive_entry_copy_stat(entry, &status);
    archive_entry_unset_atime(entry);
    archive_entry_unset_ctime(entry);
    archive_entry_unset_birthtime(entry);
    archive_entry_set_dev(entry, 0);
    archive_entry_set_ino(entry, 0);
    archive_entry_set_nlink(entry, 1);
  }

  static Result<void> is_whole(const std::string& path, const std::string& source, const struct stat& status) {
    if (S_ISDIR(status.st_mode) && overlay_attribute(path, "redirect"))
      return failure(
          fmt::format("add {}: the folder was moved by overlayfs's redirect_dir, so its content lies "
                      "elsewhere; checkpoint through the kubelet",
                      source));
    if (S_ISREG(status.st_mode) && overlay_attribute(path, "metacopy"))
      return failure(
          fmt::format("add {}: overlayfs (metacopy) holds only its attributes there; checkpoint through "
                      "the kubelet",
                      source));
    return {};
  }

  fs::path root_;
  bool overlay_;
  image::ArchiveWriter& writer_;
  std::map<std::pair<dev_t, ino_t>, std::string> names_;
};

}  // namespace

Result<void> write_tree(const fs::path& folder, Whiteouts whiteouts, const image::ByteSink& sink) {
  image::ArchiveWriter writer{image::ArchiveWriter::Format::exact_tar, sink};
  TreeWriter tree{folder, whiteouts, writer};
  if (auto written = tree.all(); !written) return written;
  return writer.close();
}

}  // namespace migrate::agent
