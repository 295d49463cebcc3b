#include "plugin/cleanup_finds.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>

#include "plugin/cleanup_roles.h"
#include "plugin/cluster.h"
#include "plugin/json_path.h"
#include "shared/kube/known_objects.h"
#include "shared/messages/mirror.h"
#include "shared/migration/names.h"
#include "shared/migration/owners.h"

namespace migrate::plugin {
namespace {

using kube::metadata_of;

constexpr std::string_view kPullSecretPrefix = "kubectl-migrate-";
constexpr const char* kPullSecretType = "kubernetes.io/dockerconfigjson";
constexpr const char* kFieldManager = "kubectl-migrate";

bool has_finalizer(const Json& object) {
  const Json& all = list_at(object, {"metadata", "finalizers"});
  return std::find(all.begin(), all.end(), kFinalizer) != all.end();
}

bool is_deleting(const Json& object) {
  return !metadata_of(object, "deletionTimestamp").empty();
}

// The uids of its owners that are Migrations.
std::vector<std::string> migrations_owning(const Json& object) {
  std::vector<std::string> uids;
  for (const Json& owner : list_at(object, {"metadata", "ownerReferences"}))
    if (text_at(owner, {"kind"}) == "Migration" && text_at(owner, {"apiVersion"}).starts_with(kGroup))
      uids.push_back(text_at(owner, {"uid"}));
  return uids;
}

bool is_owned_by_gone(const Json& object, const MigrationsKnown& known) {
  const auto owners = migrations_owning(object);
  return std::any_of(owners.begin(), owners.end(), [&](const std::string& uid) { return known.is_gone(uid); });
}

// The garbage collector has taken a Migration that is gone from the owners; that its set's reference controls nothing
// is what we wrote, by the API server's account of who wrote what.
bool was_lent_by_us(const Json& pod) {
  const Json& owners = list_at(pod, {"metadata", "ownerReferences"});
  if (owners.empty() || own_owners(pod) == owners) return false;
  const Json& writes = list_at(pod, {"metadata", "managedFields"});
  return std::any_of(owners.begin(), owners.end(), [&](const Json& owner) {
    const std::string key = fmt::format(R"(k:{{"uid":"{}"}})", text_at(owner, {"uid"}));
    return std::any_of(writes.begin(), writes.end(), [&](const Json& write) {
      return text_at(write, {"manager"}) == kFieldManager &&
             find(write, {"fieldsV1", "f:metadata", "f:ownerReferences", key.c_str()}) != nullptr;
    });
  });
}

Json preconditions(const Json& object) {
  return {{"uid", metadata_of(object, "uid")}, {"resourceVersion", metadata_of(object, "resourceVersion")}};
}

RemoveObject removal(const kube::ResourcePath& path, const Json& object) {
  return {path, metadata_of(object, "uid"), metadata_of(object, "resourceVersion"), has_finalizer(object)};
}

class Finder {
 public:
  Finder(const Inventory& seen, const MigrationsKnown& known) : seen_(seen), known_(known) {
    for (const Json& pod : seen.pods) {
      pods_by_uid_[metadata_of(pod, "uid")] = &pod;
      if (const std::string migration = application_for(seen, pod); !migration.empty()) lives_on_.insert(migration);
    }
  }

  void pods() {
    for (const Json& pod : seen_.pods) {
      const std::string migration = restored_for(pod);
      if (!is_to_be_judged(pod)) continue;
      if (known_.is_gone(migration))
        of_restore(pod);
      else if (!is_owned_by_live(pod) && (is_owned_by_gone(pod, known_) || was_lent_by_us(pod)))
        change(pod, {{"ownerReferences", own_owners(pod)}}, "it is lent to a Migration that is gone",
               "given back to its set");
    }
  }

  void applications() {
    for (const Json& pod : seen_.pods)
      if (is_to_be_judged(pod) && known_.is_gone(restored_for(pod)) && role_of(seen_, pod) == Role::application)
        settle(pod, "it was restored for a Migration that is gone, and is what works now: its marks go");
  }

  void secrets() {
    for (const Json& secret : seen_.pull_secrets) {
      const bool is_ours =
          metadata_of(secret, "name").starts_with(kPullSecretPrefix) && text_at(secret, {"type"}) == kPullSecretType;
      if (!is_ours || !is_owned_by_gone(secret, known_) || is_owned_by_live(secret)) continue;
      const auto owners = migrations_owning(secret);
      if (std::any_of(owners.begin(), owners.end(), [&](const std::string& uid) { return is_undecided(uid); }))
        found_.alone.push_back({"secret", metadata_of(secret, "namespace"), metadata_of(secret, "name"),
                                "credentials for a checkpoint of a Migration that is gone, which a target that has not "
                                "run may need. When that is settled, run this again"});
      else
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
      if (is_undecided(metadata_of(migration, "uid"))) {
        found_.alone.push_back({"migration", path.namespace_, path.name,
                                "it is being deleted, no controller is installed, and what it has committed may be the "
                                "last copy of its Pod's memory. A controller that is installed again finishes it"});
        continue;
      }
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
  // What a Migration that is there works on is not even tidied up.
  [[nodiscard]] bool is_to_be_judged(const Json& pod) const {
    const bool is_in_view = seen_.namespace_.empty() || metadata_of(pod, "namespace") == seen_.namespace_;
    return is_in_view && !known_.is_live(restored_for(pod)) && !known_.is_moved_by_live(metadata_of(pod, "uid"));
  }
  [[nodiscard]] bool is_owned_by_live(const Json& object) const {
    const auto owners = migrations_owning(object);
    return std::any_of(owners.begin(), owners.end(), [&](const std::string& uid) { return known_.is_live(uid); });
  }
  [[nodiscard]] bool is_in_view(const HeldMigration& one) const {
    return seen_.namespace_.empty() || one.name.starts_with(seen_.namespace_ + "/");
  }

  // Whether its memory may be nowhere but in what nodes keep, or in a target that has not run.
  [[nodiscard]] bool is_undecided(const std::string& migration) const {
    const Source source = source_of(seen_, migration);
    return !lives_on_.contains(migration) && (source == Source::unclear || source == Source::committed);
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
    const std::string migration = restored_for(pod);
    Json metadata{{"annotations", {{kRestoreAnnotation, nullptr}, {kRestoredForAnnotation, migration}}},
                  {"labels", {{kMigrationLabel, nullptr}}}};
    if (const Json own = own_owners(pod); own != list_at(pod, {"metadata", "ownerReferences"}))
      metadata["ownerReferences"] = own;
    if (has_finalizer(pod)) metadata["finalizers"] = other_finalizers(pod);
    change(pod, std::move(metadata), why, "settled");
    found_.leftovers.back().migration = migration;
  }

  void of_restore(const Json& pod) {
    const auto path = kube::pod(metadata_of(pod, "namespace"), metadata_of(pod, "name"));
    const Role role = role_of(seen_, pod);
    if (role == Role::application) return;  // applications()
    if (role == Role::unknown) {
      found_.alone.push_back({"pod", path.namespace_, path.name, doubt_about(pod)});
      return;
    }
    if (is_deleting(pod)) {
      if (has_finalizer(pod))
        change(pod, {{"finalizers", other_finalizers(pod)}}, "a finalizer of ours, for a Migration that is gone",
               "released");
      return;
    }
    found_.leftovers.push_back({"pod", path.namespace_, path.name,
                                role == Role::copy
                                    ? "a copy beside its source, for a Migration that is gone before the commit"
                                    : "it waits for the memory of a Migration that is gone",
                                "deleted", removal(path, pod)});
  }

  [[nodiscard]] std::string doubt_about(const Json& pod) const {
    const std::string removal =
        fmt::format("kubectl delete pod {} -n {}", metadata_of(pod, "name"), metadata_of(pod, "namespace"));
    if (has_run_at_all(pod))
      return fmt::format(
          "it was restored beside its source for a Migration that is gone, and no agent tells surely "
          "whether it took over. Where the source works: {}",
          removal);
    const bool is_committed = source_of(seen_, restored_for(pod)) == Source::committed;
    return fmt::format(
        "it waits for the memory of a Migration that is gone, and {}: what the nodes keep may be the "
        "last copy. Run this again when all agents are Ready; where the source works or its memory "
        "is not needed: {}",
        is_committed ? "that memory was committed" : "no agent tells surely that it was not committed", removal);
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
    const Source source = source_of(seen_, one.migration);
    if (source == Source::unclear)
      return alone(node, fmt::format("it keeps records or archives of {}, whose Migration is gone, and no agent tells "
                                     "surely that the source works. Run this again when all agents are Ready",
                                     who));
    if (source == Source::committed && !lives_on_.contains(one.migration))
      return alone(node, fmt::format("it keeps the committed memory of {}, whose Migration is gone, or its record, and "
                                     "no Pod is known that went on with it: it may be the last copy. Where it is not "
                                     "needed: kubectl annotate --overwrite migrationnode {} {}={}",
                                     who, node, kForgetAnnotation, one.migration));
    const auto pod = pods_by_uid_.find(one.source_pod);
    if (one.source == kHeldCommitted && pod != pods_by_uid_.end()) {
      const std::string name = metadata_of(*pod->second, "name");
      const std::string space = metadata_of(*pod->second, "namespace");
      return alone(node, fmt::format("Pod {0}/{1} is frozen for good: {2}, whose Migration is gone, has committed its "
                                     "memory, and a restored Pod goes on with it. kubectl delete pod {1} -n {0}, then "
                                     "run this again",
                                     space, name, who));
    }
    found_.leftovers.push_back({"node", "", node, fmt::format("it keeps records or archives of {}, which is gone", who),
                                fmt::format("has forgotten {}", who), ForgetOnNode{one.migration}, one.migration});
  }
  void alone(const std::string& node, std::string why) { found_.alone.push_back({"node", "", node, std::move(why)}); }

  const Inventory& seen_;
  const MigrationsKnown& known_;
  std::map<std::string, const Json*> pods_by_uid_;
  std::set<std::string> lives_on_;  // Migrations with a Pod that works on
  Findings found_;
};

}  // namespace

Json other_finalizers(const Json& object) {
  Json others = Json::array();
  for (const Json& one : list_at(object, {"metadata", "finalizers"}))
    if (one != kFinalizer) others.push_back(one);
  return others;
}

void Findings::add(Findings more) {
  std::move(more.leftovers.begin(), more.leftovers.end(), std::back_inserter(leftovers));
  std::move(more.alone.begin(), more.alone.end(), std::back_inserter(alone));
}

MigrationsKnown::MigrationsKnown(const Inventory& seen) {
  for (const Json& migration : seen.migrations) {
    // Nobody is left to finish it: as good as gone.
    const bool is_abandoned = !seen.has_controller && is_deleting(migration) && has_finalizer(migration);
    (is_abandoned ? traces_ : live_).insert(metadata_of(migration, "uid"));
    if (is_abandoned) continue;
    for (const std::string& pod :
         {text_at(migration, {"spec", "pod", "uid"}), text_at(migration, {"status", "source", "uid"}),
          text_at(migration, {"status", "target", "uid"})})
      if (!pod.empty()) live_pods_.insert(pod);
  }
  for (const Json& pod : seen.pods) {
    traces_.insert(restored_for(pod));
    traces_.insert(settled_for(pod));
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
  finder.applications();
  finder.held();
  finder.migrations();
  return finder.take();
}

LookedInto control_queues_of(const Inventory& seen, const MigrationsKnown& known) {
  LookedInto queues;
  for (const Json& pod : seen.pods) {
    const std::string name = metadata_of(pod, "name");
    const std::string host = text_at(pod, {"spec", "hostname"});
    const std::string queue = messages::control_queue_name(
        text_at(pod, {"metadata", "annotations", kControlQueueAnnotation}), name, host.empty() ? name : host);
    const Role role = role_of(seen, pod);
    const bool is_in_view = seen.namespace_.empty() || metadata_of(pod, "namespace") == seen.namespace_;
    const bool goes = is_in_view && known.is_gone(restored_for(pod)) &&
                      !known.is_moved_by_live(metadata_of(pod, "uid")) && (role == Role::nothing || role == Role::copy);
    (goes ? queues.by_left : queues.by_living).insert(queue);
  }
  std::erase_if(queues.by_left, [&](const std::string& queue) { return queues.by_living.contains(queue); });
  return queues;
}

std::set<std::string> served_by_targets(const Inventory& seen, const MigrationsKnown& known) {
  std::set<std::string> served;
  for (const Json& pod : seen.pods) {
    if (const std::string settled = settled_for(pod); known.is_gone(settled)) served.insert(settled);
    const std::string restored = restored_for(pod);
    const Role role = role_of(seen, pod);
    if (known.is_gone(restored) && (role == Role::application || role == Role::unknown)) served.insert(restored);
  }
  return served;
}

std::set<std::string> served_by_sources(const Inventory& seen, const MigrationsKnown& known) {
  std::set<std::string> served;
  for (const NodeFacts& node : seen.nodes)
    for (const HeldMigration& one : node.held)
      if (known.is_gone(one.migration) && source_of(seen, one.migration) == Source::works) served.insert(one.migration);
  for (const std::string& uid : served_by_targets(seen, known))
    served.erase(uid);
  return served;
}

}  // namespace migrate::plugin
