// A live migration's way back into the source's name: a second hop of its own, with strategy Stop, from the shadow, on
// the shadow's node. It is a Migration like any other, so whatever becomes of it, one of the two Pods works: if it
// comes to nothing, the shadow goes on.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "extender/controller/pods.h"
#include "extender/controller/steps.h"
#include "shared/migration/names.h"

namespace migrate::controller {
namespace {

constexpr unsigned kTries = 3;
// A StatefulSet would fill a name that is nobody's, beside the shadow: there it is tried again and again, after pauses
// that grow up to five minutes.
constexpr std::chrono::seconds kBetweenTries{10};
constexpr unsigned kLongestPause = 30;      // times that
constexpr std::chrono::hours kLeastTtl{1};  // it is looked at when it is over
// A worker must not be held for long: the second hop needs one too.
constexpr milliseconds kLookPatience{3'000};
constexpr milliseconds kPoll{50};
constexpr milliseconds kApiPatience{60'000};

std::string name_of_try(const Migration& migration, unsigned number) {
  return fmt::format("{}-name-{}", migration.name, number);
}

Json second_hop(Hop& hop, unsigned number) {
  const Migration& first = hop.migration();
  const MigrationStatus& status = hop.status();
  Migration second;
  second.namespace_ = first.namespace_;
  second.name = name_of_try(first, number);
  second.spec.pod = status.target.pod;
  second.spec.pod_uid = status.target.uid;
  second.spec.target_node = status.target.node;
  second.spec.target_name = first.spec.pod;
  second.spec.strategy = Strategy::stop;
  second.spec.checkpoint = first.spec.checkpoint;
  second.spec.accept = first.spec.accept;
  second.spec.timeout = first.spec.timeout;
  second.spec.ttl_after_finished = std::max<std::chrono::seconds>(first.spec.ttl_after_finished, kLeastTtl);
  // As it was told of the first source: the shadow has another name and, perhaps, another ordinal.
  second.spec.messages = first.spec.messages;
  second.spec.queue = status.messages ? status.messages->queue : first.spec.queue;
  second.spec.broker_secret = first.spec.broker_secret;
  Json object = to_json(second);
  object["metadata"]["annotations"][kRequestedByAnnotation] = first.requested_by;
  object["metadata"]["ownerReferences"] = {{{"apiVersion", kApiVersion},
                                            {"kind", "Migration"},
                                            {"name", first.name},
                                            {"uid", first.uid},
                                            {"controller", true}}};
  return object;
}

// That try, made if it is not there; nothing when it was there and has been deleted since. `is_new`: made now.
Attempt<std::optional<Migration>> take_up(Hop& hop, unsigned number, const Limits& limits, bool& is_new) {
  Pods api{hop};
  const auto path = migration_path(hop.migration().namespace_, name_of_try(hop.migration(), number));
  const auto look = [&] {
    return api.call<std::optional<Json>>("read " + describe(path), limits, [&](const kube::CallOptions& options) {
      return hop.world().client.get(path, options);
    });
  };
  auto found = look();
  if (!found) return tl::make_unexpected(found.error());
  is_new = !*found;
  if (is_new) {
    const Json wanted = second_hop(hop, number);
    auto made = api.call<Json>("create " + describe(path), limits, [&](const kube::CallOptions& options) {
      auto answer = hop.world().client.create(path.collection(), wanted, {}, options);
      const bool is_there = !answer && answer.error().kind == kube::ApiError::Kind::already_exists;
      return is_there ? kube::ApiResult<Json>{Json{}} : answer;
    });
    if (!made) return tl::make_unexpected(made.error());
    found = look();
    if (!found) return tl::make_unexpected(found.error());
    if (!*found) return std::optional<Migration>{};
  }
  auto read = parse_migration(**found);
  if (!read) return give_up(Event::failed, "SecondHop", read.error().message);
  return std::optional{std::move(*read)};
}

// A Pod that is not ready yet would be refused.
Attempt<void> await_ready(Hop& hop, const Limits& limits) {
  auto seen = Pods{hop}.await(
      hop.status().target.pod, [](const Json* pod) { return pod == nullptr || view_of(*pod).ready; }, limits);
  if (!seen) return tl::make_unexpected(seen.error());
  return {};
}

Outcome settled(Hop& hop, bool restored, const char* reason, const std::string& message) {
  set_condition(hop.status(), {"NameRestored", restored, reason, message, hop.world().clock.now()});
  if (!restored) hop.warn(message);
  return {Event::done, "", ""};
}

// What is to be done about a set's shadow that waits for its name, or the end: it is gone, and its memory with it.
Outcome shadow_or(Hop& hop, const Limits& limits, Outcome otherwise) {
  const PodPlace& shadow = hop.status().target;
  auto found = Pods{hop}.get(shadow.pod, limits);
  if (!found) return found.error();
  if (*found && view_of(**found).uid == shadow.uid) return otherwise;
  return settled(hop, false, "ShadowGone",
                 fmt::format("Pod {} is gone, and with it its memory; StatefulSet {} starts {} anew", shadow.pod,
                             hop.status().owner->name, hop.migration().spec.pod));
}

// What the second hop froze is the shadow: lost there, it was started anew without its memory.
void note_lost_shadow(Hop& hop, const MigrationStatus& second) {
  const Condition* lost = find_condition(second, "SourceLost");
  if (lost != nullptr && lost->value) hop.warn(lost->message);
}

// Of a second hop that is over: until its target worked, or until the shadow was thawed.
void note_second_gap(MigrationStatus& status, const MigrationStatus& second) {
  if (const auto silent = second.gap ? second.gap : second.freeze) note_gap(status, *silent);
}

// As long as a migration may take. A Pod that is not ready by then may never be, and this would never end.
bool waits_too_long(Hop& hop) {
  const std::vector<Step>& steps = hop.status().steps;
  return !steps.empty() && hop.world().clock.now() - steps.back().started > hop.migration().spec.timeout;
}

}  // namespace

Outcome returning(Hop& hop) {
  const std::string wanted = hop.migration().spec.pod;
  const bool is_sets = is_owned_by(hop.migration(), kStatefulSet);
  std::string why;
  for (unsigned number = 1; is_sets || number <= kTries; ++number) {
    const Limits limits = hop.after_commit(kApiPatience);
    if (auto ready = await_ready(hop, hop.after_commit(kLookPatience)); !ready) {
      const std::string trouble = fmt::format("Pod {} is not ready", hop.status().target.pod);
      if (is_sets || !waits_too_long(hop)) return {Event::left, "NotReady", trouble + " yet"};
      return settled(
          hop, false, "NotReady",
          fmt::format("{} after {} s, so it keeps that name; kubectl migrate {} --keep-name once it is", trouble,
                      std::chrono::duration_cast<std::chrono::seconds>(hop.migration().spec.timeout).count(),
                      hop.status().target.pod));
    }
    const Limits patience = hop.after_commit(kLookPatience);
    for (;;) {
      bool is_new = false;
      auto second = take_up(hop, number, limits, is_new);
      if (!second) {
        if (second.error().event == Event::left) return second.error();
        if (is_sets) return shadow_or(hop, limits, {Event::left, "TriesAgain", second.error().message});
        return settled(hop, false, "SecondHopFailed", second.error().message);
      }
      if (!*second) break;
      if (is_new) drop_archives(hop);  // while it begins
      const MigrationStatus& seen = (*second)->status;
      if (seen.phase == Phase::succeeded) {
        hop.status().target = seen.target;
        note_second_gap(hop.status(), seen);
        return settled(
            hop, true, "Returned",
            fmt::format("by migration {}: gap {} ms", (*second)->name, seen.gap.value_or(milliseconds{0}).count()));
      }
      if (seen.phase == Phase::failed && is_sets)
        return shadow_or(hop, limits,
                         {Event::left, "TriesAgain",
                          fmt::format("migration {} failed: {}; when it is deleted another one is made",
                                      (*second)->name, seen.message)});
      if (seen.phase == Phase::failed)
        return settled(hop, false, "SecondHopFailed",
                       fmt::format("migration {} failed: {}", (*second)->name, seen.message));
      if (is_final(seen.phase)) {
        why = fmt::format("{}: {}", (*second)->name, seen.message);
        note_lost_shadow(hop, seen);
        note_second_gap(hop.status(), seen);
        if (!is_sets) break;
        const auto pause = kBetweenTries * std::min(number, kLongestPause);
        const bool is_soon = hop.world().clock.now() - seen.finished.value_or(Instant{}) < pause;
        Outcome there = shadow_or(hop, limits, {is_soon ? Event::left : Event::done, "TriesAgain", why});
        if (is_soon || there.reason != "TriesAgain") return there;
        break;
      }
      if (!hop.pause(kPoll, patience))
        return {Event::left, "UnderWay",
                seen.phase == Phase::in_doubt
                    ? fmt::format("migration {} is in doubt: kubectl migrate resolve {} -n {}", (*second)->name,
                                  (*second)->name, hop.migration().namespace_)
                    : fmt::format("by migration {}", (*second)->name)};
    }
  }
  return settled(hop, false, "SecondHopRolledBack",
                 fmt::format("the Pod works as {}: its way back into the name {} came to nothing {} times, at last {}",
                             hop.status().target.pod, wanted, kTries, why));
}

}  // namespace migrate::controller
