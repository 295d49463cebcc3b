// What a persistent volume says about two nodes using it at once, as source and target do until the commit. Pure.
#pragma once

#include <string>

#include "extender/controller/json_path.h"

namespace migrate::controller {

// What is not so is empty.
struct VolumeTrouble {
  std::string bound;  // "claim data is kept on particular nodes by volume pv-1"
  std::string lone;   // "claim data can be attached to one node at a time (volume pv-1 of ebs.csi.aws.com)"
};

// No access mode of the PersistentVolume lets several nodes use it. Without any mode Kubernetes lets the driver decide.
[[nodiscard]] bool is_for_one_node(const Json& volume);

// `csi_attaches`: volumes of its CSI driver are attached to nodes, which Kubernetes does to one at a time when the
// access modes say so. Of the older types of volumes it is known. What is only mounted (nfs) may be used from two nodes
// whatever the mode: ReadWriteOnce then is a promise that only the scheduler keeps.
[[nodiscard]] VolumeTrouble volume_trouble(const std::string& claim, const Json& volume, bool csi_attaches);

}  // namespace migrate::controller
