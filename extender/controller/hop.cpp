#include "extender/controller/hop.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace migrate::controller {
namespace {

using Kind = agent::AgentError::Kind;
using std::chrono::duration_cast;

constexpr milliseconds kLongestWait{1'000};
// A single order: a checkpoint or a transfer of much memory takes its time; the limits end it before.
constexpr milliseconds kLongestOrder{600'000};
// Frozen without probes: consumers' peers and clients have patience of their own.
constexpr milliseconds kLeastFreeze{60'000};
constexpr int kFreezeFactor = 4;  // of what was forecast

}  // namespace

agent::Order Hop::order() const {
  const Migration& of = migration();
  return {of.uid, of.namespace_ + "/" + of.name, world_.leadership.term()};
}

agent::PodRef Hop::source_ref() {
  return {migration().namespace_, status().source.pod, status().source.uid};
}

agent::PodRef Hop::target_ref() {
  return {migration().namespace_, status().target.pod, status().target.uid};
}

bool Hop::carries_volumes() const {
  // Their content would be newer than the memory.
  const Strategy strategy = migration().status.strategy;
  if (strategy == Strategy::live || strategy == Strategy::sequential) return false;
  // The runtime restores as soon as it has the image: there is no moment to lay them.
  return !is_by_image();
}

std::vector<std::string> Hop::volumes() const {
  return carries_volumes() ? source_view().empty_dirs : std::vector<std::string>{};
}

TargetPlan Hop::target_plan() {
  TargetPlan plan;
  plan.name = target_name(migration(), status().attempt);
  plan.schedulers = world_.settings.schedulers;
  plan.is_shadow = status().strategy == Strategy::live;
  plan.drop_init_containers = true;  // were there any, and not accepted, it would have been refused
  return plan;
}

Limits Hop::before_commit() const {
  const Instant end = migration().status.started.value_or(world_.clock.now()) + migration().spec.timeout;
  return {world_.pacer.now() + duration_cast<milliseconds>(end - world_.clock.now()), signals_.interrupt()};
}

milliseconds Hop::freeze_limit() {
  const milliseconds forecast = status().forecast_freeze.value_or(milliseconds{0});
  const milliseconds limit = std::max(kLeastFreeze, kFreezeFactor * forecast);
  return std::min(limit, freeze_budget(source()).value_or(limit));
}

std::optional<Instant> Hop::frozen_until() {
  if (!status().frozen_at) return std::nullopt;
  return *status().frozen_at + freeze_limit();
}

std::optional<Instant> Hop::frozen_at(const agent::SourceRecord& record) const {
  if (!record.frozen_at || !record.clock) return record.frozen_at;
  return world_.clock.now() - (*record.clock - *record.frozen_at);
}

Limits Hop::while_frozen() {
  Limits limits = before_commit();
  if (const auto end = frozen_until())
    limits.until = std::min(limits.until, world_.pacer.now() + duration_cast<milliseconds>(*end - world_.clock.now()));
  return limits;
}

Limits Hop::after_commit(milliseconds span) const {
  return {world_.pacer.now() + span, signals_.leave()};
}

Outcome Hop::interrupted(Outcome otherwise) const {
  if (signals_.leaving() || !world_.leadership.is_leader())
    return {Event::left, "Left", "this replica does not lead any more"};
  if (signals_.aborted() && !is_after_commit(migration().status.phase) &&
      migration().status.phase != Phase::rolling_back)
    return {Event::aborted, "Aborted", signals_.deleting() ? "the Migration is being deleted" : "aborted on request"};
  return otherwise;
}

milliseconds Hop::left_of(const Limits& limits) const {
  return std::max(milliseconds{0}, duration_cast<milliseconds>(limits.until - world_.pacer.now()));
}

Steady Hop::attend() {
  if (!duty_ || at_duty_) return Steady::max();
  at_duty_ = true;
  const auto next = duty_();
  at_duty_ = false;
  return next.value_or(Steady::max());
}

milliseconds Hop::longest_call(const Limits& limits) {
  Limits bounded = limits;
  bounded.until = std::min(limits.until, attend());
  return std::max(left_of(bounded), milliseconds{1});
}

bool Hop::pause(milliseconds span, const Limits& limits) {
  const Steady due = attend();
  const milliseconds left = left_of(limits);
  if (left == milliseconds{0} || limits.stop.stop_requested()) return false;
  return world_.pacer.sleep(std::min({span, left, std::max(left_of({due, {}}), milliseconds{1})}), limits.stop);
}

void Hop::log(LogLevel level, std::string_view message, LogFields fields) {
  const Migration& of = migration();
  fields.emplace_back("migration", of.uid);
  fields.emplace_back("name", of.namespace_ + "/" + of.name);
  fields.emplace_back("step", to_string(of.status.phase));
  world_.log.write(level, message, fields);
}

void Hop::warn(const std::string& message) {
  auto& warnings = status().warnings;
  if (std::find(warnings.begin(), warnings.end(), message) == warnings.end()) warnings.push_back(message);
}

Attempt<void> Hop::say(const std::string& message) {
  if (status().steps.empty() || status().steps.back().message == message) return {};
  status().steps.back().message = message;
  return journal_.write();
}

Attempt<void> Hop::ready_to_order(const Limits& limits) const {
  if (!world_.leadership.is_leader() || limits.stop.stop_requested())
    return tl::make_unexpected(interrupted({Event::left, "Left", "interrupted"}));
  return {};
}

agent::Call Hop::call_within(const Limits& limits) {
  agent::Call call;
  call.timeout = std::min(longest_call(limits), kLongestOrder);
  call.stop = limits.stop;
  return call;
}

Attempt<void> Hop::go_on_after(const agent::AgentError& error, const std::string& node, const std::string& what,
                               const std::string& failure, const Limits& limits, Patience& patience) {
  const std::string text = fmt::format("{} at the agent of node {}: {}", what, node, error.message);
  if (error.kind == Kind::stale) {
    world_.leadership.heard(error.term);
    return leave(text);
  }
  if (error.kind == Kind::cancelled || limits.stop.stop_requested())
    return tl::make_unexpected(interrupted({Event::deadline, "DeadlineExceeded", text}));
  if (error.kind != Kind::unreachable) return give_up(Event::failed, failure, text);
  log(LogLevel::warning, "an agent does not answer, asking again", {{"node", node}, {"error", text}});
  if (pause(patience.wait, limits)) {
    patience.wait = std::min(patience.wait * 2, kLongestWait);
    return {};
  }
  return tl::make_unexpected(
      interrupted({Event::deadline, "AgentUnreachable", text + "; is its node up? see kubectl get nodes"}));
}

}  // namespace migrate::controller
