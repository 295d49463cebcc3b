#include "node/agent/untar.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

#include "shared/base/descriptor.h"
#include "shared/base/freer.h"

namespace migrate::agent {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kWaiting = 16;  // pieces

std::string text_of(archive* reader) {
  const char* text = archive_error_string(reader);
  return text != nullptr ? text : "unknown error";
}

la_ssize_t next_piece(archive*, void* untar, const void** bytes) {
  const auto piece = static_cast<Untar*>(untar)->next();
  if (!piece) return 0;
  *bytes = piece->data();
  return static_cast<la_ssize_t>(piece->size());
}

// "./checkpoint/x" -> "checkpoint/x"; "" is the folder itself.
Result<fs::path> inside(const char* name) {
  if (name == nullptr || *name == '\0') return failure("an entry has no name");
  fs::path clean;
  for (const fs::path& part : fs::path{name}) {
    if (part == ".." || part == "/") return failure(fmt::format("its entry {} leads out of it", name));
    if (!part.empty() && part != ".") clean /= part;
  }
  return clean;
}

Result<void> write_file(archive* reader, const fs::path& path) {
  const Descriptor file{::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)};
  if (!file.is_open()) return failure(fmt::format("create {}: {}", path.string(), reason()));
  off_t end = 0;
  for (;;) {
    const void* bytes = nullptr;
    std::size_t size = 0;
    la_int64_t offset = 0;
    const int read = archive_read_data_block(reader, &bytes, &size, &offset);
    if (read == ARCHIVE_EOF) break;
    if (read < ARCHIVE_WARN) return failure(text_of(reader));
    for (std::size_t done = 0; done < size;) {
      const ssize_t count =
          ::pwrite(file.get(), static_cast<const char*>(bytes) + done, size - done, offset + static_cast<off_t>(done));
      if (count < 0 && errno != EINTR) return failure(fmt::format("write {}: {}", path.string(), reason()));
      if (count > 0) done += static_cast<std::size_t>(count);
    }
    end = offset + static_cast<off_t>(size);
  }
  if (::ftruncate(file.get(), end) != 0) return failure(fmt::format("write {}: {}", path.string(), reason()));
  return {};
}

Result<void> unpack_entry(archive* reader, archive_entry* entry, const fs::path& folder) {
  auto path = inside(archive_entry_pathname(entry));
  if (!path) return tl::make_unexpected(path.error());
  if (path->empty()) return {};
  std::error_code code;
  const auto kind = archive_entry_filetype(entry);
  if (archive_entry_hardlink(entry) != nullptr || (kind != AE_IFDIR && kind != AE_IFREG))
    return failure(fmt::format("its entry {} is neither a folder nor a file", path->string()));
  // All that is in the folder was made here: no part of the way can be a link.
  fs::create_directories(kind == AE_IFDIR ? folder / *path : folder / path->parent_path(), code);
  if (code) return failure(fmt::format("make the folder of {}: {}", path->string(), code.message()));
  return kind == AE_IFREG ? write_file(reader, folder / *path) : Result<void>{};
}

Result<void> unpack_all(Untar& untar, const fs::path& folder) {
  const std::unique_ptr<archive, Freer<archive_read_free>> reader{archive_read_new()};
  archive_read_support_format_tar(reader.get());
  if (archive_read_open(reader.get(), &untar, nullptr, next_piece, nullptr) != ARCHIVE_OK)
    return failure(text_of(reader.get()));
  for (;;) {
    archive_entry* entry = nullptr;
    const int next = archive_read_next_header(reader.get(), &entry);
    if (next == ARCHIVE_EOF) break;
    if (next < ARCHIVE_WARN) return failure(text_of(reader.get()));
    if (auto done = unpack_entry(reader.get(), entry, folder); !done) return done;
  }
  while (untar.next()) {
    // padding after the archive's end
  }
  return {};
}

}  // namespace

Untar::Untar(fs::path folder) {
  thread_ = std::thread([this, folder = std::move(folder)] {
    auto result = unpack_all(*this, folder);
    {
      const std::lock_guard lock{mutex_};
      result_ = std::move(result);
      done_ = true;
      waiting_.clear();
    }
    changed_.notify_all();
  });
}

Untar::~Untar() {
  end(/*broken_off=*/true);
}

void Untar::end(bool broken_off) {
  {
    const std::lock_guard lock{mutex_};
    ended_ = true;
    if (broken_off) waiting_.clear();
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

bool Untar::feed(std::string_view piece) {
  if (piece.empty()) return true;
  std::string copy{piece};  // outside the lock
  std::unique_lock lock{mutex_};
  changed_.wait(lock, [&] { return done_ || waiting_.size() < kWaiting; });
  if (done_) return false;
  waiting_.push_back(std::move(copy));
  lock.unlock();
  changed_.notify_all();
  return true;
}

Result<void> Untar::finish() {
  end(/*broken_off=*/false);
  return result_;
}

std::optional<std::string_view> Untar::next() {
  std::unique_lock lock{mutex_};
  changed_.wait(lock, [&] { return ended_ || !waiting_.empty(); });
  if (waiting_.empty()) return std::nullopt;
  current_ = std::move(waiting_.front());
  waiting_.pop_front();
  lock.unlock();
  changed_.notify_all();
  return current_;
}

}  // namespace migrate::agent
