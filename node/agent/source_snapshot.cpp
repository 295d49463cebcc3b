// A source that is frozen for its checkpoint and runs on.
#include <fmt/format.h>

#include <algorithm>

#include "node/agent/failure.h"
#include "node/agent/source.h"

namespace migrate::agent {
namespace {

using Kind = AgentError::Kind;

Snapshot to_snapshot(const StoredSource& stored) {
  Snapshot snapshot;
  snapshot.archives = stored.archives;
  if (stored.snapshot) {
    snapshot.frozen_at = stored.snapshot->frozen_at;
    snapshot.frozen = stored.snapshot->frozen;
  }
  return snapshot;
}

}  // namespace

AgentResult<std::optional<Snapshot>> Source::made_snapshot(const Order& order, const FreezeOrder& freeze) {
  const std::lock_guard lock{mutex_};
  const StoredSource& stored = known(order.migration);
  switch (decide(SourceOrder::snapshot, stored, parts_.clock.now())) {
    case SourceAct::go_on:
      return std::nullopt;
    case SourceAct::answer:
      // Once it is frozen its freeze says where to, and until when.
      if (stored.state == SourceState::snapshotted)
        if (auto kept = take_target(order, freeze); !kept) return tl::make_unexpected(kept.error());
      return to_snapshot(stored);
    case SourceAct::thaw:
      if (auto thawed = end_overdue(order.migration); !thawed) return tl::make_unexpected(thawed.error());
      break;
    default:
      break;
  }
  return agent_failure(Kind::precondition, explain(SourceOrder::snapshot, stored));
}

AgentResult<StoredSource> Source::begin_snapshot(const Order& order, const FreezeOrder& freeze) {
  const std::lock_guard lock{mutex_};
  const StoredSource& stored = known(order.migration);
  if (stored.state != SourceState::none)
    return agent_failure(Kind::precondition, explain(SourceOrder::snapshot, stored));
  return begin_freeze(order, freeze, true).map([&](const SourceRecord&) { return known(order.migration); });
}

// At once, and the record later: what is frozen for a snapshot is committed by no order, so nothing can have been
// permitted that must not be while it runs. When this agent ends before the record is written, the source is thawed.
AgentResult<void> Source::run_on(const Order& order) {
  const std::lock_guard lock{mutex_};
  const StoredSource& before = known(order.migration);
  if (before.state != SourceState::frozen || !before.for_snapshot)
    return agent_failure(Kind::precondition, explain(SourceOrder::snapshot, before));
  StoredSource& stored = records_.at(order.migration);
  for (const FrozenContainer& container : stored.containers)
    if (const auto resumed = parts_.runtime.resume(container.id); !resumed)
      return failed(resumed.error(), fmt::format("let {}/{}, container {}, run on", stored.pod.namespace_,
                                                 stored.pod.name, container.name));
  const Instant now = parts_.clock.now();
  stored.runs_on = true;
  const Instant frozen_at = stored.frozen_at.value_or(now);
  stored.snapshot = {frozen_at, std::chrono::ceil<milliseconds>(std::max(now - frozen_at, Microseconds{0}))};
  return {};
}

AgentResult<Snapshot> Source::end_snapshot(const Order& order, const std::vector<Archive>& archives) {
  const std::lock_guard lock{mutex_};
  StoredSource changed = known(order.migration);
  if (changed.state != SourceState::frozen || !changed.runs_on)
    return agent_failure(Kind::precondition, explain(SourceOrder::snapshot, changed));
  changed.state = SourceState::snapshotted;
  changed.for_snapshot = false;
  changed.runs_on = false;
  changed.settled = true;
  changed.frozen_at = std::nullopt;  // the freeze that may follow has its own
  changed.archives = archives;
  if (auto kept = put(order.migration, std::move(changed)); !kept) return tl::make_unexpected(kept.error());
  return to_snapshot(known(order.migration));
}

void Source::fail_snapshot(const Order& order, const std::string& why) {
  const std::lock_guard lock{mutex_};
  const StoredSource& stored = known(order.migration);
  if (stored.state != SourceState::frozen || !stored.for_snapshot) return;
  // Not recorded: it stays frozen for no longer than its deadline.
  if (auto thawed = end_thawed(order.migration, why); !thawed)
    parts_.log.error(thawed.error().message, {{"migration", order.migration}, {"name", stored.name}});
}

}  // namespace migrate::agent
