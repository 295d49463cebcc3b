// The looks at the Pod and at its nodes.
#include "extender/controller/inquiry.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "extender/controller/choice.h"
#include "extender/controller/pods.h"
#include "extender/controller/preference.h"
#include "extender/controller/registry.h"
#include "extender/controller/surroundings.h"
#include "shared/migration/owners.h"

namespace migrate::controller {
namespace {

constexpr milliseconds kAgentPatience{15'000};

CheckpointBackend chosen_backend(const Migration& migration, const NodeState& source) {
  if (migration.spec.checkpoint != CheckpointBackend::automatic) return migration.spec.checkpoint;
  return source.facts && source.facts->can_checkpoint_directly ? CheckpointBackend::direct : CheckpointBackend::kubelet;
}

}  // namespace

Limits Inquiry::patience() const {
  Limits shorter = limits;
  shorter.until = std::min(limits.until, hop.world().pacer.now() + kAgentPatience);
  return shorter;
}

void Inquiry::add(Refusal refusal) {
  const bool is_known =
      std::any_of(all.begin(), all.end(), [&](const Refusal& one) { return one.message == refusal.message; });
  if (!is_known) all.push_back(std::move(refusal));
}

void Inquiry::add(const std::vector<Refusal>& refusals) {
  for (const Refusal& one : refusals)
    add(one);
}

bool Inquiry::takes(const Outcome& outcome) {
  if (outcome.event == Event::refused)
    add({outcome.reason, outcome.message, ""});
  else if (outcome.event != Event::failed && outcome.event != Event::deadline)
    return false;
  else if (!unanswered)
    unanswered = outcome;
  return true;
}

Bytes carried(const Inquiry& asked) {
  const HopSize size = size_of(*asked.source);
  return asked.hop.carries_volumes() ? size.memory + size.volumes : size.memory;
}

Attempt<void> look_at_pod(Inquiry& asked) {
  Hop& hop = asked.hop;
  const Migration& migration = hop.migration();
  auto around = look_around(hop, nullptr, asked.limits);
  if (!around) return tl::make_unexpected(around.error());
  std::shared_ptr<const Json> pod;
  if (around->namespace_enabled) {
    auto found = Pods{hop}.get(migration.spec.pod, asked.limits);
    if (!found) return tl::make_unexpected(found.error());
    if (*found) pod = std::make_shared<const Json>(std::move(**found));
  }
  const bool is_it = pod && view_of(*pod).uid == migration.spec.pod_uid;
  if (is_it) {
    hop.status().owner = owner_of(*pod, is_local(migration));
    around = look_around(hop, pod.get(), asked.limits);
    if (!around) return tl::make_unexpected(around.error());
    asked.pod = pod;
  }
  asked.around = std::move(*around);
  asked.backend = chosen_backend(migration, asked.around.source);
  asked.warnings = asked.around.set_warnings;
  hop.status().volumes = asked.around.moved_volumes;
  asked.add(refusals(migration, pod.get(), asked.around));
  return {};
}

Attempt<void> look_at_wishes(Inquiry& asked) {
  if (!asked.pod || is_local(asked.hop.migration())) return {};
  asked.malformed_preference = malformed_preference(*asked.pod);
  // Where facts cannot be asked for nothing is known to be missing.
  const auto has_reported = [&](const std::string& node) {
    const auto facts = asked.hop.world().agents.facts(node);
    return !facts || facts->has_value();
  };
  for (const std::string& warning : {asked.malformed_preference, unknown_preference(*asked.pod, has_reported)})
    if (!warning.empty()) asked.warnings.push_back(warning);
  return {};
}

Attempt<void> look_at_source(Inquiry& asked) {
  // What does not run, or has no agent that could be asked, is refused for that already.
  if (!asked.pod || asked.view().phase != "Running" || !is_alive(asked.around.source, asked.around.now)) return {};
  const PodView view = asked.view();
  auto found = asked.hop.ask<agent::SourceFacts>(
      view.node, "inspect Pod " + view.name, "InspectFailed", asked.patience(),
      [&](agent::AgentApi& agent, const agent::Call& call) {
        return agent.inspect(asked.hop.order(), {view.namespace_, view.name, view.uid}, view.containers,
                             view.empty_dirs, call);
      });
  if (!found) return tl::make_unexpected(found.error());
  asked.source = std::move(*found);
  return {};
}

Attempt<void> judge_size(Inquiry& asked) {
  if (!asked.pod) return {};
  const bool is_within = is_local(asked.hop.migration());
  const Surroundings& around = asked.around;
  if (asked.source)
    asked.add(source_refusals(*asked.pod, *asked.source, around.source, asked.backend, asked.choice.outlook.freeze));
  // A node that was asked for is the only one that the scheduler may take: what speaks against it would be waited for.
  if (around.target && (around.target->name != around.source.name || is_within))
    asked.add(
        node_refusals(around.source, *around.target, is_within, asked.source ? carried(asked) : Bytes{}, around.now));
  if (asked.question) asked.add(judge_budgets(asked));
  return {};
}

// Found out now, and not while the source is frozen.
Attempt<void> try_kubelet(Inquiry& asked) {
  if (!asked.source || asked.backend != CheckpointBackend::kubelet) return {};
  const PodView view = asked.view();
  const auto checked =
      asked.hop.ask<void>(view.node, "try the kubelet's checkpoint", "KubeletCheckpoint", asked.patience(),
                          [&](agent::AgentApi& agent, const agent::Call& call) {
                            return agent.check_kubelet(asked.hop.order(), {view.namespace_, view.name, view.uid}, call);
                          });
  if (checked) return {};
  Outcome outcome = checked.error();
  const auto& facts = asked.around.source.facts;
  if (outcome.event == Event::failed && facts && facts->can_checkpoint_directly)
    outcome.message += "; or use --checkpoint direct";
  if (outcome.event == Event::failed || outcome.event == Event::deadline) outcome.event = Event::refused;
  return tl::make_unexpected(outcome);
}

Attempt<void> try_registry(Inquiry& asked) {
  const Migration& migration = asked.hop.migration();
  // What names no repository is refused for that already.
  const bool has_repository = migration.spec.registry.find('/') != std::string::npos;
  if (!asked.source || !is_via_registry(migration) || !has_repository) return {};
  if (Outcome checked = check_registry(asked.hop, asked.view().node, asked.patience()); checked.event != Event::done)
    return tl::make_unexpected(checked);
  return {};
}

}  // namespace migrate::controller
