#include "extender/controller/volumes.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "extender/controller/json_list.h"
#include "extender/controller/node_fit.h"
#include "shared/kube/label_selector.h"

namespace migrate::controller {
namespace {

// Attached before they are mounted, though no CSI driver is named; most are translated to CSI by Kubernetes.
constexpr std::array kAttached{"awsElasticBlockStore", "azureDisk",      "cinder", "fc",  "flexVolume",
                               "gcePersistentDisk",    "portworxVolume", "iscsi",  "rbd", "vsphereVolume"};

bool allows(const Json& volume, const char* mode) {
  const Json& modes = list_at(volume, {"spec", "accessModes"});
  return std::find(modes.begin(), modes.end(), mode) != modes.end();
}

// Whoever may use it, node selector terms of which one is enough; empty: everybody.
const Json& terms_of(const Json& volume) {
  return list_at(volume, {"spec", "nodeAffinity", "required", "nodeSelectorTerms"});
}

}  // namespace

std::string attached_type(const Json& volume) {
  for (const char* type : kAttached)
    if (has(volume, {type})) return type;
  return "";
}

bool is_for_one_node(const Json& volume) {
  return !list_at(volume, {"spec", "accessModes"}).empty() && !allows(volume, "ReadWriteMany") &&
         !allows(volume, "ReadOnlyMany");
}

VolumeTrouble volume_trouble(const std::string& claim, const Json& volume, bool csi_attaches) {
  const std::string name = text_at(volume, {"metadata", "name"});
  // A hostPath volume that says ReadWriteMany is its administrator's word that all nodes see the same folder.
  if (has(volume, {"spec", "local"}) || (has(volume, {"spec", "hostPath"}) && !allows(volume, "ReadWriteMany")))
    return {fmt::format("claim {} is kept on particular nodes by volume {}", claim, name), ""};
  if (allows(volume, "ReadWriteOncePod"))
    return {"", fmt::format("claim {} may be used by one Pod at a time (volume {})", claim, name)};
  if (!is_for_one_node(volume)) return {};
  if (csi_attaches)
    return {"", fmt::format("claim {} can be attached to one node at a time (volume {} of {})", claim, name,
                            text_at(volume, {"spec", "csi", "driver"}))};
  const Json* spec = find(volume, {"spec"});
  if (const std::string type = spec == nullptr ? "" : attached_type(*spec); !type.empty())
    return {"", fmt::format("claim {} can be attached to one node at a time ({} volume {})", claim, type, name)};
  return {};
}

bool is_reached_from(const Json& volume, const std::map<std::string, std::string>& labels) {
  const Json& terms = terms_of(volume);
  if (terms.empty()) return true;
  const Json of_node(labels);
  return std::any_of(terms.begin(), terms.end(), [&](const Json& term) {
    // By a node's name: kubernetes.io/hostname is as good as always the same.
    return list_at(term, {"matchFields"}).empty() && kube::selects(&term, &of_node);
  });
}

void take_out_volumes(Json& spec, const std::vector<MovedVolume>& moved,
                      const std::vector<std::shared_ptr<const Json>>& persistent) {
  std::vector<std::string> names;
  const auto is_named = [&](const Json& one, Path path) {
    return std::find(names.begin(), names.end(), text_at(one, path)) != names.end();
  };
  erase_if(spec["volumes"], [&](const Json& volume) {
    const std::string claim = text_at(volume, {"persistentVolumeClaim", "claimName"});
    const bool moves =
        std::any_of(moved.begin(), moved.end(), [&](const MovedVolume& one) { return one.claim == claim; });
    if (moves) names.push_back(text_at(volume, {"name"}));
    return moves;
  });
  for (const char* kind : {"containers", "initContainers"})
    if (has(spec, {kind}))
      for (Json& container : spec[kind])
        if (has(container, {"volumeMounts"}))
          erase_if(container["volumeMounts"], [&](const Json& mount) { return is_named(mount, {"name"}); });
  for (const auto& volume : persistent)
    if (const Json& terms = terms_of(*volume); !terms.empty()) add_node_terms(spec, terms);
}

std::string attachment_trouble(const Json& attachments, const std::vector<MovedVolume>& moved,
                               const std::string& source, const std::string& target) {
  for (const MovedVolume& one : moved)
    for (const Json& attachment : list_at(attachments, {"items"})) {
      if (text_at(attachment, {"spec", "source", "persistentVolumeName"}) != one.volume) continue;
      const std::string node = text_at(attachment, {"spec", "nodeName"});
      const bool is_attached = flag_at(attachment, {"status", "attached"});
      if (node == target && is_attached) continue;
      const std::string what = fmt::format("volume {} of claim {}", one.volume, one.claim);
      for (const char* error : {"attachError", "detachError"})
        if (const std::string why = text_at(attachment, {"status", error, "message"}); !why.empty())
          return fmt::format("{} at node {}: {}", what, node, why);
      if (node == source) return fmt::format("{} is being detached from node {}", what, node);
      return fmt::format("{} is being attached to node {}", what, node);
    }
  return "";
}

}  // namespace migrate::controller
