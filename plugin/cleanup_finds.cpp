#include "plugin/cleanup_finds.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>

#include "plugin/cluster.h"
#include "plugin/json_at.h"
#include "shared/kube/known_objects.h"
#include "shared/messages/mirror.h"
#include "shared/migration/names.h"
#include "shared/migration/owners.h"

namespace migrate::plugin {
namespace {

using kube::metadata_of;

constexpr std::string_view kHold = "-mig-hold";
constexpr std::string_view kPullSecretPrefix = "kubectl-migrate-";
constexpr const char* kPullSecretType = "kubernetes.io/dockerconfigjson";
constexpr const char* kFieldManager = "kubectl-migrate";

// Whatever somebody has copied our marks to was written by others alone.
bool is_written_by_us(const Json& object) {
  const Json& writes = list_at(object, "/metadata/managedFields");
  return std::any_of(writes.begin(), writes.end(),
                     [](const Json& write) { return text_at(write, "/manager") == kFieldManager; });
}

// The uid of the Migration that a target or a placeholder is for; empty: it is none of ours.
std::string restored_for(const Json& pod) {
  const bool is_ours = find_at(pod, Pointer{"/metadata/labels"} / kMigrationLabel) != nullptr && is_written_by_us(pod);
  return is_ours ? text_at(pod, Pointer{"/metadata/annotations"} / kRestoreAnnotation) : "";
}

bool has_finalizer(const Json& object) {
  const Json& all = list_at(object, "/metadata/finalizers");
  return std::find(all.begin(), all.end(), kFinalizer) != all.end();
}

Json other_finalizers(const Json& object) {
  Json others = Json::array();
  for (const Json& one : list_at(object, "/metadata/finalizers"))
    if (one != kFinalizer) others.push_back(one);
  return others;
}

bool is_deleting(const Json& object) {
  return !metadata_of(object, "deletionTimestamp").empty();
}

// The uids of its owners that are Migrations.
std::vector<std::string> migrations_owning(const Json& object) {
  std::vector<std::string> uids;
  for (const Json& owner : list_at(object, "/metadata/ownerReferences"))
    if (text_at(owner, "/kind") == "Migration" && text_at(owner, "/apiVersion").starts_with(kGroup))
      uids.push_back(text_at(owner, "/uid"));
  return uids;
}

bool is_owned_by_gone(const Json& object, const MigrationsKnown& known) {
  const auto owners = migrations_owning(object);
  return std::any_of(owners.begin(), owners.end(), [&](const std::string& uid) { return known.is_gone(uid); });
}

// The garbage collector has taken a Migration that is gone from the owners; that its set's reference controls nothing
// is what we wrote, by the API server's account of who wrote what.
bool was_lent_by_us(const Json& pod) {
  const Json& owners = list_at(pod, "/metadata/ownerReferences");
  if (owners.empty() || own_owners(pod) == owners) return false;
  const Json& writes = list_at(pod, "/metadata/managedFields");
  return std::any_of(owners.begin(), owners.end(), [&](const Json& owner) {
    const std::string key = fmt::format(R"(k:{{"uid":"{}"}})", text_at(owner, "/uid"));
    return std::any_of(writes.begin(), writes.end(), [&](const Json& write) {
      return text_at(write, "/manager") == kFieldManager &&
             find_at(write, Pointer{"/fieldsV1/f:metadata/f:ownerReferences"} / key) != nullptr;
    });
  });
}

// Not one that migrate-runc has refused: that never began.
bool has_run(const Json& container) {
  if (find_at(container, Pointer{"/state/running"}) != nullptr) return true;
  for (const char* place : {"/state/terminated", "/lastState/terminated"})
    if (const Json* ended = find_at(container, Pointer{place}))
      if (text_at(*ended, "/reason") != "StartError") return true;
  return false;
}

bool has_run_at_all(const Json& pod) {
  const Json& containers = list_at(pod, "/status/containerStatuses");
  return std::any_of(containers.begin(), containers.end(), has_run);
}

// A copy that is restored beside its source, which goes on until the commit.
bool is_shadow(const Json& pod) {
  const Json& gates = list_at(pod, "/spec/readinessGates");
  return std::any_of(gates.begin(), gates.end(),
                     [](const Json& one) { return text_at(one, "/conditionType") == kLiveGate; });
}

bool has_taken_over(const Json& pod) {
  const Json& conditions = list_at(pod, "/status/conditions");
  return std::any_of(conditions.begin(), conditions.end(), [](const Json& one) {
    return text_at(one, "/type") == kLiveGate && text_at(one, "/status") == "True";
  });
}

// What the source's agent has recorded; empty: no agent knows.
std::string record_of(const Inventory& seen, const std::string& migration) {
  for (const NodeFacts& node : seen.nodes)
    for (const HeldMigration& one : node.held)
      if (one.migration == migration && !one.source.empty()) return one.source;
  return "";
}

enum class Role {
  nothing,      // its memory never came to life
  application,  // it is what works now
  copy,         // beside a source that works
  unknown,      // it or its source
};

// By the rule that nothing of `stop` and `sequential` runs before the commit; of `live` the shadow does, and the record
// of its source's agent tells.
Role role_of(const Inventory& seen, const Json& pod) {
  if (metadata_of(pod, "name").ends_with(kHold) || !has_run_at_all(pod)) return Role::nothing;
  if (!is_shadow(pod) || has_taken_over(pod)) return Role::application;
  const std::string record = record_of(seen, restored_for(pod));
  if (record == kHeldCommitted) return Role::application;
  return record.empty() || record == kHeldUnreadable ? Role::unknown : Role::copy;
}

Json preconditions(const Json& object) {
  return {{"uid", metadata_of(object, "uid")}, {"resourceVersion", metadata_of(object, "resourceVersion")}};
}

RemoveObject removal(const kube::ResourcePath& path, const Json& object) {
  return {path, metadata_of(object, "uid"), metadata_of(object, "resourceVersion")};
}

class Finder {
 public:
  Finder(const Inventory& seen, const MigrationsKnown& known) : seen_(seen), known_(known) {
    for (const Json& pod : seen.pods)
      pods_by_uid_[metadata_of(pod, "uid")] = &pod;
  }

  void pods() {
    for (const Json& pod : seen_.pods) {
      const std::string migration = restored_for(pod);
      if (known_.is_live(migration)) continue;
      if (known_.is_gone(migration))
        of_restore(pod);
      else if (!is_owned_by_live(pod) && (is_owned_by_gone(pod, known_) || was_lent_by_us(pod)))
        change(pod, {{"ownerReferences", own_owners(pod)}}, "it is lent to a Migration that is gone",
               "given back to its set");
    }
  }

  void secrets() {
    for (const Json& secret : seen_.pull_secrets) {
      const bool is_ours =
          metadata_of(secret, "name").starts_with(kPullSecretPrefix) && text_at(secret, "/type") == kPullSecretType;
      if (is_ours && is_owned_by_gone(secret, known_) && !is_owned_by_live(secret))
        found_.leftovers.push_back(
            {"secret", metadata_of(secret, "namespace"), metadata_of(secret, "name"),
             "credentials for a checkpoint of a Migration that is gone", "deleted",
             removal(kube::core("secrets", metadata_of(secret, "namespace"), metadata_of(secret, "name")), secret)});
    }
  }

  void held() {
    for (const NodeFacts& node : seen_.nodes)
      for (const HeldMigration& one : node.held)
        if (is_in_view(one) && known_.is_gone(one.migration)) of_node(node.node, one);
  }

  // Last: with it the Migration goes, and with that what else would be known of it.
  void migrations() {
    for (const Json& migration : seen_.migrations) {
      const std::string space = metadata_of(migration, "namespace");
      const bool is_in_view = seen_.namespace_.empty() || space == seen_.namespace_;
      if (!is_in_view || !known_.is_gone(metadata_of(migration, "uid"))) continue;
      const auto path = plugin::migrations(space, metadata_of(migration, "name"));
      Json metadata = preconditions(migration);
      metadata["finalizers"] = other_finalizers(migration);
      found_.leftovers.push_back({"migration", path.namespace_, path.name,
                                  "it is being deleted, and no controller is installed that would take its finalizer "
                                  "away",
                                  "released", ChangeObject{path, {{"metadata", std::move(metadata)}}}});
    }
  }

  Findings take() { return std::move(found_); }

 private:
  [[nodiscard]] bool is_owned_by_live(const Json& object) const {
    const auto owners = migrations_owning(object);
    return std::any_of(owners.begin(), owners.end(), [&](const std::string& uid) { return known_.is_live(uid); });
  }
  [[nodiscard]] bool is_in_view(const HeldMigration& one) const {
    return seen_.namespace_.empty() || one.name.starts_with(seen_.namespace_ + "/");
  }

  void change(const Json& pod, Json metadata, const std::string& why, const std::string& done) {
    metadata.update(preconditions(pod));
    const auto path = kube::pod(metadata_of(pod, "namespace"), metadata_of(pod, "name"));
    found_.leftovers.push_back(
        {"pod", path.namespace_, path.name, why, done, ChangeObject{path, {{"metadata", std::move(metadata)}}}});
  }

  // As a migration that ends leaves its target: an ordinary Pod of its set. A ReplicaSet takes it back only if it has
  // its pod-template-hash, which nobody knows here.
  void settle(const Json& pod, std::string why) {
    if (const auto owner = owner_of(pod, /*is_shadow=*/true); owner && owner->kind == kReplicaSet)
      why += fmt::format(". ReplicaSet {} may have made another in its place: then delete one of them", owner->name);
    Json metadata{{"annotations", {{kRestoreAnnotation, nullptr}}}, {"labels", {{kMigrationLabel, nullptr}}}};
    if (const Json own = own_owners(pod); own != list_at(pod, "/metadata/ownerReferences"))
      metadata["ownerReferences"] = own;
    if (has_finalizer(pod)) metadata["finalizers"] = other_finalizers(pod);
    change(pod, std::move(metadata), why, "settled");
  }

  void of_restore(const Json& pod) {
    const auto path = kube::pod(metadata_of(pod, "namespace"), metadata_of(pod, "name"));
    switch (role_of(seen_, pod)) {
      case Role::application:
        return settle(pod, "it was restored for a Migration that is gone, and is what works now: its marks go");
      case Role::unknown:
        found_.alone.push_back(
            {"pod", path.namespace_, path.name,
             fmt::format(
                 "it was restored beside its source for a Migration that is gone, and no agent tells whether it "
                 "took over. Where the source works: kubectl delete pod {} -n {}",
                 path.name, path.namespace_)});
        return;
      case Role::nothing:
      case Role::copy:
        break;
    }
    if (has_finalizer(pod))
      change(pod, {{"finalizers", other_finalizers(pod)}}, "a finalizer of ours, for a Migration that is gone",
             "released");
    if (is_deleting(pod)) return;
    RemoveObject gone = removal(path, pod);
    if (has_finalizer(pod)) gone.resource_version.clear();  // changed by ourselves just before
    const bool is_copy = role_of(seen_, pod) == Role::copy;
    found_.leftovers.push_back({"pod", path.namespace_, path.name,
                                is_copy ? "a copy beside its source, for a Migration that is gone before the commit"
                                        : "it waits for the memory of a Migration that is gone",
                                "deleted", std::move(gone)});
  }

  void of_node(const std::string& node, const HeldMigration& one) {
    const std::string who = one.name.empty() ? one.migration : one.name;
    if (one.source == kHeldFrozen)
      return alone(node, fmt::format("the source of {}, whose Migration is gone, is frozen; its agent thaws it when "
                                     "its time is over. Then run this again",
                                     who));
    if (one.source == kHeldUnreadable)
      return alone(
          node, fmt::format("its agent cannot read its record of {}; an agent of the version that wrote it can", who));
    const auto pod = pods_by_uid_.find(one.source_pod);
    if (one.source == kHeldCommitted && pod != pods_by_uid_.end()) {
      const std::string name = metadata_of(*pod->second, "name");
      const std::string space = metadata_of(*pod->second, "namespace");
      return alone(node, fmt::format("Pod {0}/{1} is frozen for good: {2}, whose Migration is gone, has committed its "
                                     "memory. kubectl delete pod {1} -n {0}, then run this again",
                                     space, name, who));
    }
    found_.leftovers.push_back({"node", "", node, fmt::format("it keeps records or archives of {}, which is gone", who),
                                fmt::format("has forgotten {}", who), ForgetOnNode{one.migration}});
  }
  void alone(const std::string& node, std::string why) { found_.alone.push_back({"node", "", node, std::move(why)}); }

  const Inventory& seen_;
  const MigrationsKnown& known_;
  std::map<std::string, const Json*> pods_by_uid_;
  Findings found_;
};

}  // namespace

void Findings::add(Findings more) {
  std::move(more.leftovers.begin(), more.leftovers.end(), std::back_inserter(leftovers));
  std::move(more.alone.begin(), more.alone.end(), std::back_inserter(alone));
}

MigrationsKnown::MigrationsKnown(const Inventory& seen) {
  for (const Json& migration : seen.migrations) {
    // Nobody is left to finish it: as good as gone.
    const bool is_abandoned = !seen.has_controller && is_deleting(migration) && has_finalizer(migration);
    (is_abandoned ? traces_ : live_).insert(metadata_of(migration, "uid"));
  }
  for (const Json& pod : seen.pods) {
    traces_.insert(restored_for(pod));
    for (const std::string& uid : migrations_owning(pod))
      traces_.insert(uid);
  }
  for (const Json& secret : seen.pull_secrets)
    for (const std::string& uid : migrations_owning(secret))
      traces_.insert(uid);
  for (const NodeFacts& node : seen.nodes)
    for (const HeldMigration& one : node.held)
      traces_.insert(one.migration);
}

Findings find_left_objects(const Inventory& seen, const MigrationsKnown& known) {
  Finder finder{seen, known};
  finder.pods();
  finder.secrets();
  return finder.take();
}

Findings find_left_records(const Inventory& seen, const MigrationsKnown& known) {
  Finder finder{seen, known};
  finder.held();
  finder.migrations();
  return finder.take();
}

std::set<std::string> control_queues_of_left(const Inventory& seen, const MigrationsKnown& known) {
  std::set<std::string> left;
  std::set<std::string> looked_into;
  for (const Json& pod : seen.pods) {
    const std::string name = metadata_of(pod, "name");
    const std::string host = text_at(pod, "/spec/hostname");
    const std::string queue = messages::control_queue_name(
        text_at(pod, Pointer{"/metadata/annotations"} / kControlQueueAnnotation), name, host.empty() ? name : host);
    const Role role = role_of(seen, pod);
    const bool goes = known.is_gone(restored_for(pod)) && (role == Role::nothing || role == Role::copy);
    (goes ? left : looked_into).insert(queue);
  }
  std::erase_if(left, [&](const std::string& queue) { return looked_into.contains(queue); });
  return left;
}

std::set<std::string> served_by_targets(const Inventory& seen, const MigrationsKnown& known) {
  std::set<std::string> served;
  for (const Json& pod : seen.pods) {
    const Role role = role_of(seen, pod);
    if (known.is_gone(restored_for(pod)) && (role == Role::application || role == Role::unknown))
      served.insert(restored_for(pod));
  }
  return served;
}

}  // namespace migrate::plugin
