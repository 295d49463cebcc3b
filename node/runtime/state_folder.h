// The state folder of one (Pod uid, container): BASE/POD UID/CONTAINER, each 0700 and ours. decision.h says what lies
// in it.
#pragma once

#include <filesystem>
#include <string>

#include "node/runtime/decision.h"
#include "shared/base/result.h"

namespace migrate::runtime {

class StateFolder {
 public:
  // `boot_id` tells marks of this boot from earlier ones.
  StateFolder(std::filesystem::path base, const Identity& identity, std::string boot_id);

  // Never fails: what cannot be looked at is untrusted or broken, and says why.
  [[nodiscard]] Observation observe() const;

  // The marks, durable when they return.
  [[nodiscard]] Result<void> mark(const std::string& name, const std::string& content) const;
  // Takes away one that decides nothing; there may be none.
  [[nodiscard]] Result<void> unmark(const std::string& name) const;

  // Checks that archive/checkpoint is there and ours, and makes an empty work/.
  [[nodiscard]] Result<void> prepare_work() const;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::filesystem::path archive() const { return path_ / "archive"; }
  [[nodiscard]] std::filesystem::path work() const { return path_ / "work"; }

 private:
  std::filesystem::path base_;
  std::string pod_uid_;
  std::string container_;
  std::string boot_id_;
  std::filesystem::path path_;
};

}  // namespace migrate::runtime
