// What runtimes say of containers, read without asking anybody: pure functions of their answers.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/base/result.h"

namespace migrate::node {

// A version as people write it: "v2.3.7" is "2.3.7".
[[nodiscard]] std::string plain_version(const std::string& version);

struct Mount {
  std::string type;
  std::string source;
  std::vector<std::string> options;
};
// The writable layer among a snapshot's mounts, as the host names it. Nothing when that is no folder of an overlay: a
// bind mount is one only of the snapshotter "overlayfs", which mounts an image without layers that way.
[[nodiscard]] std::optional<std::filesystem::path> upper_folder_of(const std::string& snapshotter,
                                                                   const std::vector<Mount>& mounts);

// Whether the root of a mount namespace, described by its mountinfo, is an overlay of the kernel.
[[nodiscard]] bool root_is_overlay(std::string_view mountinfo);

// The OCI runtime that containerd starts for a container: the file name of `binary` (of the options of its shim
// "io.containerd.runc.v2"; empty: the shim's own default). Another shim is named as it is: no runtime of ours.
[[nodiscard]] std::string runtime_of_shim(const std::string& shim, const std::string& binary);

// How CRI-O runs a container's OCI runtime.
struct OciRuntime {
  std::string path;
  std::string root;  // its --root; empty: its own default
};
// From the command line of the container's conmon (/proc/PID/cmdline). Nothing when it is not the conmon of that one.
[[nodiscard]] std::optional<OciRuntime> runtime_of_conmon(std::string_view cmdline, const std::string& id);

// "status" of the JSON that an OCI runtime's `state` prints.
[[nodiscard]] Result<std::string> status_of_state(const std::string& answer);

// containerd's switch enable_experimental_restore_via_create, from its configuration as the CRI's verbose status tells
// it. Nothing when it has none: an older or a newer containerd, CRI-O.
[[nodiscard]] std::optional<bool> restore_switch(const std::string& config);

// The part of the verbose info of CRI-O's ContainerStatus that we need.
struct CrioInfo {
  int pid = 0;
  std::string spec;                 // the OCI runtime spec
  std::filesystem::path root_path;  // its root.path
};
[[nodiscard]] Result<CrioInfo> parse_crio_info(const std::string& info);

}  // namespace migrate::node
