// Lays the entries of a tar archive over a folder, one by one. By hand rather than by libarchive's own writer, which
// brings libacl into a static program and knows nothing of whiteouts.
//
// Nothing outside the folder is touched: names with `..`, absolute ones, and paths that lead through a symbolic link
// are errors.
#pragma once

#include <sys/types.h>

#include <array>
#include <ctime>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "shared/base/result.h"

struct archive;
struct archive_entry;

namespace migrate::runtime {

// changes: `.wh.NAME`, `.wh..wh..opq` and 0:0 devices take away what lay below; of the root only the mode is set.
// whole: every entry is itself, and the root gets the archive's owner and times too.
enum class Entries { changes, whole };

class Unpacker {
 public:
  Unpacker(std::filesystem::path root, Entries entries) : root_(std::move(root)), entries_(entries) {}

  [[nodiscard]] Result<void> add(archive* reader, archive_entry* entry);
  // Must be called last. `otherwise`: the root's mode when the archive has no entry for it; nothing: as it is.
  [[nodiscard]] Result<void> finish(std::optional<mode_t> otherwise);

  std::vector<std::string> warnings;

 private:
  enum class Keep { folder, nothing };
  using Times = std::array<timespec, 2>;
  struct Owner {
    uid_t user;
    gid_t group;
  };

  [[nodiscard]] Result<void> take_root(archive_entry* entry);
  [[nodiscard]] Result<void> unpack(archive* reader, archive_entry* entry, const std::filesystem::path& path);
  [[nodiscard]] Result<void> make(archive* reader, archive_entry* entry, const std::filesystem::path& path,
                                  bool exists);
  [[nodiscard]] Result<void> set_attributes(archive_entry* entry, const std::filesystem::path& path);
  [[nodiscard]] Result<void> remove_lower(const std::filesystem::path& path, Keep keep);
  [[nodiscard]] Result<void> no_link_on_the_way(const std::filesystem::path& path) const;

  std::filesystem::path root_;
  Entries entries_;
  std::vector<std::pair<std::filesystem::path, Times>> folder_times_;
  std::optional<mode_t> root_mode_;
  std::optional<Owner> root_owner_;
  std::set<std::filesystem::path> unpacked_;
};

}  // namespace migrate::runtime
