// The target has replayed to the last message, and goes over from the mirror to the queue itself.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "extender/controller/absence.h"
#include "extender/controller/frozen_source.h"
#include "extender/controller/live_gate.h"
#include "extender/controller/pods.h"
#include "extender/controller/replay.h"
#include "extender/controller/restored_process.h"
#include "extender/controller/steps.h"
#include "extender/controller/unfinished.h"
#include "shared/messages/cutoff.h"
#include "shared/migration/lost_target.h"
#include "shared/migration/names.h"

namespace migrate::controller {
namespace {

using std::chrono::duration_cast;

constexpr milliseconds kPoll{25};
constexpr milliseconds kShortPoll{10};  // for what takes the application a moment
constexpr milliseconds kSecretPause{1'000};
constexpr milliseconds kLookEvery{1'000};
constexpr milliseconds kSourcePatience{1'000};
constexpr milliseconds kTellEvery{5'000};
constexpr milliseconds kSwitchPatience{1'800'000};  // a long rest is replayed to its end all the same
constexpr milliseconds kTakeOverPatience{10'000};
constexpr milliseconds kLookPatience{10'000};
constexpr milliseconds kSoonestRestart{400};  // the kubelet looks for ended containers each second

// What the source had handled is not the target's to repeat. First emptied, then unbound: the other order can lose. So
// an attempt that finds the mirror unbound, by an earlier one that was cut off, in part even, leaves the primary alone.
Attempt<void> purge_primary(Hop& hop, const ReplayLink& link, const Limits& limits) {
  auto bound = look_at_bindings(hop, link, limits);
  if (!bound) return tl::make_unexpected(bound.error());
  // By a binding that was added messages may have come into the primary alone: they are nowhere else. One that comes
  // within the moment until the purge nobody sees.
  if (!bound->change.is_none() && !bound->is_unbound)
    hop.warn(
        fmt::format("--purge-primary: queue {} and its mirror are not bound alike any more, so the queue is not "
                    "emptied, and what the source had handled may come once more",
                    link.queue.queue));
  if (bound->change.is_none() && !bound->is_unbound) {
    const Limits patience{std::min(limits.until, hop.world().pacer.now() + kBrokerPatience), limits.stop};
    auto purged = ask_broker<std::uint64_t>(hop, patience, [&] { return link.broker->purge(link.queue.queue); });
    if (!purged && purged.error().event == Event::left) return tl::make_unexpected(purged.error());
    // A right that is missing, perhaps. Not worth a consumer that stands still: its ids tell it what it knows.
    if (!purged)
      hop.warn(fmt::format("--purge-primary: what the source had handled comes once more: {}", purged.error().message));
  }
  if (auto unbound = unbind_mirror(hop, link, limits); !unbound) return unbound;
  note_mirrored(hop);
  // What came between the two is in both.
  auto primary = primary_depth(hop, link, limits);
  if (!primary) return tl::make_unexpected(primary.error());
  add_repeats(messages_of(hop), primary->ready);
  return {};
}

// Nothing arrives any more, so that all the mirror loses is what the target takes.
void note_drain(MessagesStatus& messages, const messages::RateMeter& meter) {
  const auto rate = meter.drain_rate();
  if (!rate || messages.service_rate_from == RateSource::target) return;
  messages.service_rate = rate;
  messages.service_rate_from = RateSource::target;
}

// Who has decided for it knows how its containers were, but not that its Pod would go.
Attempt<void> look_at_target(Hop& hop, const Limits& limits) {
  if (!was_decided(hop.status(), Resolution::keep_target)) return check_target_lives(hop, limits);
  if (auto there = Pods{hop}.live_target(limits); !there) return tl::make_unexpected(there.error());
  return {};
}

// `has_read`: the target, before. What was restored just now has still to come.
Attempt<void> drain(Hop& hop, const ReplayLink& link, bool has_read, const Limits& limits) {
  Steady next_look = hop.world().pacer.now();
  Steady next_word = next_look + kTellEvery;
  ReplayWatch watch{next_look, has_read};
  Attendance& attendance = watch.attendance();
  messages::RateMeter meter{0.0};
  for (;;) {
    auto depth = mirror_depth(hop, link, limits);
    if (!depth) return tl::make_unexpected(depth.error());
    const Steady now = hop.world().pacer.now();
    note_backlog(hop, depth->ready);
    meter.read(now, depth->ready, depth->consumers > 0);
    const Attendance::Verdict verdict = watch.look(now, depth->consumers);
    const bool must_tell = verdict == Attendance::Verdict::tell_again;
    if (!was_decided(hop.status(), Resolution::keep_target))
      if (auto asked = ask_who_reads(hop, attendance, depth->consumers, limits); !asked) return asked;
    if (depth->ready == 0 && depth->consumers > 0 && attendance.is_settled(now)) {
      if (attendance.has_left())
        if (auto lives = look_at_target(hop, limits); !lives) return lives;
      note_drain(messages_of(hop), meter);
      return {};
    }
    if (depth->consumers > 0) next_word = now + kTellEvery;
    if (must_tell || now >= next_word) {
      next_word = now + kTellEvery;
      if (auto told = tell_again(hop, link, limits); !told) return told;
    }
    if (now >= next_look) {
      next_look = now + kLookEvery;
      if (auto said = hop.say(fmt::format("{} waiting", depth->ready)); !said) return said;
      if (auto lives = look_at_target(hop, limits); !lives) return lives;
      end_restarted_source(hop, hop.after_commit(kSourcePatience));
    }
    // Behind the look at it: one that has ended is another matter.
    if (verdict == Attendance::Verdict::absent)
      if (auto judged = watch.judge_absence(hop, link, depth->ready); !judged) return judged;
    if (!hop.pause(kPoll, limits))
      return tl::make_unexpected(
          hop.interrupted({Event::failed, kReplayNotFinished,
                           fmt::format("{} messages of the mirror are not replayed", depth->ready)}));
  }
}

// All that the mirror holds, to the last message. Of one that was deleted nothing, for who has decided for the target.
Attempt<void> replay_rest(Hop& hop, const ReplayLink& link, const Limits& limits) {
  auto there = ask_broker<std::optional<broker::Depth>>(hop, limits,
                                                        [&] { return link.broker->depth(messages_of(hop).mirror); });
  if (!there) return tl::make_unexpected(there.error());
  if (!*there) return was_decided(hop.status(), Resolution::keep_target) ? Attempt<void>{} : mirror_lost(hop, link);
  if (hop.migration().spec.purge_primary)
    if (auto purged = purge_primary(hop, link, limits); !purged) return purged;
  // A shadow has read all the while; so has a restored one that has taken something before anybody looked.
  const bool has_read =
      hop.status().strategy == Strategy::live || (*there)->ready < messages_of(hop).backlog_at_cut.value_or(0);
  return drain(hop, link, has_read, limits);
}

// The gap of the cut ends when somebody takes from the queue itself. The freeze for the checkpoint may be a longer one.
Attempt<void> await_take_over(Hop& hop, const ReplayLink& link, const Limits& limits) {
  const Limits patience = hop.after_commit(kTakeOverPatience);
  MigrationStatus& status = hop.status();
  for (;;) {
    auto depth =
        ask_broker<std::optional<broker::Depth>>(hop, limits, [&] { return link.broker->depth(link.queue.queue); });
    if (!depth) return tl::make_unexpected(depth.error());
    if (*depth && (*depth)->consumers > 0) break;
    if (hop.pause(kShortPoll, patience)) continue;
    if (hop.signals().leaving()) return leave("interrupted");
    hop.warn(fmt::format("nobody consumes queue {} {} s after the replay ended; see kubectl logs {}", link.queue.queue,
                         kTakeOverPatience.count() / 1000, status.target.pod));
    break;
  }
  status.running_at = hop.world().clock.now();
  if (status.frozen_at) note_gap(status, duration_cast<milliseconds>(*status.running_at - *status.frozen_at));
  if (status.snapshot_freeze) note_gap(status, *status.snapshot_freeze);
  return {};
}

// Its memory goes over with the process that was told. One that takes over late may have been started anew meanwhile:
// then its agent is asked, and where that cannot tell, the kubelet's word is waited for.
Attempt<void> check_same_process(Hop& hop, Steady told, const Limits& limits) {
  const auto since = [&] { return hop.world().pacer.now() - told; };
  if (since() < kSoonestRestart || was_decided(hop.status(), Resolution::keep_target)) return {};
  const auto runs = who_runs(hop, limits);
  if (!runs) return tl::make_unexpected(runs.error());
  if (*runs == WhoRuns::another) return memory_is_gone(hop);
  if (*runs == WhoRuns::the_restored) return {};
  while (since() < Attendance::kKubeletsWord)
    if (!hop.pause(kPoll, limits)) return tl::make_unexpected(hop.interrupted({Event::left, "Left", "interrupted"}));
  return look_at_target(hop, limits);
}

// The mirror was unbound, empty and unused: nothing is left in it. Recorded before it is removed: one that is gone
// without this record was deleted by somebody else, with what it held. What a copy that was given up took is noted by
// then (note_taken).
Attempt<void> record_nothing_left(Hop& hop) {
  MessagesStatus& messages = messages_of(hop);
  const bool is_part_taken = messages.mirrored && messages.replayed && *messages.replayed < *messages.mirrored;
  messages.lost = is_part_taken ? *messages.mirrored - *messages.replayed : 0;
  if (!is_part_taken) messages.replayed = messages.mirrored;
  messages.replayed_estimate = messages.mirrored_estimate;
  return hop.journal().write();
}

// Of a mirror that somebody else deleted. Who has decided for the target takes the loss.
Attempt<void> take_loss(Hop& hop, const ReplayLink& link, const Limits& limits) {
  hop.warn(fmt::format("queue {}, the mirror of {}, was deleted; what it held is lost to Pod {}",
                       messages_of(hop).mirror, link.queue.queue, hop.status().target.pod));
  return await_take_over(hop, link, limits);
}

// The mirror goes when nobody reads it and nothing is in it, and not before: the broker itself sees to that. Nor before
// the word: an application whose connection is broken just now would look for the mirror for ever.
//
// False: its reader has left something behind. A process that is started in its place would take that word, or none,
// for leave to go to the primary, which the source may want back; so it has to be told to replay before that.
Attempt<bool> end_replay(Hop& hop, const ReplayLink& link, const Limits& limits) {
  const std::string mirror = messages_of(hop).mirror;
  bool is_taken_over = false;
  const Steady told = hop.world().pacer.now();
  Steady next_word = told;
  for (;;) {
    if (const Steady now = hop.world().pacer.now(); now >= next_word) {
      next_word = now + kTellEvery;
      if (auto said = tell_end(hop, link, limits); !said) return tl::make_unexpected(said.error());
      if (auto lives = look_at_target(hop, limits); !lives) return tl::make_unexpected(lives.error());
    }
    auto depth = ask_broker<std::optional<broker::Depth>>(hop, limits, [&] { return link.broker->depth(mirror); });
    if (!depth) return tl::make_unexpected(depth.error());
    if (!*depth && messages_of(hop).lost) return true;  // removed by an earlier attempt
    if (!*depth && was_decided(hop.status(), Resolution::keep_target)) {
      if (auto taken = take_loss(hop, link, limits); !taken) return tl::make_unexpected(taken.error());
      return true;
    }
    if (!*depth) return mirror_lost(hop, link);
    if ((*depth)->consumers == 0 && (*depth)->ready == 0) {
      if (!std::exchange(is_taken_over, true)) {
        if (auto taken = await_take_over(hop, link, limits); !taken) return tl::make_unexpected(taken.error());
        if (auto same = check_same_process(hop, told, limits); !same) return tl::make_unexpected(same.error());
      }
      if (auto recorded = record_nothing_left(hop); !recorded) return tl::make_unexpected(recorded.error());
      auto gone = ask_broker<broker::Removal>(
          hop, limits, [&] { return link.broker->remove_queue(mirror, {.if_unused = true, .if_empty = true}); });
      if (!gone) return tl::make_unexpected(gone.error());
      if (*gone == broker::Removal::removed || *gone == broker::Removal::absent) return true;
    }
    if ((*depth)->ready > 0 && (*depth)->consumers == 0) return false;
    if (!hop.pause(kShortPoll, limits))
      return tl::make_unexpected(hop.interrupted(
          {Event::failed, kReplayNotEnded,
           fmt::format("the application in Pod {} does not leave the mirror {}; see docs/app-contract.md",
                       hop.status().target.pod, mirror)}));
  }
}

// A Migration that has failed ends one day, by itself even, and then a set fills the name, for which its shadow has to
// go (finishing.cpp). So as long as that may have its memory nothing has failed: a doubt stays until a person decides,
// and who decides for the shadow has it go on from here, and come into its name. In words what became of the shadow;
// nothing: it has no memory, or the set is none.
std::optional<std::string> sets_shadow(Hop& hop, const Limits& limits) {
  const Migration& migration = hop.migration();
  if (migration.status.strategy != Strategy::live || !is_owned_by(migration, kStatefulSet)) return std::nullopt;
  // Who has decided for it before may have known that a container had ended.
  const auto lives = look_at_target(hop, limits);
  const std::string& pod = migration.status.target.pod;
  if (lives && !check_target_lives(hop, limits))
    return fmt::format("Pod {} is kept, though not all of its containers have their memory", pod);
  if (lives) return fmt::format("Pod {} is kept with its memory", pod);
  if (is_target_lost(lives.error().reason)) return std::nullopt;
  return fmt::format("Pod {} is kept, and cannot be looked at", pod);
}

Outcome or_kept_for_set(Hop& hop, Outcome outcome) {
  if (outcome.event != Event::failed && outcome.event != Event::deadline) return outcome;
  if (is_target_lost(outcome.reason)) return outcome;  // by its agent's word perhaps, before the kubelet's
  const auto shadow = sets_shadow(hop, hop.after_commit(kLookPatience));
  if (hop.signals().leaving()) return hop.interrupted({Event::left, "Left", "interrupted"});
  if (!shadow) return outcome;
  return {Event::unsure, outcome.reason,
          fmt::format("{}; {}; decided for the target, it goes on from here", outcome.message, *shadow)};
}

// A shadow that is lost behind the commit, or what it had still to replay. Whoever decides for the source gets back
// what it had not handled; after --purge-primary only its memory, and that is not thrown away either.
Outcome or_doubt(Hop& hop, const ReplayLink& link, Outcome outcome) {
  const bool is_lost = is_target_lost(outcome.reason) || outcome.reason == kMirrorLost;
  const Migration& migration = hop.migration();
  if (!is_lost || outcome.event != Event::failed || migration.status.strategy != Strategy::live) return outcome;
  if (const Condition* gone = find_condition(migration.status, kSourceGone); gone != nullptr) {
    // A doubt says it by itself.
    if (is_target_lost(outcome.reason) || !sets_shadow(hop, hop.after_commit(kLookPatience)))
      outcome.message += "; " + gone->message;
    return outcome;
  }
  // One try is enough: it keeps whoever was started anew away from the queue, to which the source may go back.
  const MessagesStatus& messages = messages_of(hop);
  (void)link.broker->publish(messages.control_queue, messages::start_replay(messages.mirror));
  if (migration.spec.purge_primary)
    return {Event::unsure, outcome.reason,
            fmt::format("{}; --purge-primary empties queue {} for Pod {}: what the source had not handled by then may "
                        "be lost to it",
                        outcome.message, link.queue.queue, migration.status.target.pod)};
  return {
      Event::unsure, outcome.reason,
      fmt::format("{}; queue {} holds what the source has not handled, but for what a process that was started anew "
                  "in Pod {} has taken",
                  outcome.message, link.queue.queue, migration.status.target.pod)};
}

// Behind the commit there is only forward: a Secret that is missing, or says nothing usable, may be put right.
Attempt<ReplayLink> connect_whatever_it_takes(Hop& hop, const Limits& limits) {
  for (;;) {
    auto link = connect_replay(hop, limits);
    if (link || link.error().reason != "BrokerSecret") return link;
    if (auto said = hop.say(link.error().message); !said) return tl::make_unexpected(said.error());
    if (!hop.pause(kSecretPause, limits)) return tl::make_unexpected(hop.interrupted(link.error()));
  }
}

Outcome go_over(Hop& hop) {
  const Limits limits = hop.after_commit(kSwitchPatience);
  auto link = connect_whatever_it_takes(hop, limits);
  if (!link) return link.error();
  // Recorded by an attempt that came so far.
  if (!messages_of(hop).lost)
    if (auto replayed = replay_rest(hop, *link, limits); !replayed) return or_doubt(hop, *link, replayed.error());
  for (;;) {
    auto ended = end_replay(hop, *link, limits);
    if (!ended) return or_doubt(hop, *link, ended.error());
    if (*ended) break;
    if (auto replayed = drain(hop, *link, true, limits); !replayed) return or_doubt(hop, *link, replayed.error());
  }
  if (auto opened = open_gate(hop, limits); !opened) return or_doubt(hop, *link, opened.error());
  return {};
}

}  // namespace

Outcome switching(Hop& hop) {
  return or_kept_with_archives(hop, or_kept_for_set(hop, go_over(hop)));
}

}  // namespace migrate::controller
