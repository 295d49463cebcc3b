#include "node/runtime/unpacker.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>

#include "shared/base/descriptor.h"

namespace migrate::runtime {
namespace {

namespace fs = std::filesystem;

constexpr const char* kWhiteout = ".wh.";
constexpr const char* kOpaque = ".wh..wh..opq";

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

Result<void> said(int answer, const char* attempt) {
  if (answer != 0) return failure(fmt::format("{}: {}", attempt, reason()));
  return {};
}

Result<void> write_file(archive* reader, archive_entry* entry, const fs::path& path) {
  const Descriptor file{::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)};
  if (!file.is_open()) return failure(fmt::format("create: {}", reason()));
  for (;;) {
    const void* bytes = nullptr;
    std::size_t size = 0;
    la_int64_t offset = 0;
    const int read = archive_read_data_block(reader, &bytes, &size, &offset);
    if (read == ARCHIVE_EOF) break;
    if (read < ARCHIVE_WARN) {
      const char* text = archive_error_string(reader);
      return failure(text != nullptr ? text : "unknown error");
    }
    for (std::size_t done = 0; done < size;) {
      const ssize_t count =
          ::pwrite(file.get(), static_cast<const char*>(bytes) + done, size - done, offset + static_cast<off_t>(done));
      if (count < 0 && errno != EINTR) return failure(fmt::format("write: {}", reason()));
      if (count > 0) done += static_cast<std::size_t>(count);
    }
  }
  return said(::ftruncate(file.get(), archive_entry_size(entry)), "set its size");  // sparse files may end in a hole
}

std::array<timespec, 2> times_of(archive_entry* entry) {
  return {timespec{archive_entry_atime(entry),
                   archive_entry_atime_is_set(entry) ? archive_entry_atime_nsec(entry) : UTIME_OMIT},
          timespec{archive_entry_mtime(entry),
                   archive_entry_mtime_is_set(entry) ? archive_entry_mtime_nsec(entry) : UTIME_OMIT}};
}

}  // namespace

Result<void> Unpacker::add(archive* reader, archive_entry* entry) {
  auto path = inside(archive_entry_pathname(entry));
  if (!path) return tl::make_unexpected(path.error());
  if (path->empty()) return take_root(entry);
  if (auto checked = no_link_on_the_way(*path); !checked) return checked;
  if (entries_ == Entries::whole) return unpack(reader, entry, *path);
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

Result<void> Unpacker::finish(std::optional<mode_t> otherwise) {
  // Folders last: every file made in one had changed its time.
  for (auto folder = folder_times_.rbegin(); folder != folder_times_.rend(); ++folder)
    ::utimensat(AT_FDCWD, folder->first.c_str(), folder->second.data(), AT_SYMLINK_NOFOLLOW);
  if (root_owner_ && ::lchown(root_.c_str(), root_owner_->user, root_owner_->group) != 0)
    return failure(fmt::format("set the root's owner: {}", reason()));
  const auto mode = root_mode_ ? root_mode_ : otherwise;
  if (mode && ::chmod(root_.c_str(), *mode) != 0) return failure(fmt::format("set the root's mode: {}", reason()));
  return {};
}

Result<void> Unpacker::take_root(archive_entry* entry) {
  root_mode_ = archive_entry_perm(entry);
  if (entries_ == Entries::changes) return {};
  root_owner_ = Owner{static_cast<uid_t>(archive_entry_uid(entry)), static_cast<gid_t>(archive_entry_gid(entry))};
  folder_times_.emplace(folder_times_.begin(), root_, times_of(entry));
  return {};
}

Result<void> Unpacker::unpack(archive* reader, archive_entry* entry, const fs::path& path) {
  if (const char* link = archive_entry_hardlink(entry)) {
    auto target = inside(link);
    if (!target) return tl::make_unexpected(target.error().within(path.string() + " as a hard link"));
    if (auto checked = no_link_on_the_way(*target); !checked) return checked;
    archive_entry_copy_hardlink(entry, target->c_str());
  }
  // A folder goes over a folder; everything else takes the place of what was there.
  struct stat status {};
  const bool exists = ::lstat((root_ / path).c_str(), &status) == 0;
  const bool both_folders = exists && S_ISDIR(status.st_mode) && archive_entry_filetype(entry) == AE_IFDIR;
  if (exists && !both_folders) {
    std::error_code code;
    fs::remove_all(root_ / path, code);
    if (code) return failure(fmt::format("replace {}: {}", path.string(), code.message()));
  }
  if (auto made = make(reader, entry, root_ / path, both_folders); !made)
    return tl::make_unexpected(made.error().within("unpack " + path.string()));
  unpacked_.insert(path);
  for (fs::path above = path.parent_path(); !above.empty(); above = above.parent_path())
    unpacked_.insert(above);
  return {};
}

// What is made is new and is never followed as a link, so it cannot be anything but this entry.
Result<void> Unpacker::make(archive* reader, archive_entry* entry, const fs::path& path, bool exists) {
  std::error_code code;
  fs::create_directories(path.parent_path(), code);
  if (code) return failure(fmt::format("make its folder: {}", code.message()));
  if (const char* link = archive_entry_hardlink(entry))
    return said(::linkat(AT_FDCWD, (root_ / link).c_str(), AT_FDCWD, path.c_str(), 0), "link");
  Result<void> made;
  switch (archive_entry_filetype(entry)) {
    case AE_IFREG:
      made = write_file(reader, entry, path);
      break;
    case AE_IFDIR:
      made = exists ? Result<void>{} : said(::mkdir(path.c_str(), 0700), "make the folder");
      break;
    case AE_IFLNK:
      made = said(::symlink(archive_entry_symlink(entry), path.c_str()), "make the link");
      break;
    case AE_IFIFO:
    case AE_IFCHR:
    case AE_IFBLK:
      made = said(::mknod(path.c_str(), archive_entry_mode(entry), archive_entry_rdev(entry)), "make the node");
      break;
    default:
      warnings.push_back(fmt::format("{}: left out, as its kind means nothing without its process", path.string()));
      return {};
  }
  if (!made) return made;
  return set_attributes(entry, path);
}

Result<void> Unpacker::set_attributes(archive_entry* entry, const fs::path& path) {
  const auto kind = archive_entry_filetype(entry);
  const auto owner = static_cast<uid_t>(archive_entry_uid(entry));
  const auto group = static_cast<gid_t>(archive_entry_gid(entry));
  // The owner first: changing it takes setuid bits and capabilities away.
  if (auto set = said(::lchown(path.c_str(), owner, group), "set its owner"); !set) return set;
  if (kind != AE_IFLNK)
    if (auto set = said(::chmod(path.c_str(), archive_entry_perm(entry)), "set its mode"); !set) return set;

  archive_entry_xattr_reset(entry);
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  while (archive_entry_xattr_next(entry, &name, &value, &size) == ARCHIVE_OK) {
    if (std::string_view(name).substr(0, 16) == "trusted.overlay.") continue;  // the source's overlayfs's own
    if (::lsetxattr(path.c_str(), name, value, size, 0) != 0)
      warnings.push_back(fmt::format("{}: attribute {}: {}", path.string(), name, reason()));
  }
  const Times times = times_of(entry);
  if (kind == AE_IFDIR)
    folder_times_.emplace_back(path, times);
  else
    ::utimensat(AT_FDCWD, path.c_str(), times.data(), AT_SYMLINK_NOFOLLOW);
  return {};
}

// Whiteouts hide what lies below this archive, never what came with it.
Result<void> Unpacker::remove_lower(const fs::path& path, Keep keep) {
  std::error_code code;
  const bool ours = unpacked_.contains(path);
  if (!ours && keep == Keep::nothing) {
    fs::remove_all(root_ / path, code);
    if (code) return failure(fmt::format("remove {}: {}", path.string(), code.message()));
    return {};
  }
  const fs::path folder = root_ / path;
  if (!fs::is_directory(fs::symlink_status(folder, code))) return {};
  std::vector<fs::path> children;
  for (fs::directory_iterator walk{folder, code}; !code && walk != fs::directory_iterator{}; walk.increment(code))
    children.push_back(path / walk->path().filename());
  if (code) return failure(fmt::format("list {}: {}", path.string(), code.message()));
  for (const fs::path& child : children)
    if (auto done = remove_lower(child, Keep::nothing); !done) return done;
  return {};
}

Result<void> Unpacker::no_link_on_the_way(const fs::path& path) const {
  fs::path above;
  for (const fs::path& part : path.parent_path()) {
    above /= part;
    struct stat status {};
    if (::lstat((root_ / above).c_str(), &status) == 0 && S_ISLNK(status.st_mode))
      return failure(fmt::format("{} leads through the symbolic link {}", path.string(), above.string()));
  }
  return {};
}

}  // namespace migrate::runtime
