#include "extender/controller/transition.h"

#include <fmt/format.h>

#include <algorithm>

#include "shared/migration/names.h"

namespace migrate::controller {
namespace {

using std::chrono::duration_cast;

void set_conditions(MigrationStatus& status, Phase next, Instant now) {
  const std::string reason = status.reason.empty() ? std::string{to_string(next)} : status.reason;
  const auto set = [&](const char* type, bool value) {
    set_condition(status, {type, value, reason, status.message, now});
  };
  if (find_condition(status, "InDoubt") != nullptr && next != Phase::in_doubt) set("InDoubt", false);
  // One that failed behind its commit holds it until it is deleted.
  if (is_final(next) && next != Phase::failed && find_condition(status, kNameHeldCondition) != nullptr)
    set(kNameHeldCondition, false);
  switch (next) {
    case Phase::succeeded:
      set("Succeeded", true);
      break;
    case Phase::rolled_back:
      set("RolledBack", true);
      set("Succeeded", false);
      break;
    case Phase::refused:
    case Phase::failed:
      set("Succeeded", false);
      break;
    case Phase::in_doubt:
      set("InDoubt", true);
      break;
    default:
      break;
  }
}

void set_reason(MigrationStatus& status, const Outcome& outcome, Phase next) {
  switch (next) {
    case Phase::refused:
    case Phase::rolling_back:
    case Phase::repeating:
    case Phase::in_doubt:
    case Phase::failed:
      // One word for all of them, whatever was waited for: the command ends with a code of its own then.
      status.reason = outcome.event == Event::deadline ? "TimedOut" : outcome.reason;
      status.message = outcome.message;
      break;
    case Phase::restoring:
    case Phase::renaming:
    case Phase::finishing:
      status.reason.clear();
      status.message.clear();
      break;
    case Phase::succeeded:
      status.reason.clear();
      status.message = account(status);
      break;
    default:
      break;  // rolled_back keeps why
  }
}

}  // namespace

std::string describe(Phase from, Event event, Phase to) {
  return fmt::format("on Event '{}', transition: '{}' => '{}'", to_string(event), to_string(from), to_string(to));
}

std::string account(const MigrationStatus& status) {
  std::string text;
  if (status.gap) text += fmt::format("gap {} ms, ", status.gap->count());
  if (status.freeze) text += fmt::format("frozen {} ms, ", status.freeze->count());
  text += fmt::format("{} MiB", total_size(status).count >> 20);
  if (status.started && status.finished)
    text += fmt::format(", {} ms in all", duration_cast<milliseconds>(*status.finished - *status.started).count());
  return text;
}

void apply_transition(MigrationStatus& status, const Outcome& outcome, Phase next, Instant now) {
  if (!status.started) status.started = now;
  if (!status.steps.empty() && !status.steps.back().finished) {
    status.steps.back().finished = now;
    if (!outcome.message.empty()) status.steps.back().message = outcome.message;
  }
  if (is_final(next))
    status.finished = now;
  else
    status.steps.push_back({std::string{to_string(next)}, now, std::nullopt, ""});
  if (next == Phase::repeating) status.attempt = outcome.event == Event::checkpoint_decided ? 2 : status.attempt + 1;
  set_reason(status, outcome, next);
  if (next == Phase::refused && status.refusals.empty()) status.refusals.push_back({status.reason, status.message, ""});
  set_conditions(status, next, now);
  status.phase = next;
}

std::optional<Announcement> announcement(const Migration& migration, Phase from, const Outcome& outcome, Phase to) {
  const MigrationStatus& status = migration.status;
  // A dry run is between who asked and us.
  if (migration.spec.dry_run) return std::nullopt;
  if (to == Phase::placing)
    return Announcement{false, "MigrationStarted",
                        fmt::format("migration {}: forecast {} ms frozen, {} without anybody at work", migration.name,
                                    status.forecast_freeze.value_or(milliseconds{0}).count(),
                                    status.forecast_gap ? fmt::format("{} ms", status.forecast_gap->count())
                                                        : "not yet known how long")};
  if (from == Phase::freezing && to == Phase::checkpointing)
    return Announcement{false, "MigrationFrozen", fmt::format("migration {}: the source is frozen", migration.name)};
  if (from == Phase::committing && to != Phase::rolling_back)
    return Announcement{false, "MigrationCommitted",
                        fmt::format("migration {}: the source never runs again by itself, {} MiB are on node {}",
                                    migration.name, total_size(status).count >> 20, status.target.node)};
  const std::string why = fmt::format("migration {}: {}", migration.name, outcome.message);
  switch (to) {
    case Phase::repeating:
      return Announcement{true, "MigrationRepeats", why};
    case Phase::in_doubt:
      return Announcement{
          true, "MigrationInDoubt",
          why + fmt::format("; decide: kubectl migrate resolve {} --keep source|target", migration.name)};
    case Phase::refused:
      return Announcement{true, "MigrationRefused", why};
    case Phase::failed:
      return Announcement{true, "MigrationFailed", why};
    case Phase::rolled_back: {
      const Condition* lost = find_condition(status, "SourceLost");
      const std::string source = lost != nullptr && lost->value ? lost->message : "the source runs as before";
      return Announcement{true, "MigrationRolledBack",
                          fmt::format("migration {}: {}: {}", migration.name, source, status.message)};
    }
    case Phase::succeeded:
      return Announcement{false, "MigrationSucceeded",
                          fmt::format("migration {}: Pod {} runs on node {}: {}", migration.name, status.target.pod,
                                      status.target.node, status.message)};
    default:
      return std::nullopt;
  }
}

}  // namespace migrate::controller
