// What the target's agent remembers of a migration: which Pods it prepared, which archives it holds.
#pragma once

#include <string>
#include <vector>

#include "shared/agent_api/agent_api.h"

namespace migrate::agent {

struct StoredTarget {
  std::string name;               // the Migration's NAMESPACE/NAME
  std::vector<std::string> pods;  // uids; the last one is the newest
  std::vector<Archive> archives;  // pulled, whole
  std::string boot_id;            // of the pull: what was not synced may be broken after another boot
};

[[nodiscard]] std::string to_text(const StoredTarget& stored);
[[nodiscard]] Result<StoredTarget> parse_target(const std::string& text);

}  // namespace migrate::agent
