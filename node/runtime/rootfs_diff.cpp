#include "node/runtime/rootfs_diff.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <set>

#include "node/runtime/files.h"

namespace migrate::runtime {
namespace {

namespace fs = std::filesystem;

constexpr const char* kWhiteout = ".wh.";
constexpr const char* kOpaque = ".wh..wh..opq";
constexpr mode_t kImageRootMode = 0755;

// libarchive's checks work on relative names, so the root has to be the working folder; back again at the end.
class WorkingFolder {
 public:
  explicit WorkingFolder(const fs::path& folder)
      : before_(::open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)),
        root_(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)),
        entered_(before_.valid() && root_.valid() && ::fchdir(root_.get()) == 0) {}
  ~WorkingFolder() {
    if (entered_ && ::fchdir(before_.get()) != 0)
      std::terminate();  // relative paths would mean other files from here on
  }
  WorkingFolder(const WorkingFolder&) = delete;
  WorkingFolder& operator=(const WorkingFolder&) = delete;
  [[nodiscard]] bool entered() const { return entered_; }
  [[nodiscard]] int root() const { return root_.get(); }

 private:
  Descriptor before_;
  Descriptor root_;
  bool entered_;
};

struct ReadDeleter {
  void operator()(archive* reader) const { archive_read_free(reader); }
};
struct WriteDeleter {
  void operator()(archive* writer) const { archive_write_free(writer); }
};

std::string text_of(archive* source) {
  const char* text = archive_error_string(source);
  return text != nullptr ? text : "unknown error";
}

// "./etc//x/" -> "etc/x"; "" is the root itself.
Result<fs::path> inside(const char* name) {
  if (name == nullptr || *name == '\0') return failure("an entry has no name");
  const fs::path path{name};
  if (path.is_absolute()) return failure(fmt::format("the name {} is absolute", name));
  fs::path clean;
  for (const fs::path& part : path) {
    if (part == "..") return failure(fmt::format("the name {} leads out of the root", name));
    if (!part.empty() && part != ".") clean /= part;
  }
  return clean;
}

class Unpacker {
 public:
  explicit Unpacker(int root) : root_(root), disk_(archive_write_disk_new()) {
    archive_write_disk_set_options(disk_.get(), ARCHIVE_EXTRACT_OWNER | ARCHIVE_EXTRACT_PERM | ARCHIVE_EXTRACT_TIME |
                                                    ARCHIVE_EXTRACT_XATTR | ARCHIVE_EXTRACT_SECURE_NODOTDOT |
                                                    ARCHIVE_EXTRACT_SECURE_SYMLINKS |
                                                    ARCHIVE_EXTRACT_SECURE_NOABSOLUTEPATHS);
  }

  Result<void> add(archive* reader, archive_entry* entry) {
    auto path = inside(archive_entry_pathname(entry));
    if (!path) return tl::make_unexpected(path.error());
    if (path->empty()) {
      root_mode_ = archive_entry_perm(entry);
      return {};
    }
    if (auto checked = no_link_on_the_way(*path); !checked) return checked;
    const std::string name = path->filename().string();
    if (name == kOpaque) return remove_lower(path->parent_path(), Keep::folder);
    if (name.rfind(".wh..wh.", 0) == 0) return {};  // aufs's own book-keeping
    if (name.rfind(kWhiteout, 0) == 0) {
      auto target = inside((path->parent_path() / name.substr(4)).c_str());
      if (!target || *target == path->parent_path())
        return failure(fmt::format("{} hides nothing that can be named", path->string()));
      return remove_lower(*target, Keep::nothing);
    }
    if (archive_entry_filetype(entry) == AE_IFCHR && archive_entry_rdev(entry) == 0)
      return remove_lower(*path, Keep::nothing);
    return unpack(reader, entry, *path);
  }

  Result<void> finish(mode_t otherwise) {
    if (archive_write_close(disk_.get()) < ARCHIVE_WARN) return failure(text_of(disk_.get()));
    if (::fchmod(root_, root_mode_.value_or(otherwise)) != 0)
      return failure(fmt::format("set the root's mode: {}", reason()));
    return {};
  }

  std::vector<std::string> warnings;

 private:
  enum class Keep { folder, nothing };

  Result<void> unpack(archive* reader, archive_entry* entry, const fs::path& path) {
    if (const char* link = archive_entry_hardlink(entry)) {
      auto target = inside(link);
      if (!target) return tl::make_unexpected(target.error().within(path.string() + " as a hard link"));
      if (auto checked = no_link_on_the_way(*target); !checked) return checked;
      archive_entry_copy_hardlink(entry, target->c_str());
    }
    // A folder goes over a folder; everything else takes the place of what was there.
    struct stat status {};
    const bool exists = ::lstat(path.c_str(), &status) == 0;
    const bool both_folders = exists && S_ISDIR(status.st_mode) && archive_entry_filetype(entry) == AE_IFDIR;
    if (exists && !both_folders) {
      std::error_code code;
      fs::remove_all(path, code);
      if (code) return failure(fmt::format("replace {}: {}", path.string(), code.message()));
    }
    archive_entry_copy_pathname(entry, path.c_str());
    if (auto done = write(reader, entry); !done)
      return tl::make_unexpected(done.error().within("unpack " + path.string()));
    unpacked_.insert(path);
    for (fs::path above = path.parent_path(); !above.empty(); above = above.parent_path())
      unpacked_.insert(above);
    return {};
  }

  // Not archive_read_extract2: it makes a warning of a file that could not be made.
  Result<void> write(archive* reader, archive_entry* entry) {
    const auto checked = [&](int code) -> Result<void> {
      if (code < ARCHIVE_WARN) return failure(text_of(disk_.get()));
      if (code == ARCHIVE_WARN)
        warnings.push_back(fmt::format("{}: {}", archive_entry_pathname(entry), text_of(disk_.get())));
      return {};
    };
    if (auto made = checked(archive_write_header(disk_.get(), entry)); !made) return made;
    for (;;) {
      const void* bytes = nullptr;
      std::size_t size = 0;
      la_int64_t offset = 0;
      const int read = archive_read_data_block(reader, &bytes, &size, &offset);
      if (read == ARCHIVE_EOF) break;
      if (read < ARCHIVE_WARN) return failure(text_of(reader));
      if (archive_write_data_block(disk_.get(), bytes, size, offset) < ARCHIVE_OK) return failure(text_of(disk_.get()));
    }
    return checked(archive_write_finish_entry(disk_.get()));
  }

  // Whiteouts hide what lies below this archive, never what came with it.
  Result<void> remove_lower(const fs::path& path, Keep keep) {
    std::error_code code;
    const bool ours = unpacked_.contains(path);
    if (!ours && keep == Keep::nothing) {
      fs::remove_all(path, code);
      if (code) return failure(fmt::format("remove {}: {}", path.string(), code.message()));
      return {};
    }
    const fs::path folder = path.empty() ? fs::path{"."} : path;
    if (!fs::is_directory(fs::symlink_status(folder, code))) return {};
    std::vector<fs::path> children;
    for (fs::directory_iterator walk{folder, code}; !code && walk != fs::directory_iterator{}; walk.increment(code))
      children.push_back(path / walk->path().filename());
    if (code) return failure(fmt::format("list {}: {}", path.string(), code.message()));
    for (const fs::path& child : children)
      if (auto done = remove_lower(child, Keep::nothing); !done) return done;
    return {};
  }

  Result<void> no_link_on_the_way(const fs::path& path) {
    fs::path above;
    for (const fs::path& part : path.parent_path()) {
      above /= part;
      struct stat status {};
      if (::lstat(above.c_str(), &status) == 0 && S_ISLNK(status.st_mode))
        return failure(fmt::format("{} leads through the symbolic link {}", path.string(), above.string()));
    }
    return {};
  }

  int root_;
  std::unique_ptr<archive, WriteDeleter> disk_;
  std::optional<mode_t> root_mode_;
  std::set<fs::path> unpacked_;
};

Result<void> unpack_all(int file, Unpacker& unpacker) {
  const std::unique_ptr<archive, ReadDeleter> reader{archive_read_new()};
  archive_read_support_format_tar(reader.get());
  archive_read_support_format_empty(reader.get());  // nothing changed
  archive_read_support_filter_gzip(reader.get());
  if (archive_read_open_fd(reader.get(), file, 1 << 20) != ARCHIVE_OK) return failure(text_of(reader.get()));
  for (;;) {
    archive_entry* entry = nullptr;
    const int next = archive_read_next_header(reader.get(), &entry);
    if (next == ARCHIVE_EOF) return {};
    if (next < ARCHIVE_WARN) return failure(text_of(reader.get()));
    if (auto added = unpacker.add(reader.get(), entry); !added) return added;
  }
}

}  // namespace

Result<AppliedDiff> apply_rootfs_diff(const fs::path& archive, const fs::path& root) {
  const auto attempt = fmt::format("lay {} over {}", archive.string(), root.string());
  const Descriptor file{::open(archive.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
  if (!file.valid() && errno != ENOENT) return failure(fmt::format("{}: {}", attempt, reason()));
  const WorkingFolder here{root};
  if (!here.entered()) return failure(fmt::format("{}: enter it: {}", attempt, reason()));
  Unpacker unpacker{here.root()};
  if (file.valid())
    if (auto done = unpack_all(file.get(), unpacker); !done) return tl::make_unexpected(done.error().within(attempt));
  if (auto done = unpacker.finish(kImageRootMode); !done) return tl::make_unexpected(done.error().within(attempt));
  return AppliedDiff{std::move(unpacker.warnings)};
}

}  // namespace migrate::runtime
