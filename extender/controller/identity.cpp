#include "extender/controller/identity.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "extender/controller/frozen_source.h"
#include "extender/controller/kube_events.h"
#include "extender/controller/pods.h"
#include "extender/controller/refusals.h"
#include "shared/migration/names.h"
#include "shared/migration/owners.h"

namespace migrate::controller {
namespace {

constexpr const char* kDeletionCost = "controller.kubernetes.io/pod-deletion-cost";
constexpr const char* kHighestCost = "2147483647";
constexpr const char* kLowestCost = "-2147483648";

constexpr milliseconds kBetweenProofs{1'000};
constexpr milliseconds kAskAgain{100};
constexpr milliseconds kChoicePatience{1'000};  // a ReplicaSet chooses within some 100 ms, if its controller is up
constexpr milliseconds kChoicePause{50};
constexpr milliseconds kLookPatience{2'000};

enum class Held { yes, no };

// Denied before any policy is asked. Known by the words of Kubernetes' plugin/pkg/admission/serviceaccount, which has
// no code for it.
bool lacks_account(const kube::ApiError& error) {
  return error.kind == kube::ApiError::Kind::forbidden &&
         error.text().find("error looking up service account") != std::string::npos;
}

// Whether the policy, and not the Pod that has the name still, or a quota, keeps others from making one. A policy that
// denies because it has yet to be read proves nothing of the moment after. `words`: the API server's.
Attempt<Held> try_to_take_name(Hop& hop, const Limits& limits, std::string& words) {
  // Anything but what we make: the same Pod without the annotation that its restore takes.
  TargetPlan plan = hop.target_plan();
  plan.name = hop.migration().spec.pod;
  plan.is_shadow = false;
  Json intruder = target_pod(hop.source(), hop.migration(), plan);
  intruder["metadata"]["annotations"].erase(kRestoreAnnotation);
  const auto path = kube::pod(hop.migration().namespace_, hop.migration().spec.pod);
  Held held = Held::no;
  auto tried = Pods{hop}.call<Json>("try to create " + describe(path), limits, [&](const kube::CallOptions& options) {
    kube::WriteOptions write;
    write.dry_run = kube::DryRun::server;
    auto answer = hop.world().client.create(path.collection(), intruder, write, options);
    if (!answer && lacks_account(answer.error())) {
      // Somebody may make it anew at any time: with the namespace's own the policy is asked.
      for (const char* field : {"serviceAccountName", "serviceAccount"})
        intruder["spec"].erase(field);
      answer = hop.world().client.create(path.collection(), intruder, write, options);
    }
    words = answer ? "it would take one" : answer.error().text();
    if (answer) return answer;
    using Kind = kube::ApiError::Kind;
    const Kind kind = answer.error().kind;
    const bool denied = kind == Kind::forbidden || kind == Kind::invalid;
    if (denied && !is_policy_yet_to_be_read(answer.error()) && words.find(kNamePolicy) != std::string::npos)
      held = Held::yes;
    return denied || kind == Kind::already_exists ? kube::ApiResult<Json>{Json{}} : answer;
  });
  if (!tried) return tl::make_unexpected(tried.error());
  return held;
}

void unmark(Json& metadata) {
  metadata["annotations"][kRestoreAnnotation] = nullptr;
  metadata["labels"][kMigrationLabel] = nullptr;
}

// What the source had there, or nothing.
Json deletion_cost_of(const Json& source) {
  const std::string cost = text_at(source, {"metadata", "annotations", kDeletionCost});
  return cost.empty() ? Json{} : Json(cost);
}

bool has_lost_set(Hop& hop, const Json& lent) {
  return hop.status().owner && returned_owners(hop.source(), lent).empty();
}

Attempt<void> give_back(Hop& hop, const PodPlace& place, const Limits& limits) {
  bool is_nobodys = false;
  auto given = Pods{hop}.amend(place.pod, place.uid, limits, [&](const Json& pod) {
    if (!is_lent_to(pod, hop.migration())) return Json{};
    is_nobodys = has_lost_set(hop, pod);
    return Json{{"ownerReferences", returned_owners(hop.source(), pod)}};
  });
  if (!given) return tl::make_unexpected(given.error());
  if (*given && is_nobodys) tell_set_is_gone(hop, place.pod);
  return {};
}

// Another migration at work that has the Pod; empty: none. One that is over, or gone, has no more use of it.
Attempt<std::string> other_borrower(Hop& hop, const Json& pod, const Limits& limits) {
  const auto borrower = borrower_of(pod);
  if (!borrower || borrower->uid == hop.migration().uid) return std::string{};
  const auto path = migration_path(hop.migration().namespace_, borrower->name);
  auto found = Pods{hop}.read(path, limits);
  if (!found) return tl::make_unexpected(found.error());
  if (!*found || text_at(**found, {"metadata", "uid"}) != borrower->uid) return std::string{};
  const auto other = parse_migration(**found);
  return other && is_final(other->status.phase) ? std::string{} : borrower->name;
}

// The finalizer came with the adoption.
bool was_told_to_end(const Json& pod) {
  return view_of(pod).deleting && has_our_finalizer(pod);
}

tl::unexpected<Outcome> target_was_chosen(Hop& hop) {
  const Migration& migration = hop.migration();
  const bool is_live = migration.status.strategy == Strategy::live;
  return give_up(Event::unsure, "TargetDeleted",
                 fmt::format("target Pod {}/{} was told to end once its ReplicaSet had it, perhaps as it was not ready "
                             "just then, and what it has done since it came to life ends with it{}",
                             migration.namespace_, migration.status.target.pod,
                             is_live ? ""
                                     : fmt::format("; the archives are kept: kubectl migrate resume {} "
                                                   "--from-checkpoint",
                                                   migration.name)));
}

// Where the source is gone, or another Pod has its name, there is none left to free.
Attempt<void> prove_while_source_has_name(Hop& hop, const Limits& limits) {
  const PodPlace& source = hop.status().source;
  const auto there = Pods{hop}.get(source.pod, limits);
  if (!there) return tl::make_unexpected(there.error());
  if (!*there || view_of(**there).uid != source.uid) return {};
  return prove_name_held(hop, limits);
}

// Nobody can make anything there, and before any policy is asked. Mostly looked at when the time is over: this call has
// a time of its own.
bool goes_with_namespace(Hop& hop, const Limits& ended) {
  if (!hop.signals().deleting()) return false;
  const Limits limits{std::max(ended.until, hop.world().pacer.now() + kLookPatience), ended.stop};
  const auto path = kube::core("namespaces", "", hop.migration().namespace_);
  const auto found = Pods{hop}.read(path, limits);
  return found && (!*found || has(**found, {"metadata", "deletionTimestamp"}));
}

// Until the ReplicaSet has removed the source, as it should. A target that stops being ready as it is adopted costs
// nothing in its eyes: then the frozen source and the archives are all that is left of the memory.
Attempt<void> await_choice(Hop& hop, const Limits& limits) {
  const PodPlace& source = hop.status().source;
  Limits patience = until_probes(hop, limits);
  patience.until = std::min(patience.until, hop.world().pacer.now() + kChoicePatience);
  for (;;) {
    if (auto stays = check_target_stays(hop, limits); !stays) return stays;
    auto found = Pods{hop}.get(source.pod, limits);
    if (!found) return tl::make_unexpected(found.error());
    if (!*found || view_of(**found).uid != source.uid || view_of(**found).deleting) return {};
    if (hop.pause(kChoicePause, patience)) continue;
    if (hop.signals().leaving()) return leave("interrupted");
    return {};
  }
}

// While its source is there the ReplicaSet may choose wrongly: a finalizer keeps the target's object until then.
Attempt<void> adopt_target(Hop& hop, bool is_source_there, const Limits& limits) {
  const PodPlace& target = hop.status().target;
  bool is_nobodys = false;
  auto adopted = Pods{hop}.amend(target.pod, target.uid, limits, [&](const Json& pod) {
    // Of a Migration that is deleted in foreground the garbage collector has removed the reference already.
    if (!is_lent_to(pod, hop.migration()) && owner_of(pod)) return Json{};
    // Given up by somebody. It could not be kept any more.
    if (view_of(pod).deleting) return Json{};
    is_nobodys = has_lost_set(hop, pod);
    Json metadata{{"ownerReferences", returned_owners(hop.source(), pod)}};
    if (is_source_there) metadata["finalizers"] = finalizers_of(pod, true);
    metadata["annotations"][kDeletionCost] = kHighestCost;
    if (const std::string hash = text_at(hop.source(), {"metadata", "labels", kTemplateHashLabel}); !hash.empty())
      metadata["labels"][kTemplateHashLabel] = hash;
    return metadata;
  });
  if (!adopted) return tl::make_unexpected(adopted.error());
  if (*adopted && is_nobodys) tell_set_is_gone(hop, target.pod);
  return {};
}

}  // namespace

void tell_set_is_gone(Hop& hop, const std::string& pod) {
  const OwnerRef& owner = *hop.status().owner;
  const std::string text = fmt::format(
      "{} {} is gone, and Pod {} belongs to nobody; delete it if it should be gone too", owner.kind, owner.name, pod);
  hop.warn(text);
  record_for_both(hop.world().events, hop.migration(), true, "MigrationSetGone", text);
}

Attempt<void> lend_source(Hop& hop, const Limits& limits) {
  const PodPlace& source = hop.status().source;
  bool is_ending = false;
  std::optional<OwnerRef> owner;
  Attempt<std::string> other = std::string{};
  auto lent = Pods{hop}.amend(source.pod, source.uid, limits, [&](const Json& pod) {
    is_ending = view_of(pod).deleting;
    owner = owner_of(pod);
    if (is_ending || owner != hop.status().owner || is_lent_to(pod, hop.migration())) return Json{};
    other = other_borrower(hop, pod, limits);
    if (!other || !other->empty()) return Json{};
    return Json{{"ownerReferences", lent_owners(pod, hop.migration())}};
  });
  if (!lent) return tl::make_unexpected(lent.error());
  if (!other) return tl::make_unexpected(other.error());
  if (!other->empty()) {
    Refusal refusal = other_refusal(hop.migration(), {.of_pod = *other});
    return give_up(Event::failed, std::move(refusal.reason), std::move(refusal.message));
  }
  if (*lent && owner != hop.status().owner)
    return give_up(Event::failed, "OwnerChanged",
                   fmt::format("Pod {}/{} belongs to {} by now, and not to the {} that it belonged to when the "
                               "migration began; migrate it anew",
                               hop.migration().namespace_, source.pod,
                               owner ? fmt::format("{} {} (uid {})", owner->kind, owner->name, owner->uid) : "nobody",
                               hop.status().owner ? hop.status().owner->kind : "owner"));
  if (*lent && !is_ending) return {};
  return give_up(Event::failed, "SourceGone",
                 fmt::format("Pod {}/{} was deleted meanwhile", hop.migration().namespace_, source.pod));
}

Attempt<void> await_name_held(Hop& hop, const Limits& limits) {
  Limits patience = limits;
  patience.until = std::min(limits.until, hop.world().pacer.now() + kPolicyPatience);
  std::string words;
  for (;;) {
    auto held = try_to_take_name(hop, patience, words);
    if (!held) return tl::make_unexpected(held.error());
    if (*held == Held::yes) break;
    if (!hop.pause(kAskAgain, patience))
      return tl::make_unexpected(hop.interrupted(
          {Event::failed, "NameNotHeld",
           fmt::format("nothing keeps the StatefulSet from making {} anew once it is removed: the API server does not "
                       "apply the policy {}, but answers: {}; kubectl get "
                       "validatingadmissionpolicies,validatingadmissionpolicybindings",
                       hop.migration().spec.pod, kNamePolicy, words)}));
  }
  set_condition(hop.status(), {kNameHeldCondition, true, "PolicyApplied", words, hop.world().clock.now()});
  return {};
}

Attempt<void> prove_name_held(Hop& hop, const Limits& limits) {
  std::string words;
  for (;;) {
    const Condition* known = find_condition(hop.status(), kNameHeldCondition);
    if (known == nullptr) return {};
    if (!known->value) {  // by an earlier look
      if (auto first = await_name_held(hop, limits); !first) return first;
      continue;
    }
    const Instant next = known->since + kBetweenProofs;
    if (const auto left = std::chrono::duration_cast<milliseconds>(next - hop.world().clock.now());
        left > milliseconds{0} && !hop.pause(std::min(left, kBetweenProofs), limits))
      return tl::make_unexpected(hop.interrupted({Event::deadline, "DeadlineExceeded", "the time is over"}));
    auto held = try_to_take_name(hop, limits, words);
    if (!held) return tl::make_unexpected(held.error());
    if (*held == Held::yes) return {};
    set_condition(hop.status(), {kNameHeldCondition, false, "PolicyNotApplied", words, hop.world().clock.now()});
  }
}

Attempt<void> prove_name_held_still(Hop& hop, const Limits& limits) {
  if (find_condition(hop.status(), kSourceGone) != nullptr) return {};
  const auto until = kept_until(hop);
  auto held = prove_while_source_has_name(hop, until_probes(hop, limits));
  if (held || goes_with_namespace(hop, limits)) return {};
  if (!until || hop.world().clock.now() < *until) return held;
  // Later its kubelet would have it started cold beside the target, which is no better than what its set may make.
  hop.warn(held.error().message);
  return {};
}

Attempt<void> give_back_source(Hop& hop, const Limits& limits) {
  return give_back(hop, hop.status().source, limits);
}

Attempt<void> give_back_target(Hop& hop, const Limits& limits) {
  return give_back(hop, hop.status().target, limits);
}

Attempt<void> settle_target(Hop& hop, const Limits& limits) {
  const PodPlace& target = hop.status().target;
  const bool stays_lent = hop.status().strategy == Strategy::live && keeps_name(hop.migration());
  bool is_nobodys = false;
  auto settled = Pods{hop}.amend(target.pod, target.uid, limits, [&](const Json& pod) {
    Json metadata = Json::object();
    unmark(metadata);
    if (is_lent_to(pod, hop.migration()) && !stays_lent) {
      is_nobodys = has_lost_set(hop, pod);
      metadata["ownerReferences"] = returned_owners(hop.source(), pod);
    }
    if (is_owned_by(hop.migration(), kReplicaSet)) {
      metadata["annotations"][kDeletionCost] = deletion_cost_of(hop.source());
      metadata["finalizers"] = finalizers_of(pod, false);
    }
    return metadata;
  });
  if (!settled) return tl::make_unexpected(settled.error());
  if (*settled && is_nobodys) tell_set_is_gone(hop, target.pod);
  return {};
}

Attempt<void> replace_in_replica_set(Hop& hop, const Limits& limits) {
  Pods pods{hop};
  const MigrationStatus& status = hop.status();
  // No longer than the frozen source is safe from its liveness probes, which would start it anew beside the target.
  // Then it goes first, and of what the ReplicaSet makes in its place there is one too many.
  const Limits patience = until_probes(hop, limits);
  const auto is_ready = [](const Json* pod) { return pod == nullptr || view_of(*pod).ready || was_told_to_end(*pod); };
  auto ready = pods.await(status.target.pod, is_ready, patience);
  if (!ready && ready.error().event == Event::deadline && hop.left_of(limits) > milliseconds{0}) {
    if (auto removed = pods.force_remove(status.source.pod, status.source.uid, limits); !removed) return removed;
    // Of one too many a ReplicaSet removes one that is not ready, whatever it costs: that would be the target.
    ready = pods.await(status.target.pod, is_ready, limits);
  }
  if (!ready && ready.error().event == Event::deadline)
    return give_up(Event::deadline, "NotReady",
                   fmt::format("target Pod {} is not ready, and its ReplicaSet has it once it is; kubectl describe pod "
                               "{} -n {}, or delete it if it never will be",
                               status.target.pod, status.target.pod, hop.migration().namespace_));
  if (!ready) return tl::make_unexpected(ready.error());
  if (*ready && was_told_to_end(**ready)) return target_was_chosen(hop);
  // Told before it has a choice: what a ReplicaSet sees of Pods it sees in the order of the writes.
  auto cheap = pods.amend(status.source.pod, status.source.uid, limits, [](const Json& pod) {
    if (text_at(pod, {"metadata", "annotations", kDeletionCost}) == kLowestCost) return Json{};
    return Json{{"annotations", {{kDeletionCost, kLowestCost}}}};
  });
  if (!cheap) return tl::make_unexpected(cheap.error());
  if (auto adopted = adopt_target(hop, true, limits); !adopted) return adopted;
  return await_choice(hop, limits);
}

Attempt<void> check_target_stays(Hop& hop, const Limits& limits) {
  auto found = Pods{hop}.get(hop.status().target.pod, limits);
  if (!found) return tl::make_unexpected(found.error());
  if (*found && was_told_to_end(**found)) return target_was_chosen(hop);
  return {};
}

Attempt<void> give_back_cost(Hop& hop, const Limits& limits) {
  const PodPlace& source = hop.status().source;
  auto given = Pods{hop}.amend(source.pod, source.uid, limits, [&](const Json& pod) {
    if (text_at(pod, {"metadata", "annotations", kDeletionCost}) != kLowestCost) return Json{};
    Json metadata = Json::object();
    metadata["annotations"][kDeletionCost] = deletion_cost_of(hop.source());
    return metadata;
  });
  if (!given) return tl::make_unexpected(given.error());
  return {};
}

Attempt<void> take_sources_place(Hop& hop, const Limits& limits) {
  return adopt_target(hop, false, limits);
}

}  // namespace migrate::controller
