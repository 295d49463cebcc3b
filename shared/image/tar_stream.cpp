#include "shared/image/tar_stream.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "shared/base/descriptor.h"

namespace migrate::image {
namespace {

constexpr std::size_t kPiece = 1 << 20;
constexpr int kBlock = 1 << 18;

la_ssize_t pass_on(archive*, void* sink, const void* bytes, size_t size) {
  const bool taken = (*static_cast<ByteSink*>(sink))({static_cast<const char*>(bytes), size});
  return taken ? static_cast<la_ssize_t>(size) : -1;
}

void compress_by_gzip(archive* writer, const char* level) {
  archive_write_add_filter_gzip(writer);
  archive_write_set_filter_option(writer, "gzip", "timestamp", nullptr);  // or no two runs are alike
  archive_write_set_filter_option(writer, "gzip", "compression-level", level);
}

}  // namespace

void EntryDeleter::operator()(archive_entry* entry) const {
  archive_entry_free(entry);
}

EntryPtr new_entry(const std::string& path) {
  EntryPtr entry{archive_entry_new()};
  archive_entry_set_pathname(entry.get(), path.c_str());
  archive_entry_set_mtime(entry.get(), 0, 0);
  return entry;
}

struct ArchiveWriter::Impl {
  archive* writer = archive_write_new();
  ByteSink sink;
  bool closed = false;

  [[nodiscard]] Error error(const char* attempt) const {
    const char* text = archive_error_string(writer);
    return {fmt::format("{}: {}", attempt, text != nullptr ? text : "the output takes no more bytes")};
  }
};

ArchiveWriter::ArchiveWriter(Format format, ByteSink sink) : impl_(std::make_unique<Impl>()) {
  impl_->sink = std::move(sink);
  archive* writer = impl_->writer;
  if (format == Format::raw_gzip || format == Format::raw_zstd) {
    archive_write_set_format_raw(writer);
  } else if (format == Format::tar_gzip) {
    archive_write_set_format_gnutar(writer);
  } else {
    format == Format::exact_tar ? archive_write_set_format_pax(writer)
                                : archive_write_set_format_pax_restricted(writer);
    // Names are bytes: in the C locale libarchive would otherwise refuse or re-label what is not ASCII.
    archive_write_set_options(writer, "hdrcharset=BINARY");
    // Larger pieces than tar's own 10 KiB: each is a call of the sink, a digest's update, a message on a wire.
    archive_write_set_bytes_per_block(writer, kBlock);
  }
  if (format == Format::raw_gzip) compress_by_gzip(writer, "1");
  if (format == Format::tar_gzip) compress_by_gzip(writer, "6");
  if (format == Format::raw_zstd) {
    archive_write_add_filter_zstd(writer);
    archive_write_set_filter_option(writer, "zstd", "compression-level", "1");
  }
  // Without it the last block is padded with NULs up to 10,240 bytes, after the compressed stream.
  archive_write_set_bytes_in_last_block(writer, 1);
  archive_write_open(writer, &impl_->sink, nullptr, pass_on, nullptr);
}

ArchiveWriter::~ArchiveWriter() {
  // An archive that was given up is closed as well, or libarchive keeps its compressor's memory; but into a sink that
  // takes nothing: the one it had may be gone, and the rest of an unfinished entry would be written as zeros.
  if (!impl_->closed) {
    impl_->sink = [](std::span<const char>) { return false; };
    archive_write_close(impl_->writer);
  }
  archive_write_free(impl_->writer);
}

Result<void> ArchiveWriter::header(archive_entry* entry) {
  if (archive_write_header(impl_->writer, entry) < ARCHIVE_WARN)
    return tl::make_unexpected(impl_->error("write header"));
  return {};
}

Result<void> ArchiveWriter::data(std::span<const char> bytes) {
  if (bytes.empty()) return {};
  const la_ssize_t written = archive_write_data(impl_->writer, bytes.data(), bytes.size());
  if (written < 0) return tl::make_unexpected(impl_->error("write content"));
  if (static_cast<std::size_t>(written) != bytes.size())
    return failure(
        fmt::format("write content: {} bytes more than announced", bytes.size() - static_cast<std::size_t>(written)));
  return {};
}

Result<void> ArchiveWriter::file(const std::string& path, unsigned mode, std::span<const char> content) {
  const EntryPtr entry = new_entry(path);
  archive_entry_set_mode(entry.get(), S_IFREG | mode);
  archive_entry_set_size(entry.get(), static_cast<la_int64_t>(content.size()));
  if (auto done = header(entry.get()); !done) return done;
  return data(content);
}

Result<void> ArchiveWriter::content_of(const std::string& source, std::uint64_t size) {
  Result<void> failed;
  auto read = read_file(source, [&](std::span<const char> piece) {
    failed = data(piece);
    return failed.has_value();
  });
  if (!failed) return tl::make_unexpected(failed.error().within("add " + source));
  if (!read) return tl::make_unexpected(read.error());
  if (*read != size)
    return failure(fmt::format("add {}: it has {} bytes now, {} a moment ago; keep it unchanged while it is packed",
                               source, *read, size));
  return {};
}

Result<void> ArchiveWriter::close() {
  impl_->closed = true;
  if (archive_write_close(impl_->writer) != ARCHIVE_OK) return tl::make_unexpected(impl_->error("finish archive"));
  return {};
}

Result<std::uint64_t> read_file(const std::string& path, const ByteSink& sink) {
  const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
  if (!file.is_open()) return failure(fmt::format("open {}: {}", path, reason()));
  ::posix_fadvise(file.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
  std::vector<char> piece(kPiece);
  std::uint64_t total = 0;
  for (;;) {
    const ssize_t count = ::read(file.get(), piece.data(), piece.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return failure(fmt::format("read {}: {}", path, reason()));
    if (count == 0) return total;
    total += static_cast<std::uint64_t>(count);
    if (!sink({piece.data(), static_cast<std::size_t>(count)})) return failure(fmt::format("read {}: stopped", path));
  }
}

FileWriter::FileWriter(const std::string& path, Existing existing)
    : path_(path),
      descriptor_(::open(path.c_str(),
                         O_WRONLY | O_CREAT | O_CLOEXEC | (existing == Existing::replaced ? O_TRUNC : O_EXCL), 0600)) {
  if (descriptor_ < 0) error_ = errno;
}

FileWriter::~FileWriter() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

bool FileWriter::write(std::span<const char> bytes) {
  while (error_ == 0 && !bytes.empty()) {
    const ssize_t count = ::write(descriptor_, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      error_ = errno;
      break;
    }
    size_ += static_cast<std::uint64_t>(count);
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  return error_ == 0;
}

Result<void> FileWriter::finish() {
  if (error_ == 0 && ::close(std::exchange(descriptor_, -1)) != 0) error_ = errno;
  return state();
}

Result<void> FileWriter::state() const {
  if (error_ != 0) return failure(fmt::format("write {}: {}", path_, reason(error_)));
  return {};
}

}  // namespace migrate::image
