// Keeps orders of a controller that has lost its lease from being carried out: each order carries the lease's term, and
// whoever has seen a newer one refuses an older one. Remembered on disk, one small file for each migration.
#pragma once

#include <filesystem>
#include <map>
#include <mutex>

#include "shared/agent_api/agent_api.h"

namespace migrate::agent {

class Fence {
 public:
  // Reads what is there.
  explicit Fence(std::filesystem::path folder);

  // Also refuses names that could not be a migration's uid: they become parts of paths.
  [[nodiscard]] AgentResult<void> admit(const Order& order);

  // Forgets terms that were last raised that long ago: of migrations that are over.
  void forget_older_than(std::chrono::hours age);

 private:
  std::filesystem::path folder_;
  std::mutex mutex_;
  std::map<std::string, std::int64_t> terms_;
};

}  // namespace migrate::agent
