// What a finished migration has taken, from its record.
#include <algorithm>

#include "shared/migration/speeds.h"

namespace migrate {
namespace {

using std::chrono::duration_cast;

std::optional<milliseconds> between(std::optional<Instant> from, std::optional<Instant> to) {
  if (!from || !to || *to < *from) return std::nullopt;
  return duration_cast<milliseconds>(*to - *from);
}

const Step* find_step(const MigrationStatus& status, Phase phase) {
  const auto found = std::find_if(status.steps.begin(), status.steps.end(),
                                  [&](const Step& one) { return one.name == to_string(phase); });
  return found == status.steps.end() ? nullptr : &*found;
}

std::optional<Instant> begin_of(const MigrationStatus& status, Phase phase) {
  const Step* step = find_step(status, phase);
  return step == nullptr ? std::nullopt : std::optional{step->started};
}

std::optional<Instant> end_of(const MigrationStatus& status, Phase phase) {
  const Step* step = find_step(status, phase);
  return step == nullptr ? std::nullopt : step->finished;
}

}  // namespace

std::optional<HopSample> sample_of(const Migration& migration) {
  const MigrationStatus& status = migration.status;
  if (status.phase != Phase::succeeded || !status.finished || !(status.forecast_size > Bytes{})) return std::nullopt;
  HopSample made;
  made.uid = migration.uid;
  made.finished = *status.finished;
  made.kind = {status.source.node,
               status.target.node,
               status.checkpoint,
               migration.spec.restore == RestoreWay::image,
               migration.spec.transfer == TransferWay::registry && !is_local(migration),
               is_local(migration),
               status.strategy,
               is_owned_by(migration, kStatefulSet)};
  made.size = status.forecast_size;
  for (const Step& step : status.steps) {
    const auto phase = phase_from(step.name);
    const auto took = between(step.started, step.finished);
    // What came twice was tried twice, and a doubt waits for a person.
    if (!phase || !took || *phase == Phase::repeating || *phase == Phase::in_doubt ||
        !made.steps.emplace(*phase, *took).second)
      return std::nullopt;
  }
  const bool is_stop = status.strategy == Strategy::stop;
  const auto halted = between(status.frozen_at, end_of(status, Phase::freezing));
  (is_stop ? made.halting : made.cutting) = halted;
  // What waited in the queue before is handled after that, within the same step.
  if (status.messages) made.mirroring = between(begin_of(status, Phase::mirroring), status.messages->bound_at);
  made.snapshot = status.snapshot_freeze;
  // Of a sequential one the kubelet's word is in that step, and its replay in the switch.
  if (is_stop) made.restore = between(begin_of(status, Phase::restoring), status.running_at);
  if (status.strategy == Strategy::live) {
    made.restore = between(begin_of(status, Phase::shadowing), end_of(status, Phase::shadowing));
    made.switching = between(begin_of(status, Phase::switching), status.running_at);
  }
  if (find_step(status, Phase::returning) == nullptr) made.finishing = between(status.running_at, status.finished);
  return made;
}

}  // namespace migrate
