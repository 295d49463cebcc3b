// libarchive as RAII and Results: a tar writer that feeds a sink.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "shared/base/result.h"

struct archive;
struct archive_entry;

namespace migrate::image {

// Takes bytes; false ends the writing with an error.
using ByteSink = std::function<bool(std::span<const char>)>;

struct EntryDeleter {
  void operator()(archive_entry* entry) const;
};
using EntryPtr = std::unique_ptr<archive_entry, EntryDeleter>;
[[nodiscard]] EntryPtr new_entry(const std::string& path);

// A pax tar archive (or, as `raw`, one compressed stream) written to a sink. `tar` has times in whole seconds, as
// images do; `exact_tar` also their fractions. `tar_gzip` is for people: GNU's kind, about whose headers their tar says
// nothing, and compressed.
class ArchiveWriter {
 public:
  enum class Format { tar, exact_tar, tar_gzip, raw_gzip, raw_zstd };
  ArchiveWriter(Format format, ByteSink sink);
  ~ArchiveWriter();
  ArchiveWriter(const ArchiveWriter&) = delete;
  ArchiveWriter& operator=(const ArchiveWriter&) = delete;

  [[nodiscard]] Result<void> header(archive_entry* entry);
  // All of it or an error: libarchive drops bytes beyond the announced size without one.
  [[nodiscard]] Result<void> data(std::span<const char> bytes);
  // An entry whose content is at hand.
  [[nodiscard]] Result<void> file(const std::string& path, unsigned mode, std::span<const char> content);
  // An entry with exactly `size` bytes of the file `source`; its header is the caller's.
  [[nodiscard]] Result<void> content_of(const std::string& source, std::uint64_t size);
  // Must be called: only then is the archive complete.
  [[nodiscard]] Result<void> close();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Reads a whole file in pieces.
[[nodiscard]] Result<std::uint64_t> read_file(const std::string& path, const ByteSink& sink);

// A file that is written through a sink; `finish` reports what the disk said. A new one is for its owner alone.
class FileWriter {
 public:
  enum class Existing { replaced, kept };  // kept: a file or link of that name is an error
  explicit FileWriter(const std::string& path, Existing existing = Existing::replaced);
  ~FileWriter();
  FileWriter(const FileWriter&) = delete;
  FileWriter& operator=(const FileWriter&) = delete;

  [[nodiscard]] bool write(std::span<const char> bytes);
  [[nodiscard]] Result<void> finish();
  // What the disk has said so far: whether the file could be opened, before anything is written.
  [[nodiscard]] Result<void> state() const;
  [[nodiscard]] std::uint64_t size() const { return size_; }

 private:
  std::string path_;
  int descriptor_ = -1;
  int error_ = 0;
  std::uint64_t size_ = 0;
};

}  // namespace migrate::image
