#include "extender/controller/set_refusals.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "shared/kube/label_selector.h"

namespace migrate::controller {
namespace {

constexpr const char* kRevisionLabel = "controller-revision-hash";

// Of "orders-2", 2; nothing where there is no ordinal.
std::optional<std::int64_t> ordinal_in(const std::string& name) {
  const std::size_t at = name.rfind('-');
  if (at == std::string::npos || at + 1 == name.size()) return std::nullopt;
  std::int64_t ordinal = 0;
  const char* const end = name.data() + name.size();
  const auto read = std::from_chars(name.data() + at + 1, end, ordinal);
  if (read.ec != std::errc{} || read.ptr != end) return std::nullopt;
  return ordinal;
}

bool is_observed(const Json& object) {
  return number_at(object, {"status", "observedGeneration"}) == number_at(object, {"metadata", "generation"});
}

class Rows {
 public:
  Rows(const Migration& migration, const Json& pod, const SetFacts& facts)
      : migration_(migration), pod_(pod), facts_(facts), owner_(*migration.status.owner) {}

  // False: nothing more is to be said.
  bool existence() {
    if (facts_.set.is_null() || text_at(facts_.set, {"metadata", "uid"}) != owner_.uid) {
      add("SetDeleting", "is not there any more; what it left is being removed");
      return false;
    }
    if (has(facts_.set, {"metadata", "deletionTimestamp"})) add("SetDeleting", "is being deleted");
    return true;
  }

  void stateful_set() {
    const Json& set = facts_.set;
    const std::string& name = is_local(migration_) ? migration_.spec.target_name : migration_.spec.pod;
    const std::int64_t first = number_at(set, {"spec", "ordinals", "start"});
    const std::int64_t replicas = number_at(set, {"spec", "replicas"}, 1);
    const auto ordinal = ordinal_in(name);
    if (!ordinal || *ordinal < first || *ordinal >= first + replicas)
      add("OrdinalOutOfRange", fmt::format("has {} replicas from ordinal {} on, and is about to remove {}; scale it, "
                                           "or let that Pod go",
                                           replicas, first, name));
    else
      check_revision(*ordinal - first, replicas);
  }

  // A rollout deletes Pods that are not of the newest revision, the one that has been moved like any other; but only
  // from its partition on, and with `OnDelete` none at all. Those two never end, so nobody is told to wait for them.
  void check_revision(std::int64_t index, std::int64_t replicas) {
    const Json& set = facts_.set;
    const bool deletes = text_at(set, {"spec", "updateStrategy", "type"}) != "OnDelete";
    const std::int64_t partition = number_at(set, {"spec", "updateStrategy", "rollingUpdate", "partition"});
    const std::string now = text_at(set, {"status", "currentRevision"});
    const std::string next = text_at(set, {"status", "updateRevision"});
    const std::string own = text_at(pod_, {"metadata", "labels", kRevisionLabel});
    const bool is_done = now == next || (partition > 0 && number_at(set, {"status", "updatedReplicas"}) >=
                                                              std::max<std::int64_t>(replicas - partition, 0));
    const bool may_stay = own == next || index < partition;
    if (is_observed(set) && (!deletes || (is_done && may_stay))) return;
    add("SetRollingOut", fmt::format("is rolling out revision {} (this Pod is of {}); wait for it: kubectl rollout "
                                     "status statefulset/{} -n {}",
                                     next, own, owner_.name, migration_.namespace_));
  }

  void replica_set() {
    if (migration_.spec.keep_name)
      add("NameOfReplicaSet",
          "gives its Pods names that mean nothing, and would make another Pod in the moment that "
          "this name is free; migrate without --keep-name");
    const Json& set = facts_.set;
    if (!is_observed(set) || number_at(set, {"status", "replicas"}) != number_at(set, {"spec", "replicas"}, 1))
      add("SetRollingOut",
          fmt::format("has {} of {} Pods; wait until it has been scaled", number_at(set, {"status", "replicas"}),
                      number_at(set, {"spec", "replicas"}, 1)));
    const Json& above = facts_.deployment;
    if (above.is_null()) return;
    const std::string name = text_at(above, {"metadata", "name"});
    if (has(above, {"metadata", "deletionTimestamp"}))
      add("SetDeleting", fmt::format("belongs to Deployment {}, which is being deleted", name));
    else if (!is_observed(above) ||
             number_at(above, {"status", "updatedReplicas"}) != number_at(above, {"status", "replicas"}))
      add("SetRollingOut", fmt::format("belongs to Deployment {}, which is rolling out; wait for it: kubectl rollout "
                                       "status deployment/{} -n {}",
                                       name, name, migration_.namespace_));
  }

  std::vector<Refusal> take() { return std::move(found_); }

 private:
  void add(const char* reason, const std::string& what) {
    found_.push_back({reason,
                      fmt::format("{} {}/{} of Pod {} {}", owner_.kind, migration_.namespace_, owner_.name,
                                  text_at(pod_, {"metadata", "name"}), what),
                      ""});
  }

  const Migration& migration_;
  const Json& pod_;
  const SetFacts& facts_;
  const OwnerRef& owner_;
  std::vector<Refusal> found_;
};

const Json& apart_terms(const Json& pod) {
  return list_at(pod, {"spec", "affinity", "podAntiAffinity", "requiredDuringSchedulingIgnoredDuringExecution"});
}

// Of other namespaces' Pods the scheduler knows more.
bool is_about_itself(const Json& term, const Json& pod) {
  return !has(term, {"namespaces"}) && !has(term, {"namespaceSelector"}) &&
         kube::selects(find(term, {"labelSelector"}), find(pod, {"metadata", "labels"}));
}

}  // namespace

std::vector<Refusal> set_refusals(const Migration& migration, const Json& pod, const SetFacts& set) {
  if (!migration.status.owner) return {};
  Rows rows{migration, pod, set};
  if (rows.existence()) {
    if (is_owned_by(migration, kStatefulSet))
      rows.stateful_set();
    else
      rows.replica_set();
  }
  return rows.take();
}

std::vector<std::string> set_warnings(const SetFacts& set) {
  std::vector<std::string> found;
  const Json& above = set.deployment.is_null() ? set.set : set.deployment;
  for (const Json& owner : list_at(above, {"metadata", "ownerReferences"}))
    if (flag_at(owner, {"controller"}))
      found.push_back(fmt::format("{} {} is kept by {} {}, which may have a will of its own about its Pods",
                                  text_at(above, {"kind"}), text_at(above, {"metadata", "name"}),
                                  text_at(owner, {"kind"}), text_at(owner, {"name"})));
  return found;
}

bool keeps_apart(const Json& pod) {
  const Json& terms = apart_terms(pod);
  return std::any_of(terms.begin(), terms.end(), [&](const Json& term) { return is_about_itself(term, pod); });
}

std::vector<Refusal> affinity_refusals(const Json& pod, const NodeState& source, const NodeState& target) {
  std::vector<Refusal> found;
  const PodView view = view_of(pod);
  for (const Json& term : apart_terms(pod)) {
    if (!is_about_itself(term, pod)) continue;
    const std::string key = text_at(term, {"topologyKey"});
    const auto here = source.labels.find(key);
    const auto there = target.labels.find(key);
    if (here == source.labels.end() || there == target.labels.end() || here->second != there->second) continue;
    found.push_back({"AntiAffinity",
                     fmt::format("Pod {}/{} wants no other of its kind within one {}, and nodes {} and {} are both in "
                                 "{}: the target would have to stand beside the source; name a node elsewhere",
                                 view.namespace_, view.name, key, source.name, target.name, here->second),
                     ""});
  }
  return found;
}

std::vector<std::string> services_of_unready(const Json& services, const Json& pod) {
  std::vector<std::string> found;
  const Json* labels = find(pod, {"metadata", "labels"});
  for (const Json& one : list_at(services, {"items"}))
    if (flag_at(one, {"spec", "publishNotReadyAddresses"}) &&
        kube::selects_by_map(find(one, {"spec", "selector"}), labels))
      found.push_back(text_at(one, {"metadata", "name"}));
  return found;
}

}  // namespace migrate::controller
