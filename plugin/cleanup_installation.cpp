// What an installation leaves. Pure.
#include <fmt/format.h>

#include "plugin/cleanup_finds.h"
#include "plugin/similar.h"
#include "shared/kube/known_objects.h"
#include "shared/migration/names.h"

namespace migrate::plugin {

using Json = nlohmann::json;
using kube::metadata_of;

namespace {

// Of an installation whose namespace somebody has deleted. While the types are there it may be installed again, and
// would need all of it: nothing is taken away.
Findings find_what_has_no_controller(const InstallationSight& seen) {
  Findings found;
  const auto alone = [&](const std::string& kind, const Json& object, const std::string& why) {
    found.alone.push_back({kind, metadata_of(object, "namespace"), metadata_of(object, "name"), why});
  };
  found.alone.push_back({"customresourcedefinition", "", fmt::format("migrations.{}", kGroup),
                         "the types are there, and the namespace kubectl-migrate with controller and agents is not. "
                         "Install again, and all goes on; or delete the types, and run this again: then the rest of it "
                         "goes"});
  const std::string rest = "of an installation without its namespace; it goes when the types are deleted";
  for (const auto* kinds : {&seen.policies, &seen.rights})
    for (const auto& kind : *kinds)
      for (const Json& object : kind.objects)
        alone(kind.kind, object, rest);
  for (const Json& space : seen.enabled_namespaces)
    alone("namespace", space, "migrations are enabled in it, and there is no controller");
  if (seen.runtime_class.is_null()) return found;
  for (const std::string& node : seen.nodes)
    found.alone.push_back({"node", "", node, "an agent may have left there what it had installed, and no agent runs"});
  alone("runtimeclass", seen.runtime_class, rest);
  return found;
}

}  // namespace

Findings find_installation_leftovers(const InstallationSight& seen) {
  if (seen.has_types) return seen.has_home ? Findings{} : find_what_has_no_controller(seen);
  Findings found;
  const auto all_of = [&](const std::vector<InstallationSight::Labelled>& kinds, const std::string& why) {
    for (const auto& kind : kinds)
      for (const Json& object : kind.objects) {
        kube::ResourcePath path = kind.collection.named(metadata_of(object, "name"));
        path.namespace_ = metadata_of(object, "namespace");
        found.leftovers.push_back(
            {kind.kind, path.namespace_, path.name, why, "deleted",
             RemoveObject{path, metadata_of(object, "uid"), metadata_of(object, "resourceVersion")}});
      }
  };
  // Without the kind of its parameters kubectl-migrate-name-is-held may deny StatefulSets every new Pod.
  all_of(seen.policies, "a policy of kubectl-migrate, whose types are not installed");
  if (seen.has_home) return found;
  all_of(seen.rights, "a right for kubectl-migrate, which is not installed");
  for (const Json& space : seen.enabled_namespaces) {
    Json metadata{{"uid", metadata_of(space, "uid")}, {"labels", {{kEnabledLabel, nullptr}}}};
    const auto path = kube::core("namespaces", {}, metadata_of(space, "name"));
    found.leftovers.push_back({"namespace", "", path.name,
                               "migrations are enabled in it, and kubectl-migrate is not installed", "label removed",
                               ChangeObject{path, {{"metadata", std::move(metadata)}}}});
  }
  if (seen.runtime_class.is_null()) return found;
  const kube::ResourcePath runtime_class{"node.k8s.io", "v1", "runtimeclasses", "", kRuntimeClass, ""};
  if (!seen.handler_users.empty()) {
    found.alone.push_back({"runtimeclass", "", kRuntimeClass,
                           fmt::format("Pods that were migrated run under it, and on their nodes under a link to runc: "
                                       "{}. When they are gone, run this again",
                                       joined(seen.handler_users))});
    return found;
  }
  for (const std::string& node : seen.nodes)
    found.leftovers.push_back({"node", "", node, "no Pod runs under migrate-runc any more", "swept", SweepNode{}});
  // Last: while it is there, nodes are known to be unfinished.
  found.leftovers.push_back({"runtimeclass", "", kRuntimeClass, "no Pod has it, and kubectl-migrate is not installed",
                             "deleted",
                             RemoveObject{runtime_class, metadata_of(seen.runtime_class, "uid"),
                                          metadata_of(seen.runtime_class, "resourceVersion")}});
  return found;
}

}  // namespace migrate::plugin
