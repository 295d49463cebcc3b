// The folder that CRIU turns a restored container's root over with.
//
// pivot_root(2) wants a folder of the new root to put the old one in. CRIU takes `tmp` where the root has one and makes
// one of its own otherwise (cr_pivot_root in its mount.c), at a time when the root has its flags again: in a read-only
// root it can make none. From outside such a root is writable, so it is lent a `tmp` for the restore.
#pragma once

#include <filesystem>
#include <utility>

#include "shared/base/result.h"

namespace migrate::runtime {

class PivotFolder {
 public:
  PivotFolder() = default;  // nothing lent
  // Nothing is made in a root that has a `tmp` of any kind.
  [[nodiscard]] static Result<PivotFolder> lend(const std::filesystem::path& root);
  // For a `tmp` that something is mounted on: taken away, it would take the mount with it.
  void leave() { made_.clear(); }

  PivotFolder(PivotFolder&& other) noexcept : made_(std::exchange(other.made_, {})) {}
  PivotFolder& operator=(PivotFolder&& other) noexcept {
    made_.swap(other.made_);
    return *this;
  }
  PivotFolder(const PivotFolder&) = delete;
  PivotFolder& operator=(const PivotFolder&) = delete;
  ~PivotFolder();

 private:
  explicit PivotFolder(std::filesystem::path made) : made_(std::move(made)) {}
  std::filesystem::path made_;  // empty: nothing to take back
};

}  // namespace migrate::runtime
