// What a persistent volume says about two nodes using it at once, as source and target do until the commit. Pure.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "extender/controller/json_path.h"
#include "shared/migration/migration.h"

namespace migrate::controller {

// What is not so is empty.
struct VolumeTrouble {
  std::string bound;  // "claim data is kept on particular nodes by volume pv-1"
  std::string lone;   // "claim data can be attached to one node at a time (volume pv-1 of ebs.csi.aws.com)"
};

// The type of a volume that is attached to its node before it is mounted, as a Pod or a PersistentVolume's spec names
// it (iscsi, rbd …; of CSI a driver's object tells); empty: none of these.
[[nodiscard]] std::string attached_type(const Json& volume);

// No access mode of the PersistentVolume lets several nodes use it. Without any mode Kubernetes lets the driver decide.
[[nodiscard]] bool is_for_one_node(const Json& volume);

// `csi_attaches`: volumes of its CSI driver are attached to nodes, which Kubernetes does to one at a time when the
// access modes say so. Of the older types of volumes it is known. What is only mounted (nfs) may be used from two nodes
// whatever the mode: ReadWriteOnce then is a promise that only the scheduler keeps.
[[nodiscard]] VolumeTrouble volume_trouble(const std::string& claim, const Json& volume, bool csi_attaches);

// Whether a node with these labels may use it, by its own spec.nodeAffinity.
[[nodiscard]] bool is_reached_from(const Json& volume, const std::map<std::string, std::string>& labels);

// A placeholder holds the room without the volumes that the source holds still. Takes them out of the Pod's spec, with
// their mounts, and asks the scheduler for what they would have: their spec.nodeAffinity. `persistent`: the
// PersistentVolumes, as far as they are there.
void take_out_volumes(Json& spec, const std::vector<MovedVolume>& moved,
                      const std::vector<std::shared_ptr<const Json>>& persistent);

// What keeps them from the target, for a person, by the cluster's VolumeAttachments (a list); empty: nothing of that
// kind.
[[nodiscard]] std::string attachment_trouble(const Json& attachments, const std::vector<MovedVolume>& moved,
                                             const std::string& source, const std::string& target);

}  // namespace migrate::controller
