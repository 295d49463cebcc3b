// What the agent needs of its node's container runtime, containerd or CRI-O, behind one interface.
//
// The agent runs as root in the host's pid namespace and in its own mount namespace: it sees the host's files below
// HostPaths::root, and only folders that are mounted at the same path here and there can be named to the runtime.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "shared/base/process.h"
#include "shared/base/result.h"
#include "shared/base/units.h"

namespace migrate::node {

struct HostPaths {
  std::filesystem::path root = "/proc/1/root";  // the host's root folder, as seen from here
  std::filesystem::path proc = "/proc";         // of the host's pid namespace
};

struct RuntimeVersion {
  std::string name;                      // "containerd", "cri-o"
  std::string version;                   // "2.3.7": without a "v" in front
  bool has_handler = false;              // it knows the runtime handler `migrate`
  bool can_checkpoint_directly = false;  // checkpoint() below can work
  // containerd's switch for restoring a checkpoint image while creating a container; nothing: it has no such switch.
  std::optional<bool> restore_via_create = std::nullopt;
};

// What is in a container's /dev/shm, while that is a tmpfs: the Pod's containers share one, and no checkpoint holds it.
struct SharedMemory {
  Bytes used;
  std::uint64_t entries = 0;  // of its top folder
};

struct RunningContainer {
  std::string id;
  pid_t pid = 0;        // of its first process, in the host's pid namespace
  std::string runtime;  // the OCI runtime it runs under, without folder: "runc", "crun", "migrate-runc"
  Bytes memory;         // resident memory that a checkpoint holds (anonymous and shared pages of its processes)
  bool paused = false;
  SharedMemory shm = {};
  std::string image = {};  // as the runtime calls it, for image_size() below
};

// The JSON files of a checkpoint's archive that are not CRIU's, as containerd's kubelet checkpoint has them.
struct ContainerDocuments {
  std::string spec;    // spec.dump: the OCI runtime spec
  std::string config;  // config.dump: id, name, image, times
  std::string status;  // status.dump: the CRI's status, which containerd's own restore asks for
};

// An image of a checkpoint as the runtime keeps it: by the name it was pulled by, and by its config's digest.
struct CheckpointImageNames {
  std::string reference;  // HOST/REPOSITORY@sha256:…
  std::string id;         // sha256:…
};

// May be used from any thread. Calls take milliseconds (containerd) to some ten of them (CRI-O: a process each), and
// end after 10 s at most unless said otherwise. Errors say what was asked, of which container, and what was answered.
class ContainerRuntime {
 public:
  virtual ~ContainerRuntime() = default;

  virtual Result<RuntimeVersion> version() = 0;

  // The running (perhaps paused) container of that name in the Pod; nothing when there is none: never made, exited,
  // gone.
  virtual Lookup<RunningContainer> find(const std::string& pod_uid, const std::string& container) = 0;

  // What the runtime says of an image's size: containerd's compressed layers, CRI-O's unpacked ones. Zero when that is
  // not known.
  virtual Bytes image_size(const std::string& image) = 0;

  // Whether the container still has its process. False also for ids that the runtime never knew.
  virtual Result<bool> exists(const std::string& id) = 0;

  // Idempotent: pausing a paused container, resuming a running one is done. When pause returns, nothing of it runs.
  virtual Result<void> pause(const std::string& id) = 0;
  virtual Result<void> resume(const std::string& id) = 0;

  // CRIU's images of a *paused* container (anything else is an error) into `images`, its logs into `work`: two folders
  // that exist and that the host has at the same paths. The container stays paused; when it did run meanwhile it is
  // paused again and this is an error: what was written must be thrown away. A failure has CRIU's own reason. After
  // `time_limit` it is given up; the container is then as pause() left it as far as could be made sure.
  virtual Result<void> checkpoint(const std::string& id, const std::filesystem::path& images,
                                  const std::filesystem::path& work,
                                  std::chrono::milliseconds time_limit = std::chrono::minutes{2}) = 0;

  // The upper folder of the overlay that is its root, as seen from here: its difference to the image, with overlay's
  // own whiteouts. Nothing when its root is no overlay of the kernel.
  virtual Lookup<std::filesystem::path> upper_folder(const std::string& id) = 0;

  // A container was restored from a checkpoint's image: from now on that image's reference is the container's real
  // image, so that every later start is a cold one, and the checkpoint is gone from the runtime. Idempotent. containerd
  // only.
  virtual Result<void> make_cold(const std::string& id, const CheckpointImageNames& image) = 0;
  // No container is created from it any more. Success when there is no such image.
  virtual Result<void> forget_image(const CheckpointImageNames& image) = 0;

  // checkpointedAt in config.dump is `now`.
  virtual Result<ContainerDocuments> documents(const std::string& id, Instant now) = 0;
};

// Connects to the runtime whose socket (a path of the host's) is given, or to the first one found on the host:
// /run/containerd/containerd.sock, /run/k3s/containerd/containerd.sock, /run/crio/crio.sock. Asks its version at once.
// `on_host` runs programs as if on the host (OnHostProcesses in on_host.h); only CRI-O needs it. It must live longer
// than the runtime.
[[nodiscard]] Result<std::unique_ptr<ContainerRuntime>> connect_runtime(
    const HostPaths& host, ProcessRunner& on_host, const std::optional<std::filesystem::path>& socket = std::nullopt);

}  // namespace migrate::node
