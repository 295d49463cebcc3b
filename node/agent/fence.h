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

  // A term that the disk does not take: `must` refuses the order. What gives the source back, or gives room on that
  // very disk, `may` be carried out all the same: such a term is known until this agent ends, and written with the next
  // order that finds room.
  enum class Written { must, may };
  // Also refuses names that could not be a migration's uid: they become parts of paths.
  [[nodiscard]] AgentResult<void> admit(const Order& order, Written written = Written::must);
  // For what another agent asks, which speaks for no controller: it raises no term.
  [[nodiscard]] AgentResult<void> check(const Order& order);

  // Forgets terms that were last raised that long ago: of migrations that are over.
  void forget_older_than(std::chrono::hours age);

 private:
  struct Term {
    std::int64_t value = 0;
    bool is_written = true;
  };
  [[nodiscard]] AgentResult<void> refuse_older(const Order& order) const;

  std::filesystem::path folder_;
  std::mutex mutex_;
  std::map<std::string, Term> terms_;
};

}  // namespace migrate::agent
