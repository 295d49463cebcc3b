#include "extender/controller/choice.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "extender/controller/queue.h"
#include "extender/controller/refusals.h"
#include "extender/controller/registry.h"
#include "shared/messages/mirror.h"

namespace migrate::controller {
namespace {

// The queue as the forecast wants it, or in `why` what speaks against replaying from it.
std::optional<QueueOutlook> look_at_replay(Hop& hop, const Json& pod, const Limits& limits, std::string& why) {
  const PodView view = view_of(pod);
  const auto queue = queue_of(hop.migration(), view);
  if (!queue) {
    why = "the Pod names no queue and broker";
    return std::nullopt;
  }
  auto broker = connect_to(hop, *queue, limits);
  if (!broker) {
    why = broker.error().message;
    return std::nullopt;
  }
  const std::string control = control_queue_of(pod, view.name);
  const auto follows = (*broker)->depth(control);
  if (!follows || !*follows) {
    why = follows ? no_control_queue(control) : follows.error().message;
    return std::nullopt;
  }
  const auto facts = look_at_mirrorable(hop, {*queue, *broker}, pod, limits);
  if (!facts) {
    why = facts.error().message;
    return std::nullopt;
  }
  return queue_outlook({*queue, *broker}, *facts, pod);
}

// All but the queue.
StrategyQuestion question_of(Hop& hop, const Json& pod, const agent::SourceFacts& found, CheckpointBackend backend) {
  const MigrationSpec& spec = hop.migration().spec;
  StrategyQuestion question;
  question.size = size_of(found);
  question.backend = backend;
  if (is_via_registry(hop.migration())) {  // there and from there
    question.speeds.transfer_fixed *= 2;
    question.speeds.transfer_ms_per_mib *= 2;
  }
  for (const Refusal& one : without_accepted(replay_refusals(pod), spec.accept))
    (one.accept.empty() ? question.has_writable_volumes : question.has_empty_dirs) = true;
  question.keep_name = keeps_name(hop.migration());
  question.freeze_limit = freeze_budget(pod);
  question.max_replay = spec.max_replay;
  question.cutoff = spec.cutoff;
  return question;
}

}  // namespace

QueueOutlook queue_outlook(const ReplayLink& link, const broker::QueueFacts& facts, const Json& pod) {
  const auto totals = link.broker->totals(link.queue.queue);
  QueueOutlook outlook;
  outlook.may_hold = messages::may_hold(facts);
  if (totals && *totals) {
    outlook.backlog = (*totals)->ready + (*totals)->unacknowledged;
    outlook.arrival_rate = (*totals)->publish_rate;
    // As fast as it can it works only while something waits. That it handles nothing is no rate, but one not known yet.
    const auto handled = (*totals)->ack_rate;
    if ((*totals)->ready > 0 && handled && *handled > 0) {
      outlook.service_rate = handled;
      outlook.service_rate_from = RateSource::source;
    }
  }
  if (outlook.service_rate) return outlook;
  outlook.service_rate = annotated_rate(pod);
  if (outlook.service_rate) outlook.service_rate_from = RateSource::annotation;
  return outlook;
}

HopSize size_of(const agent::SourceFacts& found) {
  HopSize size;
  for (const agent::ContainerFacts& one : found.containers) {
    size.memory = size.memory + one.memory;
    size.image = size.image + one.image;
  }
  for (const agent::VolumeFacts& one : found.volumes)
    size.volumes = size.volumes + one.size;
  return size;
}

Attempt<StrategyChoice> choose(Hop& hop, const Json& pod, const agent::SourceFacts& found, CheckpointBackend backend,
                               const Surroundings& around, const Limits& limits) {
  StrategyQuestion question = question_of(hop, pod, found, backend);
  question.no_live = live_trouble(around);
  if (question.no_live.empty() && is_control_queue_shared(pod)) question.no_live = shared_control_queue(pod);
  if (!around.moved_volumes.empty()) question.has_writable_volumes = true;
  if (!question.has_writable_volumes && !question.has_empty_dirs)
    question.queue = look_at_replay(hop, pod, limits, question.no_queue);
  if (limits.stop.stop_requested()) return tl::make_unexpected(hop.interrupted({Event::left, "Left", "interrupted"}));
  return choose_strategy(question);
}

StrategyOutlook expect(Hop& hop, const Json& pod, const agent::SourceFacts& found, CheckpointBackend backend,
                       const std::optional<QueueOutlook>& queue) {
  StrategyQuestion question = question_of(hop, pod, found, backend);
  question.queue = queue;
  return strategy_outlook(question, hop.status().strategy);
}

}  // namespace migrate::controller
