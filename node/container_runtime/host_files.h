// Files of the host and of /proc, as seen from the agent's own mount namespace.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>

#include "node/container_runtime/container_runtime.h"
#include "shared/base/result.h"
#include "shared/base/units.h"

namespace migrate::node {

// Where the host's absolute `path` is found below `root`, symbolic links followed as on the host: an absolute one would
// otherwise lead into our own folders. What does not exist is left as written. For paths that the host's administrator
// and runtime choose, not for what a container can write.
[[nodiscard]] std::filesystem::path below_root(const std::filesystem::path& root, const std::filesystem::path& path);

// A file of /proc or /sys, whole; nothing when it (or its process) is not there.
[[nodiscard]] std::optional<std::string> read_small(const std::filesystem::path& path);

[[nodiscard]] bool process_exists(const std::filesystem::path& proc, pid_t pid);
[[nodiscard]] std::optional<pid_t> parent_of(const std::filesystem::path& proc, pid_t pid);

// Anonymous and shared memory of a process and all its descendants: what a checkpoint of them writes, or somewhat less
// than that sum where processes share pages.
[[nodiscard]] Bytes resident_memory(const std::filesystem::path& proc, pid_t pid);

// Of the tmpfs that the process sees at /dev/shm; nothing of any other file system there. Links are not followed: the
// container chose them.
[[nodiscard]] SharedMemory shared_memory(const std::filesystem::path& proc, pid_t pid);

}  // namespace migrate::node
