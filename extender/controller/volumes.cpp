#include "extender/controller/volumes.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

namespace migrate::controller {
namespace {

// Attached before they are mounted, though no CSI driver is named; most are translated to CSI by Kubernetes.
constexpr std::array kAttached{"awsElasticBlockStore", "azureDisk",      "cinder", "fc",  "flexVolume",
                               "gcePersistentDisk",    "portworxVolume", "iscsi",  "rbd", "vsphereVolume"};

bool allows(const Json& volume, const char* mode) {
  const Json& modes = list_at(volume, {"spec", "accessModes"});
  return std::find(modes.begin(), modes.end(), mode) != modes.end();
}

}  // namespace

bool is_for_one_node(const Json& volume) {
  return !list_at(volume, {"spec", "accessModes"}).empty() && !allows(volume, "ReadWriteMany") &&
         !allows(volume, "ReadOnlyMany");
}

VolumeTrouble volume_trouble(const std::string& claim, const Json& volume, bool csi_attaches) {
  const std::string name = text_at(volume, {"metadata", "name"});
  // A hostPath volume that says ReadWriteMany is its administrator's word that all nodes see the same folder.
  if (has(volume, {"spec", "local"}) || has(volume, {"spec", "nodeAffinity"}) ||
      (has(volume, {"spec", "hostPath"}) && !allows(volume, "ReadWriteMany")))
    return {fmt::format("claim {} is kept on particular nodes by volume {}", claim, name), ""};
  if (allows(volume, "ReadWriteOncePod"))
    return {"", fmt::format("claim {} may be used by one Pod at a time (volume {})", claim, name)};
  if (!is_for_one_node(volume)) return {};
  if (csi_attaches)
    return {"", fmt::format("claim {} can be attached to one node at a time (volume {} of {})", claim, name,
                            text_at(volume, {"spec", "csi", "driver"}))};
  for (const char* type : kAttached)
    if (has(volume, {"spec", type}))
      return {"", fmt::format("claim {} can be attached to one node at a time ({} volume {})", claim, type, name)};
  return {};
}

}  // namespace migrate::controller
