// Whether a container is frozen, by the kernel's own word: what a runtime answers is its memory of what it did, and a
// source that runs after its checkpoint would be a second life.
#pragma once

#include <sys/types.h>

#include "node/container_runtime/container_runtime.h"

namespace migrate::node {

enum class Freezer {
  frozen,  // nothing of it runs
  running,
  unknown,  // its freezer is not where we can see it
};
// Waits for one that is just being frozen, 1 s at most.
[[nodiscard]] Freezer freezer_of(const HostPaths& host, pid_t pid);

// Freezes it past the runtime, for when that thinks it is frozen and it is not. Returns once it is, 2 s at most.
[[nodiscard]] Result<void> freeze_directly(const HostPaths& host, pid_t pid);

}  // namespace migrate::node
