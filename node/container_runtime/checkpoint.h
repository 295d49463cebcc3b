// A checkpoint of a paused container that must stay paused, whoever makes it.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "shared/base/result.h"

namespace migrate::node {

struct CheckpointSteps {
  std::function<Result<bool>()> is_paused;
  std::function<Result<void>()> pause;
  std::function<Result<void>()> dump;  // the runtime's own call
};

// See ContainerRuntime::checkpoint. `subject` names the container in errors.
[[nodiscard]] Result<void> checkpoint_paused(const std::string& subject, const std::filesystem::path& images,
                                             const std::filesystem::path& work, const CheckpointSteps& steps);

}  // namespace migrate::node
