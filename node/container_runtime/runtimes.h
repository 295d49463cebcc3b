// The two runtimes, for connect_runtime to choose from.
#pragma once

#include <memory>

#include "node/container_runtime/container_runtime.h"
#include "node/container_runtime/cri.h"

namespace migrate::node {

[[nodiscard]] std::unique_ptr<ContainerRuntime> make_containerd(Cri cri, const std::shared_ptr<grpc::Channel>& channel,
                                                                HostPaths host);
[[nodiscard]] std::unique_ptr<ContainerRuntime> make_crio(Cri cri, ProcessRunner& on_host, HostPaths host);

// What the CRI says of either; the rest of a RuntimeVersion is the runtime's own to say.
[[nodiscard]] Result<RuntimeVersion> version_of(const Cri& cri);

// A folder of the host as seen from here; an error when it is not.
[[nodiscard]] Result<std::filesystem::path> visible_folder(const HostPaths& host, const std::filesystem::path& path);

}  // namespace migrate::node
