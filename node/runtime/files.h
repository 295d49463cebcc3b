// Files and folders as a program that runs as root must touch them: descriptors, no symbolic links, durable marks.
#pragma once

#include <filesystem>
#include <string>

#include "shared/base/descriptor.h"
#include "shared/base/result.h"

namespace migrate::runtime {

// The folder `name` below `parent` (AT_FDCWD and a path: the first one), never through a symbolic link at its end. It
// must belong to us, and with `Private::yes` to nobody else (no mode bits for group and others).
enum class Private { no, yes };
[[nodiscard]] Lookup<Descriptor> open_folder(int parent, const std::string& name, Private alone);

// A regular file of ours below `folder`, whole; more than `limit` bytes are an error. Absent is a value.
[[nodiscard]] Lookup<std::string> read_below(int folder, const std::string& name, std::size_t limit);

// Any file, for paths that others answer for.
[[nodiscard]] Lookup<std::string> read_file(const std::filesystem::path& path, std::size_t limit);

// Makes a file that was not there, and returns when it survives a power cut. Nobody ever sees a part of it, and what
// could not be made whole is removed.
[[nodiscard]] Result<void> create_durably(int folder, const std::string& name, const std::string& content);

}  // namespace migrate::runtime
