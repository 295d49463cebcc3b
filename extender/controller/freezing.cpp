// While the source is frozen, until the commit: freeze, checkpoint, transfer. Every limit is the freeze's own.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "extender/controller/identity.h"
#include "extender/controller/pods.h"
#include "extender/controller/queue.h"
#include "extender/controller/registry.h"
#include "extender/controller/replay.h"
#include "extender/controller/steps.h"
#include "shared/base/bytes_text.h"
#include "shared/messages/account.h"

namespace migrate::controller {
namespace {

using agent::SourceRecord;
using agent::SourceState;

Attempt<SourceRecord> record_of(Hop& hop, const Limits& limits) {
  return hop.ask<SourceRecord>(
      hop.status().source.node, "read the source's record", "SourceRecord", limits,
      [&](agent::AgentApi& agent, const agent::Call& call) { return agent.source_record(hop.order(), call); });
}

milliseconds freeze_time(Hop& hop, const Limits& limits) {
  return std::min(hop.freeze_limit(), hop.left_of(limits));
}

Attempt<SourceRecord> freeze(Hop& hop, const Limits& limits) {
  agent::FreezeOrder order;
  order.pod = hop.source_ref();
  order.containers = names_of_containers(hop);
  order.target_node = hop.status().target.node;
  return hop.ask<SourceRecord>(hop.status().source.node, "freeze the source", "FreezeFailed", limits,
                               [&](agent::AgentApi& agent, const agent::Call& call) {
                                 order.limit = freeze_time(hop, limits);
                                 return agent.freeze(hop.order(), order, call);
                               });
}

Outcome record(Hop& hop, const std::vector<agent::Archive>& archives) {
  auto& recorded = hop.status().archives;
  recorded.clear();
  recorded.reserve(archives.size());
  for (const agent::Archive& one : archives)
    recorded.push_back({one.name, one.size, one.digest});
  return {Event::done, "", bytes_text(total_size(hop.status()))};
}

// The source runs on afterwards. What it has handled since the mirror was bound will be replayed once more.
Outcome snapshot(Hop& hop) {
  const Limits limits = hop.before_commit();
  agent::SnapshotOrder order;
  order.freeze.pod = hop.source_ref();
  order.freeze.containers = names_of_containers(hop);
  order.freeze.target_node = hop.status().target.node;
  order.checkpoint.backend =
      hop.status().checkpoint == CheckpointBackend::kubelet ? agent::Backend::kubelet : agent::Backend::direct;
  auto taken = hop.ask<agent::Snapshot>(hop.status().source.node, "checkpoint the source", "CheckpointFailed", limits,
                                        [&](agent::AgentApi& agent, const agent::Call& call) {
                                          order.freeze.limit = freeze_time(hop, limits);
                                          return agent.snapshot(hop.order(), order, call);
                                        });
  if (!taken) return taken.error();
  hop.status().snapshot_freeze = taken->frozen;
  auto link = connect_replay(hop, limits);
  if (!link) return link.error();
  auto primary = primary_depth(hop, *link, limits);
  if (!primary) return primary.error();
  auto mirror = mirror_depth(hop, *link, limits);
  if (!mirror) return mirror.error();
  MessagesStatus& messages = messages_of(hop);
  // Of the ready ones, so many may have come back from a connection that broke meanwhile: handled, not acknowledged.
  const std::uint64_t waiting = primary->ready - std::min(primary->ready, messages.prefetch);
  messages.duplicates_bound = messages::duplicates_bound({waiting, mirror->ready, 0});
  return record(hop, taken->archives);
}

}  // namespace

Outcome freezing(Hop& hop) {
  const Limits limits = hop.before_commit();
  if (auto live = Pods{hop}.live_target(limits); !live) return live.error();
  if (auto held = prove_name_held(hop, limits); !held) return held.error();
  auto before = record_of(hop, limits);
  if (!before) return before.error();

  const PodView source = hop.source_view();
  const auto queue = queue_of(hop.migration(), source);
  std::shared_ptr<broker::Broker> broker;
  ConsumerConnections consumers;
  if (queue) {
    auto connected = connect_to(hop, *queue, limits);
    if (!connected) return connected.error();
    broker = *connected;
    // Not once it is frozen: then what was to be closed may be closed already, and time is dear.
    if (before->state == SourceState::none || before->state == SourceState::snapshotted) {
      auto found = find_consumers(hop, *broker, *queue, source, limits);
      if (!found) return found.error();
      consumers = std::move(*found);
    }
  }

  // To have logged in to AMQP before the source stands still.
  if (queue && replays(hop))
    if (auto there = primary_depth(hop, {*queue, broker}, limits); !there) return there.error();
  if (queue && hop.status().strategy == Strategy::sequential && before->state != SourceState::frozen) {
    if (auto unlimited = check_limits(hop, {*queue, broker}, limits); !unlimited) return unlimited.error();
    if (auto alike = check_bindings(hop, {*queue, broker}, limits); !alike) return alike.error();
  }

  // Its sandbox was made beside the above.
  if (is_local(hop.migration()) && before->state == SourceState::none)
    if (Outcome ready = await_target(hop, limits); ready.event != Event::done) return ready;

  auto record = freeze(hop, limits);
  if (!record) return record.error();
  if (record->state != SourceState::frozen)
    return {Event::failed, "SourceThawed",
            fmt::format("the source does not stay frozen: {}",
                        record->message.empty() ? "its agent thawed it" : record->message)};
  hop.status().frozen_at = hop.frozen_at(*record).value_or(hop.world().clock.now());
  if (!queue) return {};
  const bool is_repeated = before->state == SourceState::frozen;
  if (is_repeated) consumers = unknown_consumers(hop);
  if (auto closed = close_consumers(hop, *broker, *queue, source, std::move(consumers), hop.while_frozen()); !closed)
    return closed.error();
  if (!replays(hop)) return {};
  const ReplayLink link{*queue, broker};
  if (auto cut_off = cut(hop, link, is_repeated, hop.while_frozen()); !cut_off) return cut_off.error();
  // The target may have the source's host name, and with it its control queue: now nobody else reads that.
  if (hop.status().strategy == Strategy::sequential)
    if (auto told = tell_start(hop, link, hop.while_frozen()); !told) return told.error();
  return {};
}

Outcome checkpointing(Hop& hop) {
  if (replays(hop)) return snapshot(hop);
  agent::CheckpointOrder order;
  order.backend =
      hop.status().checkpoint == CheckpointBackend::kubelet ? agent::Backend::kubelet : agent::Backend::direct;
  order.volumes = hop.volumes();
  auto archives = hop.ask<std::vector<agent::Archive>>(
      hop.status().source.node, "checkpoint the source", "CheckpointFailed", hop.while_frozen(),
      [&](agent::AgentApi& agent, const agent::Call& call) { return agent.checkpoint(hop.order(), order, call); });
  if (!archives) return archives.error();
  return record(hop, *archives);
}

Outcome transferring(Hop& hop) {
  const Limits limits = replays(hop) ? hop.before_commit() : hop.while_frozen();
  auto pulled = pull_archives(hop, hop.status().target.node, limits);
  if (!pulled) return pulled.error();
  return {Event::done, "", fmt::format("{} in {} ms", bytes_text(pulled->bytes), pulled->duration.count())};
}

Attempt<agent::PullFacts> pull_archives(Hop& hop, const std::string& node, const Limits& limits) {
  agent::PullOrder order;
  order.source_node = hop.status().source.node;
  auto facts = hop.world().agents.facts(order.source_node);
  if (!facts || !*facts)
    return give_up(Event::failed, "TransferFailed",
                   fmt::format("the address of the agent of node {} is not known{}", order.source_node,
                               facts ? "" : ": " + facts.error().message));
  order.source_address = (*facts)->address;
  order.archives.reserve(hop.status().archives.size());
  for (const ArchiveStatus& one : hop.status().archives)
    order.archives.push_back({one.container, one.size, one.digest});
  order.as_image = hop.is_by_image();
  if (order.as_image) {
    TargetPlan plan = hop.target_plan();
    plan.name = target_name(hop.migration(), hop.status().attempt);
    order.host_name = hostname_of(target_pod(hop.source(), hop.migration(), plan));
  }
  const auto ask = [&] {
    return hop.ask<agent::PullFacts>(
        node, "transfer the archives", "TransferFailed", limits,
        [&](agent::AgentApi& agent, const agent::Call& call) { return agent.pull(hop.order(), order, call); });
  };
  if (is_via_registry(hop.migration())) {
    // What was offered there before needs neither the registry nor the source any more.
    if (order.as_image && hop.status().phase != Phase::transferring) {
      order.registry = {hop.migration().spec.registry, "", "", ""};
      if (auto offered = ask(); offered || offered.error().event != Event::failed) return offered;
    }
    // Nothing is transferred before the registry has acknowledged it all.
    auto access = registry_access(hop, limits);
    if (!access) return tl::make_unexpected(access.error());
    auto pushed = push_archives(hop, {*access, order.as_image, order.host_name}, limits);
    if (!pushed) return tl::make_unexpected(pushed.error());
    order.registry = std::move(*access);
    order.images = std::move(*pushed);
  }
  return ask();
}

}  // namespace migrate::controller
