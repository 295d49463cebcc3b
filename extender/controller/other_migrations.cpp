#include "extender/controller/other_migrations.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <tuple>

#include "extender/controller/pods.h"
#include "shared/migration/owners.h"

namespace migrate::controller {
namespace {

// How far a migration has come in having its Pod, and that one's set, to itself.
enum class Hold {
  none,     // it is over, or on its way back from where nothing was touched
  wanted,   // nothing is recorded yet
  claimed,  // whoever looks from now on sees it; it has yet to look itself
  taken,    // it has looked
};

Hold hold_of(const Migration& migration) {
  const Phase phase = migration.status.phase;
  if (is_final(phase)) return Hold::none;
  if (phase == Phase::pending || phase == Phase::preparing) return Hold::wanted;
  if (!migration.status.target.pod.empty()) return Hold::taken;
  if (phase == Phase::placing) return Hold::claimed;
  return phase == Phase::rolling_back ? Hold::none : Hold::taken;
}

// The first one is the second one's: a live migration and its way back into the name.
bool is_way_back_of(const Migration& way, const Migration& first) {
  return is_local(way) && way.spec.target_name == first.spec.pod;
}

// Which set another migration moves a Pod of; what has yet to be looked at has no record of it.
Attempt<std::string> set_of(Hop& hop, const Migration& other, const Limits& limits) {
  if (other.status.owner) return other.status.owner->uid;
  auto pod = Pods{hop}.get(other.spec.pod, limits);
  if (!pod) return tl::make_unexpected(pod.error());
  const auto owner = *pod ? owner_of(**pod) : std::nullopt;
  return owner ? owner->uid : std::string{};
}

// What a newer controller has written in words of its own is at work, for all that can be told here.
void fear_unreadable(const Json& other, const Migration& own, Others& others) {
  const std::string name = text_at(other, {"metadata", "name"});
  if (text_at(other, {"spec", "pod", "uid"}) == own.spec.pod_uid) others.of_pod = name;
  if (own.status.owner && text_at(other, {"status", "owner", "uid"}) == own.status.owner->uid) others.of_set = name;
}

// One that can be read, and has come at least as far.
Attempt<void> note_other(Hop& hop, const Migration& other, const Limits& limits, Others& others) {
  const Migration& own = hop.migration();
  const bool is_of_pod = other.spec.pod_uid == own.spec.pod_uid;
  bool is_of_set = false;
  if (own.status.owner && !is_way_back_of(own, other)) {
    auto set = set_of(hop, other, limits);
    if (!set) return tl::make_unexpected(set.error());
    is_of_set = *set == own.status.owner->uid;
  }
  if (!comes_first(other, own)) {
    if (is_of_pod || is_of_set) others.undecided = other.name;
    return {};
  }
  if (is_of_pod) others.of_pod = other.name;
  if (is_of_set) others.of_set = other.name;
  return {};
}

}  // namespace

bool comes_first(const Migration& other, const Migration& migration) {
  if (other.uid == migration.uid || other.spec.dry_run) return false;
  const Hold theirs = hold_of(other);
  const Hold own = hold_of(migration);
  if (theirs == Hold::none) return false;
  if (theirs != own) return theirs > own;
  // Made in the same second, perhaps.
  return std::tie(other.created, other.name) < std::tie(migration.created, migration.name);
}

Attempt<Json> list_migrations(Hop& hop, const Limits& limits) {
  const auto path = migration_path(hop.migration().namespace_, "");
  return Pods{hop}.call<Json>("list " + describe(path), limits, [&](const kube::CallOptions& options) {
    return hop.world().client.list(path, {}, options);
  });
}

Attempt<Others> find_others(Hop& hop, const Limits& limits) {
  const Migration& own = hop.migration();
  auto listed = list_migrations(hop, limits);
  if (!listed) return tl::make_unexpected(listed.error());
  Others others;
  for (const Json& one : list_at(*listed, {"items"})) {
    if (text_at(one, {"metadata", "uid"}) == own.uid) continue;
    const auto other = parse_migration(one);
    if (!other) {
      fear_unreadable(one, own, others);
      continue;
    }
    const bool both_claim = hold_of(*other) == Hold::claimed && hold_of(own) == Hold::claimed;
    if (!both_claim && !comes_first(*other, own)) continue;
    if (auto noted = note_other(hop, *other, limits, others); !noted) return tl::make_unexpected(noted.error());
  }
  return others;
}

Outcome take_hold(Hop& hop, const Limits& limits) {
  // Once, and then for good: who has looked since then has given way.
  if (hold_of(hop.migration()) == Hold::taken) return {};
  auto others = find_others(hop, limits);
  if (!others) return others.error();
  if (is_in_the_way(*others)) {
    Refusal refusal = other_refusal(hop.migration(), *others);
    return {Event::refused, std::move(refusal.reason), std::move(refusal.message)};
  }
  if (others->undecided.empty()) return {};
  const std::string waits = fmt::format("waits for migration {} to go on or to give way", others->undecided);
  if (auto said = hop.say(waits); !said) return said.error();
  if (hop.left_of(limits) == milliseconds{0}) return {Event::deadline, "DeadlineExceeded", waits};
  // No worker is held for it: that one may need it.
  return {Event::left, "Waits", waits};
}

}  // namespace migrate::controller
