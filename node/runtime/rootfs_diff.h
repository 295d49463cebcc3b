// A checkpoint's changes to its container's files, laid over the root of the container that is to go on.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "shared/base/result.h"

namespace migrate::runtime {

struct AppliedDiff {
  std::vector<std::string> warnings;  // what could not be set (an attribute the file system does not know)
};

// Unpacks `archive` (tar, also gzip) over `root` and gives `root` the mode it had in the source: the archive's own
// entry for it, else 0755, which is what images have. Without an archive only the mode is set.
// Removes what whiteouts name: `.wh.NAME` a file or folder below, `.wh..wh..opq` all of a folder that did not come
// with this archive, and overlayfs's own form, a 0:0 character device. Nothing outside `root` is touched: names with
// `..`, absolute ones, and paths that lead through a symbolic link are errors.
[[nodiscard]] Result<AppliedDiff> apply_rootfs_diff(const std::filesystem::path& archive,
                                                    const std::filesystem::path& root);

// Unpacks `archive`, which must be there, over `root`: every entry is itself, names of whiteouts too, and `root` gets
// the owner, mode and times of the archive's entry for it. As safe as the above.
[[nodiscard]] Result<AppliedDiff> unpack_tree(const std::filesystem::path& archive, const std::filesystem::path& root);

}  // namespace migrate::runtime
