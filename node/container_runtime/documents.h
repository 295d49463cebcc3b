// The JSON files of a checkpoint's archive, made of what the CRI says of a container.
#pragma once

#include <map>
#include <string>

#include "node/container_runtime/container_runtime.h"
#include "node/container_runtime/cri.h"

namespace migrate::node {

// `spec`: the OCI runtime spec as the runtime keeps it. `runtime`: what ran it, as config.dump names it.
[[nodiscard]] ContainerDocuments documents_of(const ContainerStatus& status, std::string spec,
                                              const std::string& runtime, Instant now);

}  // namespace migrate::node
