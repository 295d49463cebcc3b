// Looked at, forecast, refused or accepted; nothing is touched but our own record.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "extender/controller/choice.h"
#include "extender/controller/owners.h"
#include "extender/controller/pods.h"
#include "extender/controller/queue.h"
#include "extender/controller/registry.h"
#include "extender/controller/replay.h"
#include "extender/controller/steps.h"
#include "extender/controller/surroundings.h"

namespace migrate::controller {
namespace {

constexpr milliseconds kInspectPatience{15'000};

Outcome refused(const std::vector<Refusal>& all) {
  std::string text;
  for (const Refusal& one : all) {
    if (!text.empty()) text += "; ";
    text += one.message;
  }
  return {Event::refused, all.front().reason, text};
}

void note_accepted(const std::vector<Refusal>& all, const std::vector<Refusal>& standing, MigrationStatus& status) {
  status.warnings.clear();
  for (const Refusal& one : all) {
    const bool stands = std::any_of(standing.begin(), standing.end(),
                                    [&](const Refusal& other) { return other.message == one.message; });
    if (!stands) status.warnings.push_back("accepted: " + one.message);
  }
}

CheckpointBackend chosen_backend(const Migration& migration, const NodeState& source) {
  if (migration.spec.checkpoint != CheckpointBackend::automatic) return migration.spec.checkpoint;
  return source.facts && source.facts->can_checkpoint_directly ? CheckpointBackend::direct : CheckpointBackend::kubelet;
}

void warn_of_deliveries(Hop& hop, const broker::QueueFacts& facts) {
  if (std::string warning = messages::delivery_warning(facts); !warning.empty())
    hop.status().warnings.push_back(std::move(warning));
}

// That the broker can be asked is found out now, not while the source is frozen; and, with replay, what it says of the
// queue.
Outcome check_broker(Hop& hop, const Json& pod, const Limits& limits, std::optional<QueueOutlook>& outlook) {
  const PodView view = view_of(pod);
  const auto queue = queue_of(hop.migration(), view);
  if (!queue) {
    if (hop.migration().spec.messages != MessageMode::queue && !replays(hop)) return {};
    return {Event::refused, "NoQueue",
            fmt::format("Pod {}/{} names no queue or no broker: set the annotations kubectl-migrate.dev/queue and "
                        "kubectl-migrate.dev/broker-secret, or --queue and --broker-secret; or use --strategy stop",
                        view.namespace_, view.name)};
  }
  auto broker = connect_to(hop, *queue, limits);
  if (!broker)
    return {broker.error().event == Event::failed ? Event::refused : broker.error().event, broker.error().reason,
            broker.error().message};
  if (!replays(hop)) {
    if (auto listed = (*broker)->consumers(queue->queue); !listed)
      return {Event::refused, "Broker", listed.error().message};
    // Nothing else of it matters here, and a broker that does not tell it is no hindrance.
    const auto facts = (*broker)->queue(queue->queue);
    if (!facts || !*facts) return {};
    if (const auto refused = messages::delivery_refusal(**facts))
      return {Event::refused, refused->reason, refused->message};
    warn_of_deliveries(hop, **facts);
    return {};
  }
  const std::string control = control_queue_of(pod, view.name);
  const auto follows = (*broker)->depth(control);
  if (!follows) return {Event::refused, "Broker", follows.error().message};
  if (!*follows) return {Event::refused, "NoControlQueue", no_control_queue(control)};
  if (hop.status().strategy == Strategy::live && is_control_queue_shared(pod))
    return {Event::refused, "SharedControlQueue",
            fmt::format("Pod {}/{}: {}, or use --strategy sequential or stop", view.namespace_, view.name,
                        shared_control_queue(pod))};
  const auto facts = look_at_mirrorable(hop, {*queue, *broker}, pod, limits);
  if (!facts) return {Event::refused, facts.error().reason, facts.error().message};
  warn_of_deliveries(hop, *facts);
  outlook = queue_outlook({*queue, *broker}, *facts, pod);
  return {};
}

// The archives' bytes.
Bytes carried(const Hop& hop, const agent::SourceFacts& found) {
  const HopSize size = size_of(found);
  return hop.carries_volumes() ? size.memory + size.volumes : size.memory;
}

// The right and the feature gate that the kubelet's checkpoint takes are found out now, not while the source is frozen.
Outcome check_kubelet(Hop& hop, const PodView& view, const NodeState& source, const Limits& limits) {
  const auto checked =
      hop.ask<void>(view.node, "try the kubelet's checkpoint", "KubeletCheckpoint", limits,
                    [&](agent::AgentApi& agent, const agent::Call& call) {
                      return agent.check_kubelet(hop.order(), {view.namespace_, view.name, view.uid}, call);
                    });
  if (checked) return {};
  Outcome outcome = checked.error();
  if (outcome.event == Event::failed && source.facts && source.facts->can_checkpoint_directly)
    outcome.message += "; or use --checkpoint direct";
  if (outcome.event == Event::failed || outcome.event == Event::deadline) outcome.event = Event::refused;
  return outcome;
}

// What is known of the rates before they are measured: from it the cutoff is planned meanwhile.
void note_outlook(const QueueOutlook& outlook, MigrationStatus& status) {
  if (!status.messages) status.messages.emplace();
  MessagesStatus& messages = *status.messages;
  // Of a queue that is new the broker may not have counted yet.
  if (outlook.arrival_rate && *outlook.arrival_rate > 0) messages.arrival_rate = outlook.arrival_rate;
  messages.service_rate = outlook.service_rate;
  messages.service_rate_from = outlook.service_rate_from;
}

bool is_told(const StrategyOutlook& outlook) {
  return outlook.total > milliseconds{0};
}

// Everything that was found goes into the record, and with the finalizer a copy of the Pod.
Outcome record(Hop& hop, const Json& pod, const Surroundings& around, const agent::SourceFacts& found,
               CheckpointBackend backend, const StrategyOutlook& expected) {
  const PodView view = view_of(pod);
  MigrationStatus& status = hop.status();
  status.source = {view.name, view.uid, view.node};
  status.checkpoint = backend;
  status.forecast_freeze = expected.freeze;
  status.forecast_restore = forecast(size_of(found), backend).restore;
  status.forecast_size = carried(hop, found);
  if (is_told(expected)) {
    status.forecast_gap = expected.gap;
    status.forecast_total = expected.total;
  }
  if (auto begun = hop.journal().begin(pod); !begun) return begun.error();
  hop.log(LogLevel::info, "accepted",
          {{"pod", view.name},
           {"node", around.source.name},
           {"memoryMiB", std::to_string(size_of(found).memory.count >> 20)},
           {"forecastFreezeMs", std::to_string(expected.freeze.count())}});
  return {};
}

}  // namespace

Outcome preparing(Hop& hop) {
  const Limits limits = hop.before_commit();
  auto around = look_around(hop, nullptr, limits);
  if (!around) return around.error();
  std::optional<Json> pod;
  if (around->namespace_enabled) {
    auto found = Pods{hop}.get(hop.migration().spec.pod, limits);
    if (!found) return found.error();
    pod = std::move(*found);
  }
  if (pod && view_of(*pod).uid == hop.migration().spec.pod_uid) {
    hop.status().owner = owner_of(*pod, is_local(hop.migration()));
    around = look_around(hop, &*pod, limits);
  }
  if (!around) return around.error();

  const auto all = refusals(hop.migration(), pod ? &*pod : nullptr, *around);
  auto standing = without_accepted(all, hop.migration().spec.accept);
  if (!standing.empty()) return refused(standing);
  note_accepted(all, standing, hop.status());
  for (const std::string& warning : around->set_warnings)
    hop.status().warnings.push_back(warning);

  const PodView view = view_of(*pod);
  Limits patience = limits;
  patience.until = std::min(limits.until, hop.world().pacer.now() + kInspectPatience);
  auto found = hop.ask<agent::SourceFacts>(view.node, "inspect Pod " + view.name, "InspectFailed", patience,
                                           [&](agent::AgentApi& agent, const agent::Call& call) {
                                             return agent.inspect(hop.order(), {view.namespace_, view.name, view.uid},
                                                                  view.containers, view.empty_dirs, call);
                                           });
  if (!found) return found.error();
  const CheckpointBackend backend = chosen_backend(hop.migration(), around->source);
  hop.status().strategy = hop.migration().spec.strategy;
  std::string because;
  std::optional<StrategyOutlook> expected;
  if (hop.status().strategy == Strategy::automatic) {
    auto choice = choose(hop, *pod, *found, backend, *around, limits);
    if (!choice) return choice.error();
    hop.status().strategy = choice->outlook.strategy;
    expected = choice->outlook;
    because = choice->because;
  }
  if (replays(hop)) {
    standing = without_accepted(replay_refusals(*pod), hop.migration().spec.accept);
    if (!standing.empty()) return refused(standing);
  }
  if (replays(hop) && !around->lone_volumes.empty())
    return {Event::refused, "LoneVolume",
            fmt::format("Pod {}/{}: {}, so nothing can be restored beside the source; use --strategy stop",
                        view.namespace_, view.name, around->lone_volumes.front())};
  hop.status().volumes = around->moved_volumes;
  if (const std::string trouble = live_trouble(*around); hop.status().strategy == Strategy::live && !trouble.empty())
    return {Event::refused, "UnreadyAddresses",
            fmt::format("Pod {}/{}: {}; use --strategy sequential or stop", view.namespace_, view.name, trouble)};
  std::optional<QueueOutlook> queue;
  if (Outcome broker = check_broker(hop, *pod, limits, queue); broker.event != Event::done) return broker;
  if (!expected) expected = expect(hop, *pod, *found, backend, queue);
  // At unknown rates this much is known: it stands still for its checkpoint.
  if (!is_told(*expected)) expected->freeze = forecast(size_of(*found), backend).checkpoint;
  standing = source_refusals(*pod, *found, around->source, backend, expected->freeze);
  // A node that was asked for is the only one that the scheduler may take: what speaks against it would be waited for.
  if (around->target) {
    const auto more =
        node_refusals(around->source, *around->target, is_local(hop.migration()), carried(hop, *found), around->now);
    standing.insert(standing.end(), more.begin(), more.end());
  }
  if (!standing.empty()) return refused(standing);
  if (backend == CheckpointBackend::kubelet)
    if (Outcome checked = check_kubelet(hop, view, around->source, patience); checked.event != Event::done)
      return checked;
  if (is_via_registry(hop.migration()))
    if (Outcome checked = check_registry(hop, view.node, patience); checked.event != Event::done) return checked;
  if (queue) note_outlook(*queue, hop.status());
  if (Outcome recorded = record(hop, *pod, *around, *found, backend, *expected); recorded.event != Event::done)
    return recorded;
  return {Event::done, "", because};
}

}  // namespace migrate::controller
