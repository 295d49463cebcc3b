// Unpacks a container's archive while it comes: pieces are handed in on one thread and written to the disk on another,
// with a bounded amount in between, so that memory does not grow with the archive.
#pragma once

#include <condition_variable>
#include <deque>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "shared/base/result.h"

namespace migrate::agent {

class Untar {
 public:
  // `folder` is there, empty and ours alone. Only folders and regular files are taken: an archive of a checkpoint holds
  // nothing else, and whatever leads out of the folder is an error.
  explicit Untar(std::filesystem::path folder);
  ~Untar();
  Untar(const Untar&) = delete;
  Untar& operator=(const Untar&) = delete;

  // Waits while too much is unwritten. False: it has failed already, and finish says why.
  [[nodiscard]] bool feed(std::string_view piece);
  // All has come: waits until all is written.
  [[nodiscard]] Result<void> finish();

  // For libarchive: the next piece, valid until the next call; nothing at the end.
  [[nodiscard]] std::optional<std::string_view> next();

 private:
  void end(bool broken_off);

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::string> waiting_;
  std::string current_;
  bool ended_ = false;  // nothing more comes
  bool done_ = false;   // the unpacking thread takes nothing more
  Result<void> result_;
  std::thread thread_;
};

}  // namespace migrate::agent
