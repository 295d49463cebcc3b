// Files as the agent keeps them: written whole or not at all, durable when a decision hangs on them, for root alone.
#pragma once

#include <filesystem>
#include <string>

#include "shared/base/result.h"
#include "shared/base/units.h"

namespace migrate::agent {

// Under another name first, then renamed; survives a power cut once it returns. Mode 0600 unless another one is given.
[[nodiscard]] Result<void> write_durably(const std::filesystem::path& file, const std::string& text,
                                         unsigned mode = 0600);

// Makes what is missing of `folder` below `base`, each 0700; `base` itself too. Not durable by itself: the next
// write_durably in it is.
[[nodiscard]] Result<void> make_private_folder(const std::filesystem::path& base,
                                               const std::filesystem::path& below = {});

// Whatever is there, a folder with all in it; nothing there is no error.
[[nodiscard]] Result<void> remove_tree(const std::filesystem::path& path);

// The same files under names below `to` as well, folders anew, each 0700; within one file system. `to` must not be
// there. Anything but files and folders is an error.
[[nodiscard]] Result<void> link_tree(const std::filesystem::path& from, const std::filesystem::path& to);

// By rename; between two file systems a copy (of a regular file only) and a removal.
[[nodiscard]] Result<void> move_file(const std::filesystem::path& from, const std::filesystem::path& to);

[[nodiscard]] Result<Bytes> free_disk(const std::filesystem::path& folder);
// Of all regular files below; what cannot be looked at counts nothing.
[[nodiscard]] Bytes size_of_tree(const std::filesystem::path& folder);

// One component of a path, as names of objects are: no slash, not empty, no dots alone. Orders come from afar.
[[nodiscard]] bool is_plain_name(const std::string& name);

}  // namespace migrate::agent
