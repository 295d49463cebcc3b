// One container's state folder as the agent reads it: migrate-runc's marks, and what they mean for the controller.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "node/runtime/decision.h"
#include "node/runtime/documents.h"
#include "shared/agent_api/agent_api.h"

namespace migrate::agent {

struct Marks {
  runtime::Observation seen;
  bool waiting = false;  // a create waits, as far as its mark can tell
  std::optional<runtime::FailureReport> failed;
  std::string claimed_by;  // the runtime's id of the container
  std::optional<Instant> claimed_at;
};

// `restores`: migrate-runc's state folder.
[[nodiscard]] Marks read_marks(const std::filesystem::path& restores, const std::string& pod_uid,
                               const std::string& container, const std::string& boot_id, Instant now);

// By CRIU's log of the last attempt.
[[nodiscard]] bool tasks_resumed(const std::filesystem::path& restores, const std::string& pod_uid,
                                 const std::string& container);

// Pure.
[[nodiscard]] RestoredContainer state_of(const std::string& container, const Marks& marks);

// Whether memory may have run, or may still: only what can be ruled out is not. Pure.
[[nodiscard]] bool may_have_run(const Marks& marks);

}  // namespace migrate::agent
