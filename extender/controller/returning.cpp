// A live migration's way back into the source's name: a second hop of its own, with strategy Stop, from the shadow, on
// the shadow's node. It is a Migration like any other, so whatever becomes of it, one of the two Pods works: if it
// comes to nothing, the shadow goes on.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "extender/controller/identity.h"
#include "extender/controller/pods.h"
#include "extender/controller/second_hops.h"
#include "extender/controller/steps.h"
#include "shared/migration/names.h"
#include "shared/migration/owners.h"

namespace migrate::controller {
namespace {

constexpr unsigned kTries = 3;
// A StatefulSet would fill a name that is nobody's, beside the shadow: there it is tried again and again, after pauses
// that grow up to five minutes.
constexpr std::chrono::seconds kBetweenTries{10};
constexpr unsigned kLongestPause = 30;  // times that
// A worker must not be held for long: the second hop needs one too.
constexpr milliseconds kLookPatience{3'000};
constexpr milliseconds kPoll{50};
constexpr milliseconds kApiPatience{60'000};

// Evicted, perhaps: its containers have ended, and none is started in it any more.
bool is_over(const PodView& pod) {
  return pod.phase == "Failed" || pod.phase == "Succeeded";
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

// Until it is over, or deleted; `left` when it is still under way.
Outcome await_end(Hop& hop, Migration second, const Limits& limits) {
  const Limits patience = hop.after_commit(kLookPatience);
  while (hop.pause(kPoll, patience)) {
    auto seen = look_at_try(hop, second.name, limits);
    if (!seen) return {Event::left, "UnderWay", seen.error().message};
    if (!*seen || is_final((*seen)->status.phase)) return {};
    second = std::move(**seen);
  }
  return {Event::left, "UnderWay",
          second.status.phase == Phase::in_doubt
              ? fmt::format("migration {} is in doubt: kubectl migrate resolve {} -n {}", second.name, second.name,
                            second.namespace_)
              : fmt::format("by migration {}{}", second.name, at_work(second.status))};
}

// What follows from a try that is over; nothing: one more, and this was the last one.
std::optional<Outcome> judge(Hop& hop, unsigned number, const Migration& second, const Limits& limits, LastTry& last) {
  const MigrationStatus& seen = second.status;
  if (seen.phase == Phase::succeeded) {
    hop.status().target = seen.target;
    note_second_gap(hop.status(), seen);
    return settled(hop, true, "Returned",
                   fmt::format("by migration {}: gap {} ms", second.name, seen.gap.value_or(milliseconds{0}).count()));
  }
  if (seen.phase == Phase::failed) {
    const std::string text = fmt::format("migration {} failed: {}", second.name, seen.message);
    if (!is_owned_by(hop.migration(), kStatefulSet)) return settled(hop, false, "SecondHopFailed", text);
    return shadow_or(hop, limits, {Event::left, "TriesAgain", text + "; when it is deleted another one is made"});
  }
  last = {fmt::format("{}: {}", second.name, seen.message), seen.finished, number};
  note_lost_shadow(hop, seen);
  note_second_gap(hop.status(), seen);
  return std::nullopt;
}

// A Pod that is not ready yet would be refused. One that is gone or over is no more to be waited for.
std::optional<Outcome> await_ready(Hop& hop) {
  const PodPlace& shadow = hop.status().target;
  const auto is_settled = [](const Json* pod) {
    return pod == nullptr || view_of(*pod).ready || is_over(view_of(*pod));
  };
  const auto seen = Pods{hop}.await(shadow.pod, is_settled, hop.after_commit(kLookPatience));
  // Where it may not be watched any more, as in a namespace that goes away, whoever looks at it next says what it is.
  if (seen || seen.error().event == Event::failed) return std::nullopt;
  const std::string trouble = fmt::format("Pod {} is not ready", shadow.pod);
  if (is_owned_by(hop.migration(), kStatefulSet) || !waits_too_long(hop))
    return Outcome{Event::left, "NotReady", trouble + " yet"};
  return settled(
      hop, false, "NotReady",
      fmt::format("{} after {} s, so it keeps that name; kubectl migrate {} --keep-name once it is", trouble,
                  std::chrono::duration_cast<std::chrono::seconds>(hop.migration().spec.timeout).count(), shadow.pod));
}

// Nothing: it is made. What became of the shadow is asked only where no try is left that tells it.
std::optional<Outcome> try_again(Hop& hop, unsigned number, const LastTry& last, const Limits& limits) {
  if (auto waits = await_ready(hop)) return waits;
  Outcome shadow = shadow_or(hop, limits, {Event::left, "Waits", last.why});
  if (shadow.reason != "Waits" || is_too_soon(hop, last)) return shadow;
  if (auto made = make_try(hop, number, limits); !made) return made.error();
  drop_archives(hop);  // while it begins
  return std::nullopt;
}

Outcome come_home(Hop& hop) {
  const bool is_sets = is_owned_by(hop.migration(), kStatefulSet);
  std::set<unsigned> tried;  // one that was deleted as soon as it was made counts as well
  for (;;) {
    const Limits limits = hop.after_commit(kApiPatience);
    auto tries = find_tries(hop, limits);
    // A look that fails tells nothing of them.
    if (!tries) return {Event::left, "TriesAgain", tries.error().message};
    const auto under_way = std::find_if(tries->made.begin(), tries->made.end(),
                                        [](const auto& one) { return !is_final(one.second.status.phase); });
    if (under_way != tries->made.end()) {
      if (Outcome waits = await_end(hop, under_way->second, limits); waits.event != Event::done) return waits;
      continue;
    }
    LastTry last;
    for (const auto& [made, second] : tries->made) {
      if (auto end = judge(hop, made, second, limits, last)) return *end;
      tried.insert(made);
    }
    if (!is_sets && tried.size() >= kTries)
      return settled(hop, false, "SecondHopRolledBack",
                     fmt::format("the Pod works as {}: its way back into the name {} came to nothing {} times, at last "
                                 "{}",
                                 hop.status().target.pod, hop.migration().spec.pod, kTries, last.why));
    // Strangers' numbers are no tries, but their names are taken.
    const unsigned number = std::max(tries->highest, tried.empty() ? 0 : *tried.rbegin()) + 1;
    if (auto end = try_again(hop, number, last, limits)) return *end;
    tried.insert(number);
  }
}

}  // namespace

Outcome returning(Hop& hop) {
  Outcome end = come_home(hop);
  if (end.event == Event::left || end.event == Event::done) return end;
  if (is_owned_by(hop.migration(), kStatefulSet)) return {Event::left, "TriesAgain", end.message};
  return settled(hop, false, "SecondHopFailed", end.message);
}

}  // namespace migrate::controller
