#include "test/unit/plugin/golden_world.h"

#include "test/unit/plugin/scene.h"

namespace migrate::plugin {
namespace {

// Made long ago: an age in days of four digits, for some more years.
Json made(Migration migration, const std::string& name = "orders-x7k2p") {
  migration.name = name;
  migration.uid = "uid-" + name;
  Json object = with_status(migration);
  object["metadata"]["creationTimestamp"] = "2020-01-01T12:00:00Z";
  object["metadata"]["resourceVersion"] = "5";
  return object;
}

Migration replayed(Phase phase, std::vector<Step> steps) {
  Migration migration = migration_in(phase, std::move(steps));
  MigrationStatus& status = migration.status;
  status.strategy = Strategy::live;
  status.forecast_gap = 400ms;
  status.forecast_freeze = 300ms;
  status.forecast_total = 5'000ms;
  status.snapshot_freeze = 312ms;
  status.running_at = at(1'900ms);
  status.archives = {{"app", 21_MiB, "sha256:" + std::string(64, 'a')}};
  status.messages = mirrored();
  return migration;
}

Migration replaying() {
  return replayed(Phase::replaying,
                  {step(Phase::preparing, 0ms, 12ms), step(Phase::placing, 12ms, 524ms, "orders-mig-ab12c on node-b"),
                   step(Phase::mirroring, 524ms, 900ms), step(Phase::checkpointing, 900ms, 1'300ms, "21.0 MiB"),
                   step(Phase::transferring, 1'300ms, 1'500ms), step(Phase::shadowing, 1'500ms, 1'900ms),
                   step(Phase::replaying, 1'900ms)});
}

Migration replay_done() {
  std::vector<Step> steps = replaying().status.steps;
  steps.back().finished = at(4'850ms);
  for (Step& more :
       std::vector<Step>{step(Phase::freezing, 4'850ms, 4'910ms), step(Phase::draining, 4'910ms, 5'020ms),
                         step(Phase::committing, 5'020ms, 5'061ms), step(Phase::switching, 5'061ms, 5'200ms),
                         step(Phase::finishing, 5'200ms, 5'400ms)})
    steps.push_back(std::move(more));
  Migration migration = replayed(Phase::succeeded, std::move(steps));
  MigrationStatus& status = migration.status;
  status.frozen_at = at(4'860ms);
  status.gap = 320ms;
  status.freeze = 201ms;
  status.finished = at(5'400ms);
  MessagesStatus& messages = *status.messages;
  messages.mirrored_estimate = 44;
  messages.replayed_estimate = 44;
  messages.backlog_at_cut = 5;
  messages.lost = 0;
  messages.duplicates_bound = 3;
  messages.cutoff_used = 4'250ms;
  messages.cut_because = "Converged";
  status.warnings = {"an accepted risk: container app has a postStart hook, which does not run at the target"};
  set_condition(status, {"Succeeded", true, "Done", "the target goes on", at(5'400ms)});
  return migration;
}

Migration refused() {
  Migration migration = migration_in(Phase::refused, {step(Phase::preparing, 0ms, 40ms)});
  migration.spec.pod = "database";
  migration.status.target = {};
  migration.status.source.pod = "database";
  migration.status.strategy = Strategy::automatic;
  migration.status.checkpoint = CheckpointBackend::automatic;
  migration.status.reason = "HostPath";
  migration.status.message =
      "Pod shop/database: volume data is the folder /srv/data of node node-a (hostPath), which node-b has not: move "
      "the "
      "data to a PersistentVolumeClaim";
  return migration;
}

Migration in_doubt() {
  Migration migration = migration_in(
      Phase::in_doubt,
      {step(Phase::preparing, 0ms, 12ms), step(Phase::placing, 12ms, 524ms), step(Phase::freezing, 524ms, 544ms),
       step(Phase::checkpointing, 544ms, 900ms), step(Phase::transferring, 900ms, 1'200ms),
       step(Phase::committing, 1'200ms, 1'230ms), step(Phase::restoring, 1'230ms, {}, "node-b does not answer")});
  migration.status.frozen_at = at(530ms);
  migration.status.freeze = 700ms;
  migration.status.reason = "NodeLost";
  migration.status.message = "node node-b went away while it restored, and has not told whether anything ran";
  set_condition(migration.status, {"InDoubt", true, "NodeLost", "a person decides", at(61'230ms)});
  return migration;
}

Migration rolled_back() {
  Migration migration = migration_in(
      Phase::rolled_back,
      {step(Phase::preparing, 0ms, 12ms), step(Phase::placing, 12ms, 524ms), step(Phase::freezing, 524ms, 544ms),
       step(Phase::checkpointing, 544ms, 1'000ms, "Can't dump ghost file /ghost of 8388608 size"),
       step(Phase::rolling_back, 1'000ms, 1'300ms)});
  migration.status.freeze = 470ms;
  migration.status.reason = "CheckpointFailed";
  migration.status.message = "CRIU on node-a: Can't dump ghost file /ghost of 8388608 size, increase limit";
  return migration;
}

Json event(const std::string& type, const std::string& reason, const std::string& message, const std::string& time) {
  return {{"metadata", {{"name", reason}}}, {"type", type},     {"reason", reason}, {"message", message},
          {"lastTimestamp", nullptr},       {"eventTime", time}};
}

Json pod(const std::string& name) {
  return {{"kind", "Pod"},
          {"metadata", {{"name", name}, {"uid", "uid-" + name}}},
          {"spec", {{"nodeName", "node-a"}}},
          {"status", {{"phase", "Running"}}}};
}

}  // namespace

GoldenWorld empty_world() {
  return {};
}

GoldenWorld world_of_many() {
  GoldenWorld world;
  world.migrations = {made(replay_done()),
                      made(refused(), "database-b4vv9"),
                      made(rolled_back(), "ghost-2zt6c"),
                      made(in_doubt(), "ledger-doubt"),
                      made(replaying(), "orders-running"),
                      made(migration_in(Phase::pending), "orders-0-waits-for-its-turn")};
  world.events = {event("Normal", "Frozen", "source frozen on node-a", "2026-01-01T12:00:04.860000Z"),
                  event("Warning", "Slow", "the replay took longer than forecast", "2026-01-01T12:00:04.900000Z")};
  world.pods = {pod("orders"), pod("billing-7f9c-x2x")};
  return world;
}

GoldenWorld world_of_replay() {
  GoldenWorld world;
  world.migrations = {made(replaying())};
  return world;
}

GoldenWorld world_that_finishes() {
  GoldenWorld world = world_of_replay();
  Json done = made(replay_done());
  done["metadata"]["resourceVersion"] = "8";
  world.later = {done};
  return world;
}

GoldenWorld world_without_install() {
  GoldenWorld world;
  world.is_installed = false;
  return world;
}

GoldenWorld forbidden_world() {
  GoldenWorld world;
  world.is_forbidden = true;
  return world;
}

}  // namespace migrate::plugin
