// The shadow catches up while the source goes on; then the source is frozen, and the rest, finite now, is drained.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

#include "extender/controller/attendance.h"
#include "extender/controller/live_gate.h"
#include "extender/controller/pods.h"
#include "extender/controller/replay.h"
#include "extender/controller/restored_process.h"
#include "extender/controller/steps.h"
#include "shared/messages/cutoff.h"
#include "shared/migration/forecast.h"
#include "shared/migration/names.h"

namespace migrate::controller {
namespace {

using messages::CutReason;
using std::chrono::duration_cast;

constexpr milliseconds kPoll{50};
constexpr milliseconds kFrozenPoll{10};
constexpr milliseconds kTellEvery{1'000};
constexpr milliseconds kLookEvery{250};  // at the API server, which tells of an end within a second or so

tl::unexpected<Outcome> not_replaying(Hop& hop, const std::string& what) {
  return give_up(
      Event::failed, kReplayNotStarted,
      fmt::format("the application in Pod {} did not start replaying{}; see docs/app-contract.md and kubectl "
                  "migrate check-app, or use --strategy stop",
                  hop.status().target.pod, what));
}

// `consumers` of the mirror; `sources`: how many of the primary's are the source's.
Attempt<void> attend(Hop& hop, const ReplayLink& link, Attendance& attendance, std::uint64_t consumers,
                     std::uint64_t sources, const Limits& limits) {
  const std::string control = messages_of(hop).control_queue;
  if (consumers == 0) {
    // Whatever it takes from there is lost to the source: no patience.
    auto primary = primary_depth(hop, link, limits);
    if (!primary) return tl::make_unexpected(primary.error());
    if (primary->consumers > sources)
      return not_replaying(hop, fmt::format(": somebody beside the source takes messages from queue {} itself, and "
                                            "START_REPLAY in its control queue {} names another one",
                                            link.queue.queue, control));
  }
  switch (attendance.look(hop.world().pacer.now(), consumers)) {
    case Attendance::Verdict::fine:
      return {};
    case Attendance::Verdict::tell_again:
      hop.log(LogLevel::info, "nobody reads the mirror; the application is told again");
      return tell_again(hop, link, limits);
    case Attendance::Verdict::absent:
      break;
  }
  return not_replaying(hop, fmt::format(" within {} s: it does not look into its control queue {}",
                                        Attendance::kStartPatience.count() / 1000, control));
}

// The shadow takes from the mirror as soon as it lives, while it is still waited for.
Instant shadow_began(const MigrationStatus& status, Instant now) {
  const auto found = std::find_if(status.steps.rbegin(), status.steps.rend(),
                                  [](const Step& one) { return one.name == to_string(Phase::shadowing); });
  return found == status.steps.rend() ? now : found->started;
}

// What was read before the shadow lived: empty when the mirror was bound, and how it stood since.
messages::RateMeter meter_from(const MigrationStatus& status, Instant now, Steady steady) {
  const MessagesStatus& messages = *status.messages;
  messages::RateMeter meter{messages.arrival_rate};
  const Instant end = shadow_began(status, now);
  const auto then = [&](Instant at) { return steady - duration_cast<Steady::duration>(now - at); };
  if (messages.bound_at) meter.read(then(*messages.bound_at), 0, false);
  for (const BacklogPoint& point : messages.backlog)
    if (point.at <= end) meter.read(then(point.at), point.ready, false);
  return meter;
}

void note_rates(MessagesStatus& messages, const messages::RateMeter& meter, std::optional<double> annotated) {
  if (const auto measured = meter.arrival_rate()) messages.arrival_rate = measured;
  if (const auto drain = meter.drain_rate()) {
    messages.service_rate = drain;
    messages.service_rate_from = RateSource::target;
  } else if (!messages.service_rate && annotated) {
    messages.service_rate = annotated;
    messages.service_rate_from = RateSource::annotation;
  }
}

// Rates that were not known at the beginning are measured by now.
void forecast_from(const messages::CutDecision& decision, Hop& hop) {
  MigrationStatus& status = hop.status();
  // With a second hop into the name its silence would have to be known, too.
  if (status.forecast_gap || !decision.rest || keeps_name(hop.migration())) return;
  status.forecast_gap = std::max(status.snapshot_freeze.value_or(milliseconds{0}), forecast_cut(*decision.rest));
  status.forecast_freeze =
      std::max(status.forecast_freeze.value_or(milliseconds{0}), FixedPhases{}.cutting + *decision.rest);
}

// Of the rest that is replayed while the source is frozen: what its liveness probes leave. Asked for only at a known
// rate: the cutoff of an unknown one would come before anything is measured.
milliseconds longest_rest(Hop& hop) {
  const milliseconds asked = hop.migration().spec.max_replay;
  return messages_of(hop).service_rate ? migrate::longest_rest(asked, freeze_budget(hop.source())) : asked;
}

// The rest is drained behind the commit. Not a longer one than the frozen source's liveness probes allow: they would
// have it started anew beside the target, and nothing leads back from there.
Outcome commit_with(Hop& hop, std::uint64_t ready) {
  const auto budget = freeze_budget(hop.source());
  if (ready == 0 || !budget || !hop.status().frozen_at) return {Event::done, "", fmt::format("{} left", ready)};
  const auto spent = duration_cast<milliseconds>(hop.world().clock.now() - *hop.status().frozen_at);
  const double left = static_cast<double>(std::max(milliseconds{0}, *budget - spent).count()) / 1000;
  const double rate = messages_of(hop).service_rate.value_or(0);
  if (static_cast<double>(ready) <= rate * left) return {Event::done, "", fmt::format("{} left", ready)};
  return {Event::deadline, "FreezeBudget",
          fmt::format("{} messages are left to be replayed, at {:.1f} a second, and in {:.1f} s the liveness probes of "
                      "the frozen source in Pod {} may have it started anew; let them be more patient "
                      "(failureThreshold, periodSeconds), migrate while less arrives, or use --strategy stop",
                      ready, rate, left, hop.status().source.pod)};
}

std::string told(std::uint64_t ready, const MessagesStatus& messages) {
  const auto rate = [](const std::optional<double>& value) {
    return value ? fmt::format("{:.1f}/s", *value) : "unknown";
  };
  return fmt::format("{} waiting, {} in, {} out", ready, rate(messages.arrival_rate), rate(messages.service_rate));
}

}  // namespace

Outcome replaying(Hop& hop) {
  const Limits limits = hop.before_commit();
  auto link = connect_replay(hop, limits);
  if (!link) return link.error();
  MessagesStatus& messages = messages_of(hop);
  messages::CutPolicy policy;
  policy.fixed = hop.migration().spec.cutoff;
  const auto annotated = annotated_rate(hop.source());
  const Steady began = hop.world().pacer.now();
  messages::RateMeter meter = meter_from(hop.status(), hop.world().clock.now(), began);
  Attendance attendance{began, true};
  Readiness readiness{hop, began, limits};
  Steady next_told = began;
  for (;;) {
    auto depth = mirror_depth(hop, *link, limits);
    if (!depth) return depth.error();
    const Steady now = hop.world().pacer.now();
    const Instant instant = hop.world().clock.now();
    if (auto there = attend(hop, *link, attendance, depth->consumers, 1, limits); !there) return there.error();
    if (auto asked = ask_who_reads(hop, attendance, depth->consumers, limits); !asked) return asked.error();
    meter.read(now, depth->ready, depth->consumers > 0);
    note_backlog(hop, depth->ready);
    note_rates(messages, meter, annotated);

    messages::ReplayState state;
    state.since_bound = messages.bound_at ? duration_cast<milliseconds>(instant - *messages.bound_at) : milliseconds{0};
    state.replaying = meter.consuming();
    state.ready = depth->ready;
    state.unacknowledged = meter.unacknowledged(messages.prefetch, messages.service_rate);
    state.arrival_rate = messages.arrival_rate;
    state.service_rate = messages.service_rate;
    policy.max_replay = longest_rest(hop);
    const messages::CutDecision decision = decide_cut(state, policy);
    messages.cutoff_planned = decision.cutoff;
    if (auto looked = readiness.look(hop, now, limits); !looked) return looked.error();
    const bool is_early = decision.reason == CutReason::converged && readiness.is_awaited(now);
    // Nothing is cut off before the application reads at all: nobody would go on.
    if (decision.reason != CutReason::none && !is_early && meter.consuming() && attendance.is_settled(now)) {
      if (auto lives = check_target_lives(hop, limits); !lives) return lives.error();
      if (auto unlimited = check_limits(hop, *link, limits); !unlimited) return unlimited.error();
      if (auto alike = check_bindings(hop, *link, limits); !alike) return alike.error();
      messages.cut_because = cut_because(decision.reason);
      messages.cutoff_used = state.since_bound;
      forecast_from(decision, hop);
      return {Event::done, "", fmt::format("{}: {}", messages.cut_because, told(depth->ready, messages))};
    }
    if (now >= next_told) {
      next_told = now + kTellEvery;
      if (meter.consuming())
        if (auto lives = check_target_lives(hop, limits); !lives) return lives.error();
      if (auto said = hop.say(told(depth->ready, messages)); !said) return said.error();
    }
    if (!hop.pause(kPoll, limits))
      return hop.interrupted({Event::deadline, "DeadlineExceeded", "the time was over while the shadow replayed"});
  }
}

Outcome draining(Hop& hop) {
  const Limits limits = hop.while_frozen();
  auto link = connect_replay(hop, limits);
  if (!link) return link.error();
  // Emptied of what the source has handled, the primary is the target's; until then nothing is finite.
  if (hop.migration().spec.purge_primary) {
    auto depth = mirror_depth(hop, *link, limits);
    if (!depth) return depth.error();
    return messages_of(hop).service_rate ? commit_with(hop, depth->ready) : Outcome{};
  }
  Steady next_look = hop.world().pacer.now();
  Attendance attendance{next_look, true};
  // It was seen right before the source was frozen.
  if (hop.world().clock.now() - hop.status().frozen_at.value_or(Instant{}) > Attendance::kQuickestStart)
    attendance.missed(next_look);
  for (;;) {
    auto depth = mirror_depth(hop, *link, limits);
    if (!depth) return depth.error();
    note_backlog(hop, depth->ready);
    if (auto there = attend(hop, *link, attendance, depth->consumers, 0, limits); !there) return there.error();
    if (auto asked = ask_who_reads(hop, attendance, depth->consumers, limits); !asked) return asked.error();
    const Steady now = hop.world().pacer.now();
    const bool is_settled = attendance.is_settled(now);
    // Without a consumer it may have died with what it had not handled, and that would be back in a moment.
    if (depth->ready == 0 && depth->consumers > 0 && is_settled) return {};
    // Longer it cannot stay frozen undecided.
    if (is_settled && hop.left_of(limits) < kCommitReserve) return commit_with(hop, depth->ready);
    if (now >= next_look) {
      next_look = now + kLookEvery;
      if (auto lives = check_target_lives(hop, limits); !lives) return lives.error();
    }
    if (!hop.pause(kFrozenPoll, limits))
      return hop.interrupted({Event::deadline, "DeadlineExceeded", "the time was over while the mirror was drained"});
  }
}

}  // namespace migrate::controller
