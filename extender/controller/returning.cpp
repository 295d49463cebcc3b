// A live migration's way back into the source's name: a second hop of its own, with strategy Stop, from the shadow, on
// the shadow's node. It is a Migration like any other, so whatever becomes of it, one of the two Pods works: if it
// comes to nothing, the shadow goes on.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "extender/controller/identity.h"
#include "extender/controller/pods.h"
#include "extender/controller/steps.h"
#include "shared/migration/names.h"
#include "shared/migration/owners.h"

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

using Found = std::optional<Migration>;

Attempt<Found> look_at(Hop& hop, const kube::ResourcePath& path, const Limits& limits) {
  auto found = Pods{hop}.call<std::optional<Json>>(
      "read " + describe(path), limits,
      [&](const kube::CallOptions& options) { return hop.world().client.get(path, options); });
  if (!found) return tl::make_unexpected(found.error());
  if (!*found) return Found{};
  auto read = parse_migration(**found);
  if (!read) return give_up(Event::failed, "SecondHop", read.error().message);
  return Found{std::move(*read)};
}

kube::ResourcePath path_of_try(Hop& hop, unsigned number) {
  return migration_path(hop.migration().namespace_, name_of_try(hop.migration(), number));
}

// Nothing when it has been deleted since.
Attempt<Found> make_try(Hop& hop, unsigned number, const Limits& limits) {
  const auto path = path_of_try(hop, number);
  const Json wanted = second_hop(hop, number);
  auto made = Pods{hop}.call<Json>("create " + describe(path), limits, [&](const kube::CallOptions& options) {
    auto answer = hop.world().client.create(path.collection(), wanted, {}, options);
    const bool is_there = !answer && answer.error().kind == kube::ApiError::Kind::already_exists;
    return is_there ? kube::ApiResult<Json>{Json{}} : answer;
  });
  if (!made) return tl::make_unexpected(made.error());
  return look_at(hop, path, limits);
}

// Evicted, perhaps: its containers have ended, and none is started in it any more.
bool is_over(const PodView& pod) {
  return pod.phase == "Failed" || pod.phase == "Succeeded";
}

// A Pod that is not ready yet would be refused.
Attempt<void> await_ready(Hop& hop, const Limits& limits) {
  const auto is_settled = [](const Json* pod) {
    return pod == nullptr || view_of(*pod).ready || is_over(view_of(*pod));
  };
  auto seen = Pods{hop}.await(hop.status().target.pod, is_settled, limits);
  if (!seen) return tl::make_unexpected(seen.error());
  return {};
}

// The second hop has none to give it back to, if it was deleted in time.
void note_lost_set(Hop& hop) {
  if (!hop.status().owner) return;
  const auto home = Pods{hop}.get(hop.status().target.pod, hop.after_commit(kLookPatience));
  if (home && *home && !owner_of(**home)) tell_set_is_gone(hop, hop.status().target.pod);
}

Outcome settled(Hop& hop, bool restored, const char* reason, const std::string& message) {
  set_condition(hop.status(), {"NameRestored", restored, reason, message, hop.world().clock.now()});
  if (restored)
    note_lost_set(hop);
  else
    hop.warn(message);
  return {Event::done, "", ""};
}

// The Pod that has the name by now: of the source's owner, or of nobody if that is gone, and restored, as nothing else
// has our RuntimeClass. A set's name is held, so that nobody but a second hop can have made it.
Attempt<std::optional<PodPlace>> find_home(Hop& hop, const Limits& limits) {
  const Migration& migration = hop.migration();
  auto found = Pods{hop}.get(migration.spec.pod, limits);
  if (!found) return tl::make_unexpected(found.error());
  if (!*found) return std::optional<PodPlace>{};
  const PodView view = view_of(**found);
  const bool is_restored = text_at(**found, {"spec", "runtimeClassName"}) == kRuntimeClass;
  const auto owner = owner_of(**found);
  const bool is_others = owner && owner != migration.status.owner;
  if (!is_restored || is_others || view.uid == migration.status.source.uid) return std::optional<PodPlace>{};
  return std::optional{PodPlace{view.name, view.uid, view.node}};
}

// What is to be done about a shadow that waits for its name, or the end: it is back in it, by a second hop that nobody
// can look at any more, or it is gone or over, and its memory with it.
Outcome shadow_or(Hop& hop, const Limits& limits, Outcome otherwise) {
  const MigrationStatus& status = hop.status();
  const PodPlace& shadow = status.target;
  auto found = Pods{hop}.get(shadow.pod, limits);
  if (!found) return found.error();
  const bool is_there = *found && view_of(**found).uid == shadow.uid;
  if (is_there && !is_over(view_of(**found))) return otherwise;
  auto home = find_home(hop, limits);
  if (!home) return home.error();
  if (*home) {
    hop.status().target = **home;
    return settled(hop, true, "Returned", "by a migration that has been deleted since");
  }
  const std::string who_starts = status.owner ? fmt::format("; {} {} starts {} anew", status.owner->kind,
                                                            status.owner->name, hop.migration().spec.pod)
                                              : "";
  return settled(hop, false, "ShadowGone",
                 fmt::format("Pod {} is {}, and with it its memory{}", shadow.pod,
                             is_there ? fmt::format("over ({})", view_of(**found).phase) : "gone", who_starts));
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

// What the second hop waits for, if it says: nobody has the name meanwhile.
std::string at_work(const MigrationStatus& second) {
  const bool says = !second.steps.empty() && !second.steps.back().message.empty();
  return says ? fmt::format(", {}: {}", to_string(second.phase), second.steps.back().message) : "";
}

// As long as a migration may take. A Pod that is not ready by then may never be, and this would never end.
bool waits_too_long(Hop& hop) {
  const std::vector<Step>& steps = hop.status().steps;
  return !steps.empty() && hop.world().clock.now() - steps.back().started > hop.migration().spec.timeout;
}

// A try that came to nothing.
struct LastTry {
  std::string why = {};
  std::optional<Instant> ended = {};
  unsigned number = 0;
};

bool is_too_soon(Hop& hop, const LastTry& last) {
  return is_owned_by(hop.migration(), kStatefulSet) && hop.world().clock.now() - last.ended.value_or(Instant{}) <
                                                           kBetweenTries * std::min(last.number, kLongestPause);
}

// That try, made if it is not there; nothing when it was there and has been deleted since. Done: there is nothing left
// to try. What became of the shadow is asked only where no try is left that tells it. `is_new`: made now.
Attempt<Found> take_up(Hop& hop, unsigned number, const LastTry& last, const Limits& limits, bool& is_new) {
  auto there = look_at(hop, path_of_try(hop, number), limits);
  is_new = there && !*there;
  if (!is_new) return there;
  Outcome shadow = shadow_or(hop, limits, {Event::left, "Waits", last.why});
  if (shadow.reason != "Waits" || is_too_soon(hop, last)) return tl::make_unexpected(std::move(shadow));
  return make_try(hop, number, limits);
}

}  // namespace

Outcome returning(Hop& hop) {
  const std::string wanted = hop.migration().spec.pod;
  const bool is_sets = is_owned_by(hop.migration(), kStatefulSet);
  LastTry last;
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
      auto second = take_up(hop, number, last, limits, is_new);
      if (!second) {
        if (second.error().event == Event::left || second.error().event == Event::done) return second.error();
        if (is_sets) return {Event::left, "TriesAgain", second.error().message};
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
        last = {fmt::format("{}: {}", (*second)->name, seen.message), seen.finished, number};
        note_lost_shadow(hop, seen);
        note_second_gap(hop.status(), seen);
        break;
      }
      if (!hop.pause(kPoll, patience))
        return {Event::left, "UnderWay",
                seen.phase == Phase::in_doubt
                    ? fmt::format("migration {} is in doubt: kubectl migrate resolve {} -n {}", (*second)->name,
                                  (*second)->name, hop.migration().namespace_)
                    : fmt::format("by migration {}{}", (*second)->name, at_work(seen))};
    }
  }
  return settled(hop, false, "SecondHopRolledBack",
                 fmt::format("the Pod works as {}: its way back into the name {} came to nothing {} times, at last {}",
                             hop.status().target.pod, wanted, kTries, last.why));
}

}  // namespace migrate::controller
