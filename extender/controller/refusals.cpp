#include "extender/controller/refusals.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>

#include "extender/controller/queue.h"
#include "shared/migration/names.h"
#include "shared/migration/node_match.h"

namespace migrate::controller {
namespace {

constexpr Bytes kSpareDisk = 64_MiB;

class Collector {
 public:
  void add(const char* reason, std::string message, const char* accept = "") {
    all_.push_back({reason, std::move(message), accept});
  }
  void add(Refusal refusal) { all_.push_back(std::move(refusal)); }
  std::vector<Refusal> take() { return std::move(all_); }

 private:
  std::vector<Refusal> all_;
};

// What every node of a hop needs.
void check_node(const NodeState& node, Instant now, Collector& found) {
  if (!node.exists)
    return found.add("NodeUnknown", fmt::format("there is no node {}; see kubectl get nodes", node.name));
  if (!node.facts)
    return found.add("NoAgent", fmt::format("node {} has no migrate-agent: it never reported; see kubectl get pods -n "
                                            "{} -o wide",
                                            node.name, kSystemNamespace));
  if (!is_alive(node, now))
    return found.add(
        "AgentDown",
        fmt::format("the migrate-agent of node {} has been silent for {} s; see kubectl get pods -n {} "
                    "-o wide",
                    node.name, std::chrono::duration_cast<std::chrono::seconds>(now - node.facts->heartbeat).count(),
                    kSystemNamespace));
  const NodeFacts& facts = *node.facts;
  if (facts.criu.empty())
    found.add("NoCriu", fmt::format("node {} has no CRIU; install version 4.2 or newer there", node.name));
  else if (!is_criu_new_enough(facts.criu))
    found.add("CriuTooOld", fmt::format("node {} has CRIU {}; 4.2 or newer is needed", node.name, facts.criu));
}

void check_handler(const NodeState& node, Instant now, Collector& found) {
  if (is_alive(node, now) && !node.facts->has_handler)
    found.add("NoHandler", fmt::format("{} {} on node {} does not know the runtime handler `{}`; kubectl migrate check "
                                       "shows the lines that an administrator adds to its configuration",
                                       node.facts->runtime, node.facts->runtime_version, node.name, kRuntimeClass));
}

const char* reason_of(Misfit::What what) {
  switch (what) {
    case Misfit::What::architecture:
      return "Architecture";
    case Misfit::What::cpu_features:
      return "CpuFeatures";
    case Misfit::What::criu:
      return "CriuTooOld";
    case Misfit::What::kernel:
      break;
  }
  return "OlderKernel";
}

void check_target(const NodeState& target, const NodeState& source, bool local, Instant now, Collector& found) {
  if (target.name == source.name && !local)
    return found.add("SameNode", fmt::format("the Pod runs on node {} already; name another one", target.name));
  check_node(target, now, found);
  if (!target.exists) return;
  if (target.cordoned && !local)
    found.add("NodeCordoned", fmt::format("node {} is cordoned: nothing is placed there; kubectl uncordon {}",
                                          target.name, target.name));
  check_handler(target, now, found);
}

void check_state(const Migration& migration, const PodView& view, Collector& found) {
  const std::string pod = fmt::format("Pod {}/{}", view.namespace_, view.name);
  if (view.deleting)
    found.add("PodDeleting", pod + " is being deleted; there is nothing to migrate any more");
  else if (view.phase != "Running")
    found.add("PodNotRunning", fmt::format("{} is {}; only a running Pod has a memory to migrate", pod, view.phase));
  else if (!view.ready)
    found.add("PodNotReady", pod + " is not ready; wait until its readiness probe succeeds");
  if (!view.restore.empty() && view.restore != migration.uid)
    found.add("PodIsTarget",
              fmt::format("{} is itself the target of a migration (uid {}) that has not finished", pod, view.restore));
}

// A volume of the Pod's own there is looked at as a volume: an emptyDir is carried along.
bool has_volume_at_shm(const Json& pod, const std::string& container) {
  for (const Json& one : list_at(pod, {"spec", "containers"})) {
    if (text_at(one, {"name"}) != container) continue;
    const Json& mounts = list_at(one, {"volumeMounts"});
    return std::any_of(mounts.begin(), mounts.end(), [](const Json& mount) {
      const std::string path = text_at(mount, {"mountPath"});
      return path == "/dev/shm" || path == "/dev/shm/";
    });
  }
  return false;
}

void check_shm(const Json& pod, const agent::SourceFacts& there, const std::string& name, Collector& found) {
  for (const agent::ContainerFacts& one : there.containers) {
    if ((one.shm.count == 0 && one.shm_entries == 0) || has_volume_at_shm(pod, one.name)) continue;
    found.add(
        "SharedMemory",
        fmt::format("container {} of {} has {} KiB in {} files and folders in /dev/shm, which no checkpoint holds; "
                    "remove them, or mount an emptyDir with medium Memory at /dev/shm, which is carried along",
                    one.name, name, (one.shm.count + 1023) >> 10, one.shm_entries));
    return;  // all containers see the same one
  }
}

std::string with_other_way(const std::string& trouble) {
  return trouble + "; or use --restore runtime";
}

// Started anew since it was restored from an image: from what its node calls by the checkpoint's name.
bool is_known_here_alone(const Json& pod, const Json& status) {
  const std::string id = text_at(status, {"imageID"});
  if (id.starts_with(kImageRegistry)) return true;
  if (text_at(pod, {"metadata", "annotations", kImagesAnnotation}).empty()) return false;
  const auto& containers = list_at(pod, {"spec", "containers"});
  return std::any_of(containers.begin(), containers.end(), [&](const Json& one) {
    const std::string image = text_at(one, {"image"});
    const auto at = image.find('@');
    return text_at(one, {"name"}) == text_at(status, {"name"}) && at != std::string::npos &&
           id.starts_with(image.substr(0, at + 1));
  });
}

// What the way of images cannot do, whatever the target.
void check_image_way(const Json& pod, const Surroundings& around, Collector& found) {
  const PodView view = view_of(pod);
  const std::string name = fmt::format("Pod {}/{}", view.namespace_, view.name);
  if (around.source.facts && around.source.facts->runtime != "containerd")
    found.add("ImageOfOtherRuntime",
              fmt::format("{} runs under {} on node {}, whose archives containerd does not restore from an image; use "
                          "--restore runtime",
                          name, around.source.facts->runtime, around.source.name));
  for (const std::string& volume : view.empty_dirs)
    found.add("EmptyDirLoss",
              fmt::format("{}: emptyDir {} is not carried along with --restore image; use --restore runtime, or "
                          "--accept=emptydir-loss to begin with an empty one",
                          name, volume),
              "emptydir-loss");
  for (const std::string& lone : around.lone_volumes)
    found.add("LoneVolume",
              fmt::format("{}: {}, which nothing waits for with --restore image; use --restore runtime", name, lone));
  for (const Json& one : list_at(pod, {"status", "containerStatuses"}))
    if (is_known_here_alone(pod, one))
      found.add("ImageOnlyHere",
                fmt::format("{}: container {} was restored from an image once and started anew since, so its image "
                            "has a name that is known on its node alone; use --restore runtime",
                            name, text_at(one, {"name"})));
}

}  // namespace

bool is_alive(const NodeState& node, Instant now) {
  return node.facts && now - node.facts->heartbeat < kHeartbeatLimit;
}

bool is_criu_new_enough(const std::string& version) {
  return parse_version(version) >= kOldestCriu;
}

bool is_in_the_way(const Others& others) {
  return !others.of_pod.empty() || !others.of_set.empty();
}

Refusal other_refusal(const Migration& migration, const Others& others) {
  if (!others.of_pod.empty())
    return {"OtherMigration",
            fmt::format("migration {} is at work on Pod {}/{}; wait for it or abort it: kubectl migrate abort {} -n {}",
                        others.of_pod, migration.namespace_, migration.spec.pod, others.of_pod, migration.namespace_),
            ""};
  return {"OtherMigrationOfSet",
          fmt::format("migration {} is at work on another Pod of {} {}, and one at a time moves; wait for it or abort "
                      "it: kubectl migrate abort {} -n {}",
                      others.of_set, migration.status.owner->kind, migration.status.owner->name, others.of_set,
                      migration.namespace_),
          ""};
}

std::vector<Refusal> refusals(const Migration& migration, const Json* pod, const Surroundings& around) {
  Collector found;
  const std::string name = fmt::format("Pod {}/{}", migration.namespace_, migration.spec.pod);
  if (!around.namespace_enabled) {
    found.add("NamespaceNotEnabled", fmt::format("migrations are not enabled in namespace {}; an administrator runs "
                                                 "kubectl migrate enable -n {}",
                                                 migration.namespace_, migration.namespace_));
    return found.take();
  }
  if (pod == nullptr) {
    found.add("PodUnknown", fmt::format("there is no {}; see kubectl get pods -n {}", name, migration.namespace_));
    return found.take();
  }
  const PodView view = view_of(*pod);
  if (view.uid != migration.spec.pod_uid) {
    found.add("PodRecreated", fmt::format("{} was made anew meanwhile: it has uid {}, not {}; look at it and migrate "
                                          "again",
                                          name, view.uid, migration.spec.pod_uid));
    return found.take();
  }
  check_state(migration, view, found);
  if (is_in_the_way(around.others)) found.add(other_refusal(migration, around.others));
  if (const std::string trouble = queue_trouble(migration, view); !trouble.empty())
    found.add("OthersQueue", fmt::format("{}: {}", name, trouble));
  if (migration.spec.restore == RestoreWay::image) check_image_way(*pod, around, found);
  if (migration.spec.transfer == TransferWay::registry && migration.spec.registry.find('/') == std::string::npos)
    found.add(
        "NoRepository",
        fmt::format("'{}' is no repository for the checkpoint of {} to travel through; name one as HOST[:PORT]/PATH "
                    "by --registry",
                    migration.spec.registry, name));
  const std::vector<Refusal> of_spec = spec_refusals(migration, *pod);
  for (const std::string& bound : around.bound_volumes)
    found.add("NodeLocalVolume", fmt::format("{}: {}; a target elsewhere cannot reach it", name, bound));
  if (!keeps_name(migration))
    for (const std::string& lone : around.lone_volumes)
      found.add("LoneVolume", fmt::format("{}: {}, and source and target would both hold it until the commit; use "
                                          "--keep-name, whose target comes after its source, or a volume of access "
                                          "mode ReadWriteMany",
                                          name, lone));
  check_node(around.source, around.now, found);
  if (around.target) check_target(*around.target, around.source, is_local(migration), around.now, found);
  if (around.target && around.target->facts && migration.spec.restore == RestoreWay::image)
    if (const std::string trouble = image_restore_trouble(*around.target->facts); !trouble.empty())
      found.add("NoImageRestore", with_other_way(trouble));
  if (!around.admission_trouble.empty())
    found.add("TargetNotAdmitted",
              fmt::format("the API server would not take the target of {}: {}", name, around.admission_trouble));
  std::vector<Refusal> all = found.take();
  for (const auto& more : {of_spec, around.set_refusals})
    std::copy(more.begin(), more.end(), std::back_inserter(all));
  return all;
}

std::vector<Refusal> source_refusals(const Json& pod, const agent::SourceFacts& found_there, const NodeState& source,
                                     CheckpointBackend backend, milliseconds frozen) {
  Collector found;
  const PodView view = view_of(pod);
  const std::string name = fmt::format("Pod {}/{}", view.namespace_, view.name);
  Bytes needed;
  for (const agent::ContainerFacts& one : found_there.containers) {
    needed = needed + one.memory;
    if (one.paused)
      found.add("ContainerPaused",
                fmt::format("container {} of {} is paused already; resume it first", one.name, name));
    // What restores is runc, whatever its file is called (runc-1.3).
    if (!one.runtime.starts_with("runc") && one.runtime != "migrate-runc")
      found.add("OciRuntime",
                fmt::format("container {} of {} runs under {}, whose checkpoints runc cannot restore; run the Pod with "
                            "a runtime that uses runc",
                            one.name, name, one.runtime.empty() ? "an OCI runtime that is not known" : one.runtime));
  }
  check_shm(pod, found_there, name, found);
  for (const agent::VolumeFacts& one : found_there.volumes)
    needed = needed + one.size;
  if (found_there.free_disk < needed + kSpareDisk)
    found.add("NoRoom", fmt::format("node {} has {} MiB left for archives, {} MiB are needed; free some", source.name,
                                    found_there.free_disk.count >> 20, (needed + kSpareDisk).count >> 20));
  const bool is_crio = source.facts && source.facts->runtime.starts_with("cri-o");
  if (backend == CheckpointBackend::kubelet && is_crio)
    found.add("KubeletCheckpointOnCrio",
              fmt::format("CRI-O on node {} thaws the Pod at the end of a kubelet checkpoint; use --checkpoint direct",
                          source.name));
  if (backend == CheckpointBackend::direct && source.facts && !source.facts->can_checkpoint_directly)
    found.add("NoDirectCheckpoint", fmt::format("the agent of node {} cannot reach {} for a direct checkpoint; use "
                                                "--checkpoint kubelet",
                                                source.name, source.facts->runtime));
  if (const auto budget = freeze_budget(pod); budget && *budget < frozen)
    found.add("FreezeBudget", fmt::format("a liveness probe of {} would kill it after {} ms without an answer (2 s "
                                          "spare), and it is forecast to be frozen for {} ms; raise failureThreshold "
                                          "or periodSeconds",
                                          name, budget->count(), frozen.count()));
  return found.take();
}

std::vector<Refusal> node_refusals(const NodeState& source, const NodeState& target, bool local, Bytes needed,
                                   Instant now) {
  Collector found;
  if (source.name == target.name && !local) {
    found.add("SameNode", fmt::format("the target was placed on the source's node {}", target.name));
    return found.take();
  }
  check_node(target, now, found);
  check_handler(target, now, found);
  if (!is_alive(target, now) || !source.facts) return found.take();
  const NodeFacts& from = *source.facts;
  const NodeFacts& to = *target.facts;
  for (const Misfit& one : misfits(from, to)) {
    // That it has none, or one too old for anybody, is said already.
    const bool is_said = one.what == Misfit::What::criu && !is_criu_new_enough(to.criu);
    if (one.is_obstacle() && !is_said) found.add(reason_of(one.what), one.message);
  }
  // Once as an archive and once unpacked.
  const Bytes wanted = needed + needed + kSpareDisk;
  if (to.free_disk < wanted)
    found.add("NoRoom", fmt::format("node {} has {} MiB left for archives, {} MiB are needed; free some", target.name,
                                    to.free_disk.count >> 20, wanted.count >> 20));
  return found.take();
}

std::vector<Refusal> image_refusals(const NodeState& target) {
  Collector found;
  const std::string trouble = target.facts ? image_restore_trouble(*target.facts) : "";
  if (!trouble.empty()) found.add("NoImageRestore", with_other_way(trouble));
  return found.take();
}

std::vector<Refusal> placement_refusals(const MigrationSpec& spec, const NodeState& target) {
  Collector found;
  constexpr const char* advice = "its scheduler went on without the migrate-extender's answer; see kubectl get pods -n";
  if (!spec.target_node.empty() && target.name != spec.target_node)
    found.add("NotWhereAsked", fmt::format("the target was placed on node {}, and node {} was asked for: {} {}",
                                           target.name, spec.target_node, advice, kSystemNamespace));
  for (const auto& [key, value] : spec.target_selector) {
    const auto label = target.labels.find(key);
    if (label != target.labels.end() && label->second == value) continue;
    found.add("NotWhereAsked", fmt::format("the target was placed on node {}, which does not have the label {}={} that "
                                           "was asked for: {} {}",
                                           target.name, key, value, advice, kSystemNamespace));
    break;
  }
  return found.take();
}

std::vector<Refusal> without_accepted(std::vector<Refusal> all, const std::vector<std::string>& accept) {
  all.erase(std::remove_if(all.begin(), all.end(),
                           [&](const Refusal& one) {
                             return !one.accept.empty() &&
                                    std::find(accept.begin(), accept.end(), one.accept) != accept.end();
                           }),
            all.end());
  return all;
}

}  // namespace migrate::controller
