#include "extender/controller/frozen_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "extender/controller/identity.h"
#include "extender/controller/kube_events.h"
#include "extender/controller/pods.h"
#include "extender/controller/steps.h"
#include "shared/base/time.h"
#include "shared/migration/lost_target.h"

namespace migrate::controller {
namespace {

using std::chrono::duration_cast;

constexpr milliseconds kRemovePatience{5'000};
constexpr milliseconds kLookPatience{2'000};
constexpr milliseconds kTryAgain{1'000};
constexpr milliseconds kTimeForThaw{5'000};  // the target's Pod has to end before

bool waits_beside_target(Phase phase) {
  switch (phase) {
    case Phase::renaming:
    case Phase::attaching:
    case Phase::restoring:
    case Phase::repeating:
    case Phase::switching:
    case Phase::in_doubt:
      return true;
    default:
      return false;
  }
}

std::string name_of(Hop& hop) {
  return fmt::format("source Pod {}/{}", hop.migration().namespace_, hop.status().source.pod);
}

std::string time_of_day(Instant instant) {
  return to_rfc3339(instant).substr(11, 8) + " UTC";
}

// What was replayed since a live migration's snapshot is in none of its archives.
std::string what_holds_its_memory(Hop& hop) {
  return hop.status().strategy == Strategy::live ? "nothing holds its memory any more"
                                                 : "the archives alone hold its memory";
}

std::string frozen_words(Hop& hop) {
  std::string words = fmt::format("{} is frozen on node {} with its memory", name_of(hop), hop.status().source.node);
  if (const auto until = kept_until(hop))
    words += fmt::format(" until {}, when it is removed before its liveness probes would have it started without",
                         time_of_day(*until));
  return words;
}

SourceLeft lost(Hop& hop, Remains remains, const std::string& how) {
  return {remains, fmt::format("{} {}: {}", name_of(hop), how, what_holds_its_memory(hop))};
}

}  // namespace

std::optional<Instant> kept_until(Hop& hop) {
  const auto frozen_at = hop.status().frozen_at;
  if (!frozen_at || takes_name(hop.migration()) || find_condition(hop.status(), kSourceGone) != nullptr)
    return std::nullopt;
  auto span = freeze_budget(hop.source());
  // The kernel answers a tcp probe only until the frozen listener's queue is full, which nobody outside can tell. It is
  // relied on for no longer than before the commit.
  if (has_tcp_liveness(hop.source())) span = std::min(span.value_or(hop.freeze_limit()), hop.freeze_limit());
  if (!span) return std::nullopt;
  return *frozen_at + *span;
}

void watch_over_source(Hop& hop) {
  const auto until = kept_until(hop);
  if (!until || !waits_beside_target(hop.status().phase)) return hop.take_duty(nullptr);
  hop.take_duty([&hop, until]() -> std::optional<Steady> {
    const Instant now = hop.world().clock.now();
    const Steady steady = hop.world().pacer.now();
    if (now < *until) return steady + std::max(milliseconds{1}, duration_cast<milliseconds>(*until - now));
    if (find_condition(hop.status(), kSourceGone) != nullptr) return std::nullopt;
    auto ended = end_source(hop, kTimeIsOver, hop.after_commit(kRemovePatience));
    if (ended) return std::nullopt;
    hop.log(LogLevel::warning, "the frozen source is not removed yet", {{"error", ended.error().message}});
    return hop.world().pacer.now() + kTryAgain;
  });
}

void end_restarted_source(Hop& hop, const Limits& limits) {
  const MigrationStatus& status = hop.status();
  if (!status.frozen_at || takes_name(hop.migration()) || find_condition(status, kSourceGone) != nullptr) return;
  const auto found = Pods{hop}.get(status.source.pod, limits);
  if (!found || !*found || view_of(**found).uid != status.source.uid) return;
  if (!has_started_after(**found, *status.frozen_at)) return;
  if (auto ended = end_source(hop, kWorksAnew, limits, "the target alone holds its memory"); !ended)
    hop.log(LogLevel::warning, "the source, started anew, is not removed yet", {{"error", ended.error().message}});
}

bool is_failed_source_settled(Hop& hop, const Limits& limits) {
  const auto until = kept_until(hop);
  if (!until) return true;
  if (const auto there = Pods{hop}.live_target(limits); !there) return is_target_gone(there.error().reason);
  if (hop.world().clock.now() < *until) return false;
  // It may be long ago, and who works in its Pod by now is nobody's to remove.
  const auto left = look_at_source(hop, limits);
  if (!left || left->remains != Remains::late) return true;
  return end_source(hop, kTimeIsOver, limits).has_value();
}

Attempt<SourceLeft> look_at_source(Hop& hop, const Limits& limits) {
  const PodPlace source = hop.status().source;
  const auto recorded = [&]() -> std::optional<SourceLeft> {
    const Condition* known = find_condition(hop.status(), kSourceGone);
    if (known == nullptr) return std::nullopt;
    return SourceLeft{Remains::gone, known->message};
  };
  if (auto known = recorded()) return *known;
  auto found = Pods{hop}.get(source.pod, limits);
  if (!found) return tl::make_unexpected(found.error());
  if (!*found || view_of(**found).uid != source.uid) return lost(hop, Remains::gone, "is gone");
  if (view_of(**found).deleting) return lost(hop, Remains::gone, "is being deleted");
  auto record = hop.ask<agent::SourceRecord>(
      source.node, "read the source's record", "SourceUnknown", limits,
      [&](agent::AgentApi& agent, const agent::Call& call) { return agent.source_record(hop.order(), call); });
  if (!record) return tl::make_unexpected(record.error());
  if (record->state != agent::SourceState::committed)
    return SourceLeft{Remains::not_bound, name_of(hop) + " is not frozen any more, by its agent's record"};
  bool is_none = false;
  auto facts = hop.ask<agent::SourceFacts>(
      source.node, "look at the source", "SourceUnknown", limits, [&](agent::AgentApi& agent, const agent::Call& call) {
        auto answer = agent.inspect(hop.order(), hop.source_ref(), names_of_containers(hop), {}, call);
        is_none = !answer && answer.error().kind == agent::AgentError::Kind::precondition;
        return answer;
      });
  // Its time may have come while it was looked at.
  if (auto known = recorded()) return *known;
  if (is_none) return lost(hop, Remains::ended, "has ended");
  if (!facts) return tl::make_unexpected(facts.error());
  const auto& all = facts->containers;
  const auto anew = std::find_if_not(all.begin(), all.end(), [](const auto& one) { return one.paused; });
  if (anew != all.end()) {
    SourceLeft left = lost(hop, Remains::ended, fmt::format("has ended, container {} was started anew", anew->name));
    left.works_anew = std::none_of(all.begin(), all.end(), [](const auto& one) { return one.paused; });
    return left;
  }
  const auto until = kept_until(hop);
  const bool is_late = until && *until - hop.world().clock.now() < kTimeForThaw;
  return SourceLeft{is_late ? Remains::late : Remains::frozen, frozen_words(hop)};
}

Attempt<void> make_room_for_set(Hop& hop, const Limits& limits) {
  const PodPlace source = hop.status().source;
  if (!node_is_gone(hop, source.node, limits)) {
    const auto left = look_at_source(hop, hop.after_commit(kLookPatience));
    if (!left) return tl::make_unexpected(left.error());
    if (left->works_anew || left->remains == Remains::not_bound) return {};
  }
  return Pods{hop}.force_remove(source.pod, source.uid, limits);
}

Attempt<void> end_source(Hop& hop, const std::string& why, const Limits& limits, const std::string& memory) {
  MigrationStatus& status = hop.status();
  if (auto removed = Pods{hop}.force_remove(status.source.pod, status.source.uid, limits); !removed) return removed;
  if (is_owned_by(hop.migration(), kReplicaSet))
    if (auto taken = take_sources_place(hop, limits); !taken) return taken;
  const std::string said = fmt::format("{}, frozen on node {}, was removed {}: {}", name_of(hop), status.source.node,
                                       why, memory.empty() ? what_holds_its_memory(hop) : memory);
  set_condition(status, {kSourceGone, false, "PodRemoved", said, hop.world().clock.now()});
  hop.warn(said);
  hop.log(LogLevel::warning, said);
  record_for_both(hop.world().events, hop.migration(), true, "MigrationSourceRemoved",
                  fmt::format("migration {}: {}", hop.migration().name, said));
  return hop.journal().write();
}

Limits until_probes(Hop& hop, const Limits& limits) {
  Limits patience = limits;
  if (const auto end = kept_until(hop))
    patience.until =
        std::min(limits.until,
                 hop.world().pacer.now() + std::chrono::duration_cast<milliseconds>(*end - hop.world().clock.now()));
  return patience;
}

}  // namespace migrate::controller
