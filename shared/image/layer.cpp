#include "shared/image/layer.h"

#include <archive_entry.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>
#include <set>

#include "shared/base/descriptor.h"
#include "shared/image/digest.h"
#include "shared/image/tar_stream.h"

namespace migrate::image {
namespace {

namespace fs = std::filesystem;

// File capabilities (ping, newuidmap) are the one extended attribute images carry.
void copy_capability(const std::string& path, archive_entry* entry) {
  constexpr const char* name = "security.capability";
  std::array<char, 256> value{};
  const ssize_t size = ::lgetxattr(path.c_str(), name, value.data(), value.size());
  if (size > 0) archive_entry_xattr_add_entry(entry, name, value.data(), static_cast<std::size_t>(size));
}

// Adds one file, folder, link or device; a second name of an inode becomes a hard link to the first.
class TreeWriter {
 public:
  TreeWriter(fs::path root, ArchiveWriter& writer) : root_(std::move(root)), writer_(writer) {}

  Result<void> add(const fs::path& relative) {
    const std::string source = (root_ / relative).string();
    struct stat status {};
    if (::lstat(source.c_str(), &status) != 0) return failure(fmt::format("add {}: {}", source, reason()));
    if (S_ISSOCK(status.st_mode)) return {};  // a socket means nothing in an image

    const EntryPtr entry = new_entry(relative.string() + (S_ISDIR(status.st_mode) ? "/" : ""));
    archive_entry_copy_stat(entry.get(), &status);
    archive_entry_set_mtime(entry.get(), 0, 0);
    archive_entry_unset_atime(entry.get());
    archive_entry_unset_ctime(entry.get());
    archive_entry_unset_birthtime(entry.get());
    // Which device and inode they had is this machine's affair, and would make two runs differ.
    archive_entry_set_dev(entry.get(), 0);
    archive_entry_set_ino(entry.get(), 0);
    archive_entry_set_nlink(entry.get(), 1);

    if (S_ISLNK(status.st_mode)) {
      std::error_code code;
      const fs::path target = fs::read_symlink(source, code);
      if (code) return failure(fmt::format("read link {}: {}", source, code.message()));
      archive_entry_set_symlink(entry.get(), target.c_str());
    } else if (S_ISREG(status.st_mode)) {
      if (status.st_nlink > 1) {
        const auto [first, is_new] = names_.try_emplace({status.st_dev, status.st_ino}, relative.string());
        if (!is_new) {
          archive_entry_set_size(entry.get(), 0);
          archive_entry_set_hardlink(entry.get(), first->second.c_str());
          return writer_.header(entry.get());
        }
      }
      copy_capability(source, entry.get());
    }
    if (auto done = writer_.header(entry.get()); !done) return done;
    if (!S_ISREG(status.st_mode)) return {};
    return writer_.content_of(source, static_cast<std::uint64_t>(status.st_size));
  }

 private:
  fs::path root_;
  ArchiveWriter& writer_;
  std::map<std::pair<dev_t, ino_t>, std::string> names_;
};

Result<void> write_tar(const DirectoryTree& tree, ArchiveWriter& writer) {
  std::error_code code;
  std::vector<fs::path> paths;
  fs::recursive_directory_iterator walk{tree.root, code};
  for (; !code && walk != fs::recursive_directory_iterator{}; walk.increment(code))
    paths.push_back(walk->path().lexically_relative(tree.root));
  if (code) return failure(fmt::format("list {}: {}", tree.root.string(), code.message()));
  std::sort(paths.begin(), paths.end());

  TreeWriter files{tree.root, writer};
  for (const fs::path& path : paths)
    if (auto done = files.add(path); !done) return done;
  return {};
}

Result<void> write_tar(const Files& files, ArchiveWriter& writer) {
  std::vector<FilePlacement> sorted = files.placements;
  for (FilePlacement& placement : sorted) {
    const fs::path clean = fs::path("/" + placement.destination).lexically_normal();
    if (clean.filename().empty())
      return failure(
          fmt::format("add {} at '{}': that names no file", placement.source.string(), placement.destination));
    placement.destination = clean.lexically_relative("/").string();
  }
  std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.destination < b.destination; });

  std::set<std::string> folders;
  for (const FilePlacement& placement : sorted) {
    fs::path folder;
    for (const fs::path& part : fs::path(placement.destination).parent_path()) {
      folder /= part;
      if (!folders.insert(folder.string()).second) continue;
      const EntryPtr entry = new_entry(folder.string() + "/");
      archive_entry_set_mode(entry.get(), S_IFDIR | 0755);
      if (auto done = writer.header(entry.get()); !done) return done;
    }
    std::error_code code;
    // Through its real path: a link to a binary stands for the binary.
    const std::string source = fs::canonical(placement.source, code).string();
    struct stat status {};
    if (code || ::stat(source.c_str(), &status) != 0)
      return failure(fmt::format("add {}: {}", placement.source.string(), code ? code.message() : reason()));
    if (!S_ISREG(status.st_mode))
      return failure(fmt::format("add {}: is {}", placement.source.string(),
                                 S_ISDIR(status.st_mode) ? "a folder" : "no regular file"));
    const EntryPtr entry = new_entry(placement.destination);
    archive_entry_set_mode(entry.get(), S_IFREG | placement.mode);
    archive_entry_set_size(entry.get(), status.st_size);
    if (auto done = writer.header(entry.get()); !done) return done;
    if (auto done = writer.content_of(source, static_cast<std::uint64_t>(status.st_size)); !done) return done;
  }
  return {};
}

const char* media_type(Compression compression) {
  switch (compression) {
    case Compression::none:
      return "application/vnd.oci.image.layer.v1.tar";
    case Compression::gzip:
      return "application/vnd.oci.image.layer.v1.tar+gzip";
    case Compression::zstd:
      return "application/vnd.oci.image.layer.v1.tar+zstd";
  }
  return "";
}

// Feeds the tar archive to `sink`, whatever the source is.
Result<void> produce_tar(const LayerSource& source, const ByteSink& sink) {
  if (const auto* archive = std::get_if<TarArchive>(&source))
    return read_file(archive->path.string(), sink).map([](std::uint64_t) {});
  ArchiveWriter writer{ArchiveWriter::Format::tar, sink};
  Result<void> written;
  if (const auto* tree = std::get_if<DirectoryTree>(&source)) written = write_tar(*tree, writer);
  if (const auto* files = std::get_if<Files>(&source)) written = write_tar(*files, writer);
  if (!written) return written;
  return writer.close();
}

}  // namespace

Result<Layer> write_layer(const LayerSource& source, Compression compression, const fs::path& blob) {
  Layer layer{.blob = blob, .media_type = media_type(compression), .digest = {}, .diff_id = {}, .size = {}};
  Sha256 diff_id;
  if (const auto* archive = std::get_if<TarArchive>(&source); archive != nullptr && compression == Compression::none) {
    auto size = read_file(archive->path.string(), [&](std::span<const char> piece) {
      diff_id.update(piece.data(), piece.size());
      return true;
    });
    if (!size) return tl::make_unexpected(size.error());
    layer.blob = archive->path;
    layer.size = {*size};
    layer.digest = layer.diff_id = diff_id.finish();
    return layer;
  }

  // One pass: tar -> digest of the tar -> compressor -> digest of the blob -> file.
  FileWriter file{blob.string()};
  Sha256 digest;
  const ByteSink to_file = [&](std::span<const char> piece) {
    if (compression != Compression::none) digest.update(piece.data(), piece.size());
    return file.write(piece);
  };
  Result<void> written;
  if (compression == Compression::none) {
    written = produce_tar(source, [&](std::span<const char> piece) {
      diff_id.update(piece.data(), piece.size());
      return to_file(piece);
    });
  } else {
    ArchiveWriter compressor{
        compression == Compression::gzip ? ArchiveWriter::Format::raw_gzip : ArchiveWriter::Format::raw_zstd, to_file};
    const EntryPtr stream = new_entry("layer");
    archive_entry_set_mode(stream.get(), S_IFREG | 0644);
    written = compressor.header(stream.get());
    if (written)
      written = produce_tar(source, [&](std::span<const char> piece) {
        diff_id.update(piece.data(), piece.size());
        return compressor.data(piece).has_value();
      });
    if (written) written = compressor.close();
  }
  // What the disk said comes first: it is the cause of what the writers above it report.
  if (auto finished = file.finish(); !finished) return tl::make_unexpected(finished.error());
  if (!written) return tl::make_unexpected(written.error());
  layer.size = {file.size()};
  layer.diff_id = diff_id.finish();
  layer.digest = compression == Compression::none ? layer.diff_id : digest.finish();
  return layer;
}

}  // namespace migrate::image
