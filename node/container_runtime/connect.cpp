#include <algorithm>
#include <array>
#include <system_error>

#include "node/container_runtime/call.h"
#include "node/container_runtime/facts.h"
#include "node/container_runtime/host_files.h"
#include "node/container_runtime/runtimes.h"

namespace migrate::node {
namespace {

namespace fs = std::filesystem;

// On /run: /var/run may be a link.
constexpr std::array kSockets{"/run/containerd/containerd.sock", "/run/k3s/containerd/containerd.sock",
                              "/run/crio/crio.sock"};
constexpr const char* kHandler = "migrate";

Result<fs::path> socket_of(const HostPaths& host, const std::optional<fs::path>& named) {
  if (named) return below_root(host.root, *named);
  for (const char* candidate : kSockets) {
    const fs::path path = below_root(host.root, candidate);
    std::error_code error;
    if (fs::is_socket(path, error)) return path;
  }
  return failure(fmt::format("find the node's container runtime: no socket {} below {}", fmt::join(kSockets, ", "),
                             host.root.string()));
}

std::shared_ptr<grpc::Channel> channel_to(const fs::path& socket) {
  constexpr int largest_answer = 16 << 20;
  grpc::ChannelArguments arguments;
  arguments.SetString(GRPC_ARG_DEFAULT_AUTHORITY, "localhost");  // a path is none, and Go's servers mind
  arguments.SetMaxReceiveMessageSize(largest_answer);
  // A runtime that was restarted is to be found again at once: a thaw may be waiting.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 50);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 50);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 500);
  // Connections are shared between channels of the same arguments otherwise, with their backoff.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return grpc::CreateCustomChannel("unix:" + socket.string(), grpc::InsecureChannelCredentials(), arguments);
}

}  // namespace

Result<RuntimeVersion> version_of(const Cri& cri) {
  const auto version = cri.version();
  if (!version) return tl::make_unexpected(version.error());
  const auto state = cri.state();
  if (!state) return tl::make_unexpected(state.error());
  RuntimeVersion known;
  known.name = version->name;
  known.version = plain_version(version->version);
  known.has_handler = std::find(state->handlers.begin(), state->handlers.end(), kHandler) != state->handlers.end();
  known.restore_via_create = restore_switch(state->config);
  // Of containerd through its tasks API, of CRI-O through the OCI runtime its conmon names: what answers can.
  known.can_checkpoint_directly = true;
  return known;
}

Result<fs::path> visible_folder(const HostPaths& host, const fs::path& path) {
  fs::path visible = below_root(host.root, path);
  std::error_code error;
  if (fs::is_directory(visible, error)) return visible;
  return failure(fmt::format("the host's folder {} is not to be seen at {}", path.string(), visible.string()));
}

Result<std::unique_ptr<ContainerRuntime>> connect_runtime(const HostPaths& host, ProcessRunner& on_host,
                                                          const std::optional<fs::path>& socket) {
  const auto path = socket_of(host, socket);
  if (!path) return tl::make_unexpected(path.error());
  const auto channel = channel_to(*path);
  const auto version = Cri(channel, path->string()).version();
  if (!version) return tl::make_unexpected(version.error());
  Cri cri(channel, version->name);
  if (version->name == "containerd") return make_containerd(std::move(cri), channel, host);
  if (version->name == "cri-o") return make_crio(std::move(cri), on_host, host);
  return failure(fmt::format("the container runtime at {} calls itself '{}': only containerd and cri-o are supported",
                             path->string(), version->name));
}

}  // namespace migrate::node
