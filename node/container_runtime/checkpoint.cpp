#include "node/container_runtime/checkpoint.h"

#include <fmt/format.h>

#include <system_error>

#include "node/container_runtime/host_files.h"
#include "shared/base/criu_log.h"

namespace migrate::node {
namespace {

namespace fs = std::filesystem;

// What CRIU wrote of its failure; empty when it wrote nothing, as when it was not even started.
std::string criu_reason(const fs::path& log) {
  const std::string lines = telling_lines(read_small(log).value_or(""));
  return lines.empty() ? lines : fmt::format("; CRIU's log {} says: {}", log.string(), lines);
}

// Empty: it never ran meanwhile, as far as can be told.
std::string ran_meanwhile(const CheckpointSteps& steps) {
  const auto paused = steps.is_paused();
  if (paused && *paused) return {};
  const std::string found = paused ? "it runs after the checkpoint" : paused.error().message;
  const auto again = steps.pause();
  return found + (again ? "; it is paused again" : "; pausing it again failed: " + again.error().message) +
         ". What was written must be thrown away";
}

}  // namespace

Result<void> checkpoint_paused(const std::string& subject, const fs::path& images, const fs::path& work,
                               const CheckpointSteps& steps) {
  const auto failed = [&](const std::string& why) {
    return failure(fmt::format("checkpoint container {}: {}", subject, why));
  };
  std::error_code error;
  for (const fs::path& folder : {images, work})
    if (!fs::is_directory(folder, error)) return failed(fmt::format("there is no folder {}", folder.string()));
  const auto paused = steps.is_paused();
  if (!paused) return failed(paused.error().message);
  if (!*paused) return failed("it is not paused: pause it first");

  const fs::path log = work / "dump.log";
  fs::remove(log, error);  // an earlier one's reason is not this one's
  const auto dumped = steps.dump();
  const std::string reason = dumped ? "" : dumped.error().message + criu_reason(log);
  const std::string ran = ran_meanwhile(steps);
  if (reason.empty() && ran.empty()) return {};
  return failed(reason.empty() || ran.empty() ? reason + ran : reason + ". Besides: " + ran);
}

}  // namespace migrate::node
