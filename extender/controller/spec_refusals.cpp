// What in a Pod's own spec speaks against migrating it.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "extender/controller/refusals.h"
#include "extender/controller/volumes.h"
#include "shared/migration/names.h"
#include "shared/migration/owners.h"

namespace migrate::controller {
namespace {

// "Pod shop/orders: …", one row after the other.
class Rows {
 public:
  Rows(const Json& pod, bool is_shadow, RestoreWay restore)
      : pod_(pod), is_shadow_(is_shadow), restore_(restore), view_(view_of(pod)) {}

  void owners() {
    const auto set = owner_of(pod_, is_shadow_);
    for (const Json& owner : list_at(pod_, {"metadata", "ownerReferences"})) {
      const std::string kind = text_at(owner, {"kind"});
      // A shadow's set may be gone by now; who lent it is not.
      const bool is_lender = kind == "Migration" && (set || is_shadow_);
      const bool is_known = is_lender || (set && text_at(owner, {"uid"}) == set->uid);
      if (!is_known)
        add("OwnerUnknown",
            fmt::format("it belongs to {} {}, which would not know the target for its own; only Pods of StatefulSets, "
                        "of ReplicaSets and of nobody can be migrated",
                        kind, text_at(owner, {"name"})));
    }
    for (const Json& finalizer : list_at(pod_, {"metadata", "finalizers"}))
      add("PodFinalizer", fmt::format("it has the finalizer {}, which would keep it from being removed",
                                      finalizer.is_string() ? finalizer.get<std::string>() : finalizer.dump()));
  }

  void whole_pod() {
    for (const char* field : {"hostPID", "hostIPC", "shareProcessNamespace"})
      if (flag_at(pod_, {"spec", field}))
        add("SharedNamespace", fmt::format("it uses {}; its process ids would be taken on another node", field));
    if (flag_at(pod_, {"spec", "hostNetwork"}))
      add("HostNetwork", "it uses the node's network, which does not move with it");
    const std::string runtime = text_at(pod_, {"spec", "runtimeClassName"});
    if (!runtime.empty() && runtime != kRuntimeClass)
      add("RuntimeClass", fmt::format("it runs under RuntimeClass {}, and would have to be restored under `{}`",
                                      runtime, kRuntimeClass));
    if (!list_at(pod_, {"spec", "resourceClaims"}).empty())
      add("ResourceClaims", "it claims devices, whose state is in no checkpoint");
    for (const Json& one : list_at(pod_, {"status", "ephemeralContainerStatuses"}))
      if (has(one, {"state", "running"}))
        add("EphemeralContainer",
            fmt::format("its ephemeral container {} still runs; end it first", text_at(one, {"name"})));
  }

  void init_containers() {
    for (const Json& one : list_at(pod_, {"spec", "initContainers"})) {
      const std::string name = text_at(one, {"name"});
      if (text_at(one, {"restartPolicy"}) == "Always")
        add("Sidecar", fmt::format("init container {} is a sidecar; sidecars are not supported by this version", name));
      else
        add("InitContainers",
            fmt::format("init container {} is not run again for the target, which is made without it; --accept="
                        "init-containers if what it did is in the memory or the volumes",
                        name),
            "init-containers");
    }
  }

  void containers() {
    for (const Json& one : list_at(pod_, {"spec", "containers"})) {
      const std::string name = text_at(one, {"name"});
      if (flag_at(one, {"tty"}) || flag_at(one, {"stdin"}))
        add("Terminal", fmt::format("container {} has a terminal or standard input, which no checkpoint holds", name));
      // CRIU makes a folder in it where it has no /tmp; migrate-runc lends it one, the runtime itself does not.
      if (restore_ == RestoreWay::image && flag_at(one, {"securityContext", "readOnlyRootFilesystem"}))
        add("ReadOnlyRoot",
            fmt::format("container {} has a read-only root file system, which is restored with --restore runtime only",
                        name));
      if (has(one, {"lifecycle", "postStart"}))
        add("PostStart",
            fmt::format("the postStart hook of container {} would run again after the restore; --accept=post-start if "
                        "that does no harm",
                        name),
            "post-start");
      for (const Json& device : list_at(one, {"volumeDevices"}))
        add("BlockDevice", fmt::format("container {} uses the block device {}", name, text_at(device, {"devicePath"})));
    }
  }

  void volumes() {
    for (const Json& one : list_at(pod_, {"spec", "volumes"})) {
      const std::string name = text_at(one, {"name"});
      if (has(one, {"hostPath"}))
        add("HostPath", fmt::format("volume {} is {} of its node; the target's node has another one", name,
                                    text_at(one, {"hostPath", "path"})));
      if (has(one, {"ephemeral"}) || has(one, {"image"}))
        add("EphemeralVolume", fmt::format("volume {} would be made anew, empty, for the target", name));
      // Placeholder and target name it as well: it would be on the target's node while the source writes.
      if (const std::string type = attached_type(one); !type.empty())
        add("InlineVolume",
            fmt::format("volume {} ({}) is attached to its node for this Pod alone, and would be attached to the "
                        "target's while the source uses it; put it into a PersistentVolume and name its claim",
                        name, type));
      if (has(one, {"csi"}))
        add("InlineVolume",
            fmt::format("volume {} is made for this Pod alone by {}, and would be made anew, as another "
                        "one, for the target; use a claim",
                        name, text_at(one, {"csi", "driver"})));
      if (text_at(one, {"emptyDir", "medium"}).starts_with("HugePages"))
        add("EmptyDirLoss",
            fmt::format("emptyDir {} is of huge pages, whose content is not carried along; --accept=emptydir-loss to "
                        "lose it",
                        name),
            "emptydir-loss");
    }
  }

  std::vector<Refusal> take() { return std::move(found_); }

 private:
  void add(const char* reason, const std::string& message, const char* accept = "") {
    found_.push_back({reason, fmt::format("Pod {}/{}: {}", view_.namespace_, view_.name, message), accept});
  }

  const Json& pod_;
  bool is_shadow_;
  RestoreWay restore_;
  PodView view_;
  std::vector<Refusal> found_;
};

}  // namespace

std::vector<Refusal> spec_refusals(const Migration& migration, const Json& pod) {
  Rows rows{pod, is_local(migration), migration.spec.restore};
  rows.owners();
  rows.whole_pod();
  rows.init_containers();
  rows.containers();
  rows.volumes();
  std::vector<Refusal> all = rows.take();
  // A word of --accept that names no risk we know is a typing error, and must not be taken for a consent.
  for (const std::string& word : migration.spec.accept)
    if (word == kDryRunWord)
      all.push_back({"UnknownRisk",
                     fmt::format("it has the word {} of a dry run, and no spec.dryRun: the CustomResourceDefinition is "
                                 "older than who asked, and dropped that; kubectl apply -k manifests/",
                                 kDryRunWord),
                     ""});
    else if (std::find(kRisks.begin(), kRisks.end(), word) == kRisks.end())
      all.push_back({"UnknownRisk",
                     fmt::format("--accept={}: there is no such risk; known are init-containers, post-start and "
                                 "emptydir-loss",
                                 word),
                     ""});
  return all;
}

}  // namespace migrate::controller
