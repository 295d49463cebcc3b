#include "extender/controller/engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "extender/controller/backlog_watch.h"
#include "extender/controller/frozen_source.h"
#include "extender/controller/kube_events.h"
#include "extender/controller/steps.h"
#include "extender/controller/transition.h"

namespace migrate::controller {
namespace {

using std::chrono::duration_cast;

constexpr milliseconds kSoon{1'000};
constexpr milliseconds kDoubtPeriod{3'000};
constexpr milliseconds kShortest{200};
constexpr milliseconds kAgain{60'000};  // what nobody waits for
constexpr milliseconds kLongest{3'600'000};

Outcome work_on(Hop& hop, Phase phase) {
  switch (phase) {
    case Phase::pending:
      return {};
    case Phase::preparing:
      return preparing(hop);
    case Phase::placing:
      return placing(hop);
    case Phase::orphaning:
      return orphaning(hop);
    case Phase::mirroring:
      return mirroring(hop);
    case Phase::shadowing:
      return shadowing(hop);
    case Phase::replaying:
      return replaying(hop);
    case Phase::draining:
      return draining(hop);
    case Phase::switching:
      return switching(hop);
    case Phase::freezing:
      return freezing(hop);
    case Phase::checkpointing:
      return checkpointing(hop);
    case Phase::transferring:
      return transferring(hop);
    case Phase::committing:
      return committing(hop);
    case Phase::renaming:
      return renaming(hop);
    case Phase::attaching:
      return attaching(hop);
    case Phase::restoring:
      return restoring(hop);
    case Phase::repeating:
      return repeating(hop);
    case Phase::finishing:
      return finishing(hop);
    case Phase::returning:
      return returning(hop);
    case Phase::rolling_back:
      return rolling_back(hop);
    case Phase::in_doubt:
      return in_doubt(hop);
    case Phase::succeeded:
    case Phase::rolled_back:
    case Phase::refused:
    case Phase::planned:
    case Phase::failed:
      break;
  }
  return {Event::left, "Final", "nothing follows"};
}

// A dry run ends with an answer whatever comes between, and has nothing to go back from.
Outcome as_answer(Phase phase, Outcome outcome) {
  if (outcome.event == Event::done && phase == Phase::preparing) outcome.event = Event::planned;
  if (outcome.event == Event::failed || outcome.event == Event::aborted || outcome.event == Event::deadline)
    outcome.event = Event::refused;
  return outcome;
}

Outcome step(Hop& hop, Phase phase) {
  if (phase != Phase::rolling_back && !is_after_commit(phase)) {
    Outcome before = hop.interrupted({});
    if (before.event != Event::done) return before;
  }
  watch_backlog(hop, phase);
  watch_over_source(hop);
  Outcome outcome = work_on(hop, phase);
  note_watched(hop);
  // After the commit time being over is one more way to fail.
  if (outcome.event == Event::deadline && !next_phase(phase, outcome.event, hop.status().strategy))
    outcome.event = Event::failed;
  return outcome;
}

void tell_people(Hop& hop, Phase from, const Outcome& outcome, Phase to) {
  World& world = hop.world();
  const bool failed = outcome.event == Event::failed || outcome.event == Event::deadline ||
                      outcome.event == Event::never_ran || outcome.event == Event::unsure;
  LogFields fields{{"pod", hop.migration().spec.pod}};
  if (!outcome.message.empty()) fields.emplace_back("message", outcome.message);
  if (!outcome.reason.empty()) fields.emplace_back("reason", outcome.reason);
  hop.log(failed ? LogLevel::warning : LogLevel::info, describe(from, outcome.event, to), fields);
  // Nobody else waits for a dry run, nor is it counted.
  if (hop.migration().spec.dry_run) return;
  const auto& steps = hop.status().steps;
  const auto ended = std::find_if(steps.rbegin(), steps.rend(),
                                  [&](const Step& one) { return one.finished && one.name == to_string(from); });
  if (ended != steps.rend()) world.metrics.phase_took(from, *ended->finished - ended->started);
  if (failed) world.metrics.step_failed(from);
  if (from == Phase::pending) world.metrics.migration_began();
  if (is_final(to)) world.metrics.migration_ended(to);
  if (to == Phase::succeeded) world.metrics.forecast(hop.status());
  if (const auto said = announcement(hop.migration(), from, outcome, to))
    record_for_both(world.events, hop.migration(), said->is_warning, said->reason, said->message);
}

// In doubt nothing is waited for but a person, and the time at which the frozen source has to go.
milliseconds until_next_look(Hop& hop) {
  const auto until = kept_until(hop);
  if (!until) return kDoubtPeriod;
  const auto left = duration_cast<milliseconds>(*until - hop.world().clock.now());
  return std::clamp(left, kShortest, kDoubtPeriod);
}

// The object's own end, when it has outlived its use.
std::optional<milliseconds> expire(Hop& hop) {
  const Migration& migration = hop.migration();
  if (migration.deleting || !migration.status.finished) return std::nullopt;
  World& world = hop.world();
  const Instant end = *migration.status.finished + migration.spec.ttl_after_finished;
  if (const Instant now = world.clock.now(); now < end)
    return std::min(kLongest, duration_cast<milliseconds>(end - now) + milliseconds{1});
  kube::DeleteOptions options;
  options.uid = migration.uid;
  if (auto gone = world.client.remove(migration_path(migration.namespace_, migration.name), options,
                                      {std::chrono::seconds{10}, hop.signals().leave()});
      !gone) {
    hop.log(LogLevel::warning, "cannot delete a migration that has expired", {{"error", gone.error().text()}});
    return kAgain;
  }
  return std::nullopt;
}

std::optional<milliseconds> run(Hop& hop) {
  while (!is_final(hop.status().phase)) {
    const Phase from = hop.status().phase;
    Outcome outcome = step(hop, from);
    if (outcome.event != Event::done) hop.known_broker() = {};  // it may be what failed
    if (hop.migration().spec.dry_run) outcome = as_answer(from, std::move(outcome));
    const auto next = next_phase(from, outcome.event, hop.status().strategy);
    if (!next) {
      // Not a result: nothing is decided, or what hinders may pass.
      if (hop.signals().leaving()) return std::nullopt;
      hop.log(LogLevel::info, "taken up again later", {{"message", outcome.message}});
      if (!outcome.message.empty() && from != Phase::in_doubt &&
          (outcome.event != Event::left || from == Phase::returning))
        (void)hop.say(outcome.message);
      return from == Phase::in_doubt ? until_next_look(hop) : outcome.pause.value_or(kSoon);
    }
    // What a person decided in an earlier doubt has been carried out; this one takes a word of its own, the same
    // perhaps.
    if (*next == Phase::in_doubt && hop.signals().resolution() != Resolution::none)
      if (auto dropped = hop.journal().drop_resolution(); !dropped) {
        hop.log(LogLevel::warning, "left", {{"message", dropped.error().message}});
        return kSoon;
      }
    apply_transition(hop.status(), outcome, *next, hop.world().clock.now());
    if (*next == Phase::in_doubt) say_what_is_left(hop);
    if (auto written = hop.journal().write(); !written) {
      hop.log(LogLevel::warning, "left", {{"message", written.error().message}});
      return kSoon;
    }
    tell_people(hop, from, outcome, *next);
  }
  if (!tidy(hop)) return kSoon;
  return expire(hop);
}

}  // namespace

std::optional<milliseconds> drive(World& world, Signals& signals, const std::string& namespace_,
                                  const std::string& name) {
  auto object = world.client.get(migration_path(namespace_, name), {std::chrono::seconds{30}, signals.leave()});
  if (!object) {
    world.log.warn("cannot read a Migration, trying again",
                   {{"name", namespace_ + "/" + name}, {"error", object.error().text()}});
    return kSoon;
  }
  if (!*object) return std::nullopt;
  auto migration = parse_migration(**object);
  if (!migration) {
    world.log.error("cannot read a Migration",
                    {{"name", namespace_ + "/" + name}, {"error", migration.error().message}});
    return std::nullopt;
  }
  signals.tell(*migration);
  Journal journal{world, signals, **object, std::move(*migration)};
  Hop hop{world, signals, journal};
  const auto again = run(hop);
  hop.backlog().end();
  world.metrics.mirror_left(hop.migration().uid);
  return again;
}

}  // namespace migrate::controller
