// Waits for a change in a folder: inotify where it works, and never longer than a moment, for where it does not.
#pragma once

#include <chrono>
#include <filesystem>

#include "node/runtime/files.h"

namespace migrate::runtime {

class FolderWatch {
 public:
  explicit FolderWatch(const std::filesystem::path& folder);

  // Returns at a change since the last call or the construction, or after min(at_most, 50 ms): `abort` must be seen
  // within 100 ms also where a folder cannot be watched (all watches in use).
  void wait(std::chrono::milliseconds at_most);

 private:
  Descriptor inotify_;
};

}  // namespace migrate::runtime
