// What migrate-runc's log says of a restore that failed, told in the agent's own: the file is for root on its node
// alone. `kubectl migrate support-bundle` has it from there.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "shared/log/log.h"

namespace migrate::agent {

// Whose restore is meant: the Migration's uid, and the names of Pod and container.
struct RestoreSubject {
  std::string migration;
  std::string pod;
  std::string container;
};
// One line of migrate-runc's log (node/runtime/documents.h: own_log_line).
struct RuntimeLine {
  std::string at;
  std::string level;
  std::string message;  // 8 KiB of it at most: a runtime parts longer lines of a log
};
// Those of `text` that are about it, in their order, the last 40 of them at most. Pure.
[[nodiscard]] std::vector<RuntimeLine> runtime_lines(std::string_view text, const RestoreSubject& about);

// What lies at the end of `file`, as lines at level info, with the migration, `name` (its NAMESPACE/NAME), Pod and
// container and the fields "file", "at" and "said" (the line's own level). `failure`: what its mark says, which is
// there a moment before the line in the log; told where that has not come.
void tell_runtime_log(Log& log, const std::filesystem::path& file, const RestoreSubject& about, const std::string& name,
                      const std::string& failure);

}  // namespace migrate::agent
