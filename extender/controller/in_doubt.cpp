// What a person has to decide, and by what.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "extender/controller/frozen_source.h"
#include "extender/controller/kube_events.h"
#include "extender/controller/pods.h"
#include "extender/controller/steps.h"

namespace migrate::controller {
namespace {

constexpr milliseconds kLookPatience{2'000};
constexpr milliseconds kDecisionPatience{10'000};
constexpr const char* kRefused = "; it cannot be resolved for the source: ";

// The doubt stays, and whoever decided is told why. A person may decide otherwise, or the same again.
Outcome refuse(Hop& hop, const std::string& why) {
  MigrationStatus& status = hop.status();
  status.message = status.message.substr(0, status.message.find(kRefused)) + kRefused + why;
  hop.log(LogLevel::warning, "a resolution is refused", {{"message", why}});
  record_for_both(hop.world().events, hop.migration(), true, "MigrationNotResolved",
                  fmt::format("migration {}: it cannot be resolved for the source: {}", hop.migration().name, why));
  if (auto written = hop.journal().write(); !written) return written.error();
  if (auto dropped = hop.journal().drop_resolution(); !dropped) return dropped.error();
  return {Event::left, "NotResolved", why};
}

// The way back removes the target first. So it is taken only when the source can be thawed.
Outcome for_source(Hop& hop, const std::string& decided) {
  say_what_is_left(hop);
  auto left = look_at_source(hop, hop.after_commit(kDecisionPatience));
  if (!left && left.error().event == Event::left) return left.error();
  if (!left) return refuse(hop, "nobody says whether it can be thawed: " + left.error().message);
  switch (left->remains) {
    case Remains::frozen:
    case Remains::not_bound:
      return {Event::source_decided, "SourceDecided", "decided: " + decided};
    case Remains::late:
      return refuse(hop, "the target's Pod would have to be removed first, and there is no time left for that");
    case Remains::ended:
    case Remains::gone:
      break;
  }
  return refuse(hop, "its memory is gone");
}

}  // namespace

bool was_decided(const MigrationStatus& status, Resolution resolution) {
  return std::any_of(status.steps.begin(), status.steps.end(), [&](const Step& one) {
    return one.finished && one.name == to_string(Phase::in_doubt) && one.message.ends_with(to_string(resolution));
  });
}

void say_what_is_left(Hop& hop) {
  MigrationStatus& status = hop.status();
  const Condition* doubt = find_condition(status, "InDoubt");
  if (doubt == nullptr) return;
  const std::string reason = doubt->message;  // as it was when the doubt began
  const Limits limits = hop.after_commit(kLookPatience);
  auto left = look_at_source(hop, limits);
  if (left && left->remains == Remains::ended && end_source(hop, kHasEnded, limits)) left = look_at_source(hop, limits);
  if (!left && left.error().event == Event::left) return;
  const std::string message =
      fmt::format("{}; {}", reason,
                  left ? left->words : "whether the source is frozen still is not known, as it cannot be looked at");
  // What was refused stays to be read.
  if (!status.message.starts_with(message)) status.message = message;
}

Outcome in_doubt(Hop& hop) {
  const MigrationStatus& status = hop.status();
  const std::string decided{to_string(hop.signals().resolution())};
  switch (hop.signals().resolution()) {
    case Resolution::keep_source:
      return for_source(hop, decided);
    case Resolution::keep_target:
      return {Event::target_decided, "TargetDecided", "decided: " + decided};
    case Resolution::from_checkpoint:
      return {Event::checkpoint_decided, "CheckpointDecided", "decided: " + decided};
    case Resolution::none:
      break;
  }
  say_what_is_left(hop);
  if (auto written = hop.journal().write(); !written) return written.error();
  // A shadow that was lost is started anew by its kubelet, and has no memory: it looks well and is not.
  if (status.strategy == Strategy::live) return {Event::left, "Undecided", "waits for a decision"};
  // It may answer again and say that all is well.
  const Limits limits = hop.after_commit(kLookPatience);
  if (auto live = Pods{hop}.live_target(limits); live && containers_run(*live)) {
    const auto containers = names_of_containers(hop);
    auto states = hop.ask<std::vector<agent::RestoredContainer>>(
        status.target.node, "look at the target", "TargetUnknown", limits,
        [&](agent::AgentApi& agent, const agent::Call& call) {
          return agent.restore_states(hop.order(), hop.target_ref(), containers, {}, call);
        });
    if (states && judge(*states) == Verdict::running) return {Event::done, "TargetRuns", "the target runs"};
  }
  return {Event::left, "Undecided", "waits for a decision"};
}

}  // namespace migrate::controller
