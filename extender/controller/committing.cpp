// The one record that decides: from it on the source never runs again by itself. And, for a name to keep, what has to
// happen before the target can be released.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "extender/controller/pods.h"
#include "extender/controller/registry.h"
#include "extender/controller/replay.h"
#include "extender/controller/steps.h"
#include "shared/base/time.h"

namespace migrate::controller {
namespace {

using std::chrono::duration_cast;

constexpr milliseconds kRenamePatience{120'000};
constexpr unsigned kPlacements = 3;
constexpr milliseconds kPlacementPause{200};

// A node that does not answer for its Pods must not be committed: nobody would see the source's end.
Outcome check_source_node(Hop& hop, const Limits& limits) {
  const std::string& node = hop.status().source.node;
  const kube::ResourcePath path{.group = "coordination.k8s.io",
                                .version = "v1",
                                .plural = "leases",
                                .namespace_ = "kube-node-lease",
                                .name = node,
                                .subresource = {}};
  auto lease = Pods{hop}.read(path, limits);
  if (!lease) return lease.error();
  const auto renewed = parse_rfc3339(*lease ? text_at(**lease, {"spec", "renewTime"}) : "");
  // A kubelet renews it after a quarter of its duration (k8s.io/component-helpers, apimachinery/lease), which is 10 s
  // of 40 s where nobody has set it: half as much again is left, as the usual limit has it.
  const std::chrono::seconds lasts{*lease ? number_at(**lease, {"spec", "leaseDurationSeconds"}) : 0};
  const auto limit = std::max(hop.world().settings.node_lease_limit, lasts * 3 / 8);
  if (renewed && hop.world().clock.now() - *renewed < limit) return {};
  return {Event::failed, "SourceNodeSilent",
          fmt::format("the kubelet of the source's node {} has not renewed its Lease for {} s; see kubectl get nodes",
                      node, limit.count())};
}

// The images that the target's agent offers, and a Secret with what it takes to pull them. Of a registry outside that
// is the user's own.
Attempt<void> use_offer(Hop& hop, const std::string& node, TargetPlan& plan, const Limits& limits) {
  auto pulled = pull_archives(hop, node, limits);
  if (!pulled) return tl::make_unexpected(pulled.error());
  if (!pulled->offer)
    return give_up(Event::failed, "NoImages",
                   fmt::format("the agent of node {} offers no images; is it of the controller's version?", node));
  const agent::ImageOffer& offer = *pulled->offer;
  for (const agent::ImageOffer::Image& image : offer.images)
    plan.images[image.container] = image.reference;
  if (is_via_registry(hop.migration())) {
    plan.pull_secret = hop.migration().spec.registry_secret;
    return {};
  }
  // A name for each offer: the credentials of an earlier one are not these, and attempts are counted anew once a person
  // has decided.
  plan.pull_secret = pull_secret_name(hop.migration(), offer.repository);
  const kube::ResourcePath path = kube::core("secrets", hop.migration().namespace_, plan.pull_secret);
  const Json secret = pull_secret(hop.migration(), plan.pull_secret, {offer.repository, offer.user, offer.password});
  auto made = Pods{hop}.call<Json>("create " + describe(path), limits, [&](const kube::CallOptions& options) {
    auto created = hop.world().client.create(path.collection(), secret, {}, options);
    const bool there = !created && created.error().kind == kube::ApiError::Kind::already_exists;
    return there ? kube::ApiResult<Json>{Json{}} : created;
  });
  if (!made) return tl::make_unexpected(made.error());
  return {};
}

}  // namespace

Outcome committing(Hop& hop) {
  const Limits limits = hop.while_frozen();
  if (hop.status().strategy == Strategy::live) {
    // What was replayed is in its memory alone.
    if (auto lives = check_target_lives(hop, limits); !lives) return lives.error();
  } else if (auto live = Pods{hop}.live_target(limits); !live) {
    return live.error();
  }
  if (Outcome alive = check_source_node(hop, limits); alive.event != Event::done) return alive;
  auto record = hop.ask<agent::SourceRecord>(
      hop.status().source.node, "commit", "CommitFailed", limits,
      [&](agent::AgentApi& agent, const agent::Call& call) { return agent.commit(hop.order(), call); });
  if (!record) return record.error();
  if (record->state != agent::SourceState::committed)
    return {Event::failed, "SourceThawed",
            fmt::format("too late to commit: the source was thawed{}{}", record->message.empty() ? "" : ": ",
                        record->message)};
  if (!hop.status().frozen_at) hop.status().frozen_at = hop.frozen_at(*record);
  if (record->frozen_at && record->ended_at)
    hop.status().freeze = duration_cast<milliseconds>(*record->ended_at - *record->frozen_at);
  return {usual_end(Phase::committing, hop.migration()), "", ""};
}

Outcome renaming(Hop& hop) {
  const Limits limits = hop.after_commit(kRenamePatience);
  Pods pods{hop};
  MigrationStatus& status = hop.status();
  // Frozen and committed: the kubelet kills it in its own time, the name is free at once.
  if (takes_name(hop.migration()))
    if (auto freed = pods.force_remove(status.source.pod, status.source.uid, limits); !freed) return freed.error();
  if (auto taken = take_placeholders_room(hop, limits); !taken) return taken.error();
  return with_volumes(hop, make_target_there(hop, limits));
}

Outcome with_volumes(const Hop& hop, Outcome made) {
  if (made.event == Event::done) made.event = usual_end(Phase::renaming, hop.migration());
  return made;
}

Attempt<void> take_placeholders_room(Hop& hop, const Limits& limits) {
  Pods pods{hop};
  MigrationStatus& status = hop.status();
  if (!status.placeholder.empty()) {
    auto hold = pods.get(status.placeholder, limits);
    if (!hold) return tl::make_unexpected(hold.error());
    if (*hold && view_of(**hold).restore == hop.migration().uid)
      if (auto removed = pods.force_remove(status.placeholder, view_of(**hold).uid, limits); !removed) return removed;
  }
  // `node` stays: the extender lets it be placed there alone.
  const std::string name = target_name(hop.migration(), status.attempt);
  if (status.target.pod != name) status.target = {name, "", status.target.node};
  status.placeholder.clear();
  return hop.journal().write();
}

Outcome make_target_there(Hop& hop, const Limits& limits) {
  const PodPlace wanted = hop.status().target;
  Pods pods{hop};
  TargetPlan plan = hop.target_plan();
  plan.name = wanted.pod;
  if (hop.is_by_image())
    if (auto offered = use_offer(hop, wanted.node, plan, limits); !offered) return offered.error();
  for (unsigned placement = 1;; ++placement) {
    if (auto made = pods.make(target_pod(hop.source(), hop.migration(), plan), limits); !made) return made.error();
    // The scheduler found the room when it placed the placeholder; it might not find it again: a topology that the
    // source helped to spread looks otherwise without it.
    if (auto done = pods.bind(wanted.pod, wanted.node, limits); !done) return done.error();
    auto bound = await_bound(hop, wanted.pod, limits);
    if (!bound) return bound.error();
    const PodView view = view_of(*bound);
    if (view.phase != "Failed" && view.node == wanted.node) {
      hop.status().target.uid = view.uid;
      if (auto prepared = prepare_target(hop, limits); !prepared) return prepared.error();
      return {};
    }
    // An extender that had not seen the record yet, or a kubelet that has not let go of what was there before.
    if (placement == kPlacements)
      return {Event::failed, "TargetFailed",
              fmt::format("target Pod {} is {} on node {}; it belongs on node {}: {}", view.name, view.phase, view.node,
                          wanted.node, text_at(*bound, {"status", "message"}))};
    if (auto removed = pods.remove_ours(wanted.pod, limits); !removed) return removed.error();
    if (!hop.pause(kPlacementPause, limits)) return hop.interrupted({Event::left, "Left", "interrupted"});
  }
}

}  // namespace migrate::controller
