#include "node/runtime/rootfs_diff.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <fmt/format.h>

#include <cerrno>
#include <memory>

#include "node/runtime/files.h"
#include "node/runtime/unpacker.h"
#include "shared/base/freer.h"

namespace migrate::runtime {
namespace {

namespace fs = std::filesystem;

constexpr mode_t kImageRootMode = 0755;

std::string text_of(archive* source) {
  const char* text = archive_error_string(source);
  return text != nullptr ? text : "unknown error";
}

Result<void> unpack_all(int file, Unpacker& unpacker) {
  const std::unique_ptr<archive, Freer<archive_read_free>> reader{archive_read_new()};
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

Result<AppliedDiff> lay(const fs::path& archive, const fs::path& root, Entries entries,
                        std::optional<mode_t> otherwise) {
  const auto attempt = fmt::format("lay {} over {}", archive.string(), root.string());
  const Descriptor file{::open(archive.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
  const bool may_lack = entries == Entries::changes && errno == ENOENT;
  if (!file.is_open() && !may_lack) return failure(fmt::format("{}: {}", attempt, reason()));
  // Runtimes may lead to a container's root through links of their own. A tree's place is taken as it is named: below
  // /proc/1/root, which is a link that only the kernel can follow.
  std::error_code code;
  const fs::path real = entries == Entries::changes ? fs::canonical(root, code) : root;
  if (code) return failure(fmt::format("{}: {}", attempt, code.message()));
  Unpacker unpacker{real, entries};
  if (file.is_open())
    if (auto done = unpack_all(file.get(), unpacker); !done) return tl::make_unexpected(done.error().within(attempt));
  if (auto done = unpacker.finish(otherwise); !done) return tl::make_unexpected(done.error().within(attempt));
  return AppliedDiff{std::move(unpacker.warnings)};
}

}  // namespace

Result<AppliedDiff> apply_rootfs_diff(const fs::path& archive, const fs::path& root) {
  return lay(archive, root, Entries::changes, kImageRootMode);
}

Result<AppliedDiff> unpack_tree(const fs::path& archive, const fs::path& root) {
  return lay(archive, root, Entries::whole, std::nullopt);
}

}  // namespace migrate::runtime
