// What a person has to decide, and by what.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "extender/controller/absence.h"
#include "extender/controller/frozen_source.h"
#include "extender/controller/kube_events.h"
#include "extender/controller/pods.h"
#include "extender/controller/replay.h"
#include "extender/controller/steps.h"
#include "shared/migration/lost_target.h"

namespace migrate::controller {
namespace {

constexpr milliseconds kLookPatience{2'000};
constexpr milliseconds kDecisionPatience{10'000};
constexpr const char* kForSource = "resolved for the source";
constexpr const char* kForTarget = "resolved for the target";
constexpr const char* kFromCheckpoint = "resumed from its checkpoint";
constexpr const char* kRefused = "; it cannot be ";

// The doubt stays, and whoever decided is told why. A person may decide otherwise, or the same again.
Outcome refuse(Hop& hop, const std::string& what, const std::string& why) {
  MigrationStatus& status = hop.status();
  status.message =
      fmt::format("{}{}{}: {}", status.message.substr(0, status.message.find(kRefused)), kRefused, what, why);
  hop.log(LogLevel::warning, "a resolution is refused", {{"resolution", what}, {"message", why}});
  record_for_both(hop.world().events, hop.migration(), true, "MigrationNotResolved",
                  fmt::format("migration {}: it cannot be {}: {}", hop.migration().name, what, why));
  if (auto written = hop.journal().write(); !written) return written.error();
  if (auto dropped = hop.journal().drop_resolution(); !dropped) return dropped.error();
  return {Event::left, "NotResolved", why};
}

std::string command(const Hop& hop, const std::string& verb, const std::string& flag) {
  const Migration& migration = hop.migration();
  return fmt::format("kubectl migrate {} {} -n {} {}", verb, migration.name, migration.namespace_, flag);
}

// What was replayed since a live migration's checkpoint is in none of its archives.
bool has_archives(const Hop& hop) {
  return strategy_of(hop.migration()) != Strategy::live;
}

// Whoever takes a node out of the cluster says that it does not come back.
bool are_archives_gone(Hop& hop) {
  const Limits limits = hop.after_commit(kLookPatience);
  const auto is_out = [&](const std::string& node) { return node.empty() || node_is_gone(hop, node, limits); };
  return is_out(hop.status().source.node) && is_out(hop.status().target.node);
}

// Why there is no target that could go on; empty: there is one. Whoever decides knows how its containers are.
Attempt<std::string> what_became_of_target(Hop& hop, const Limits& limits) {
  auto live = Pods{hop}.live_target(limits);
  if (live) return std::string{};
  if (is_target_gone(live.error().reason)) return live.error().message;
  return tl::make_unexpected(live.error());
}

bool is_lost(const SourceLeft& source) {
  return source.remains == Remains::ended || source.remains == Remains::gone;
}

// Neither Pod has the memory any more, nor has an archive: nothing is left to be decided.
Outcome nothing_left(const Hop& hop, const std::string& target, const SourceLeft& source) {
  const auto& owner = hop.migration().status.owner;
  return {Event::failed, "NothingLeft",
          fmt::format("{}, and {}{}; delete the Migration, and {}", target, source.words,
                      has_archives(hop) ? ", which are gone with their nodes or given up with the Migration" : "",
                      owner ? fmt::format("{} {} starts the Pod anew", owner->kind, owner->name)
                            : "start the application anew")};
}

// The way back removes the target first. So it is taken only when the source can be thawed.
Outcome for_source(Hop& hop, const std::string& decided) {
  const Limits limits = hop.after_commit(kDecisionPatience);
  say_what_is_left(hop);
  auto left = look_at_source(hop, limits);
  if (!left && left.error().event == Event::left) return left.error();
  if (!left) return refuse(hop, kForSource, "nobody says whether it can be thawed: " + left.error().message);
  if (left->remains == Remains::late)
    return refuse(hop, kForSource,
                  "the target's Pod would have to be removed first, and there is no time left for that");
  if (!is_lost(*left)) return {Event::source_decided, "SourceDecided", "decided: " + decided};
  if (!has_archives(hop))
    if (const auto gone = what_became_of_target(hop, limits); gone && !gone->empty())
      return nothing_left(hop, *gone, *left);
  return refuse(hop, kForSource, "its memory is gone");
}

// Without its Pod there is no target to be kept, and the memory that came to life there is gone.
Outcome for_target(Hop& hop, const std::string& decided) {
  const Limits limits = hop.after_commit(kDecisionPatience);
  const auto gone = what_became_of_target(hop, limits);
  if (!gone && gone.error().event == Event::left) return gone.error();
  if (!gone) return refuse(hop, kForTarget, "nobody says whether its Pod is there: " + gone.error().message);
  if (gone->empty()) return {Event::target_decided, "TargetDecided", "decided: " + decided};
  say_what_is_left(hop);
  auto left = look_at_source(hop, limits);
  if (!left && left.error().event == Event::left) return left.error();
  const bool is_source_lost = left && is_lost(*left);
  // Both Pods may be gone by a mishap. So it takes one word more to give the memory up: the Migration's deletion.
  const bool is_given_up = hop.signals().deleting() || !has_archives(hop) || are_archives_gone(hop);
  if (is_source_lost && is_given_up) return nothing_left(hop, *gone, *left);
  std::vector<std::string> ways;
  if (has_archives(hop)) ways.push_back("restore the archives: " + command(hop, "resume", "--from-checkpoint"));
  if (!is_source_lost) ways.push_back("let the source go on: " + command(hop, "resolve", "--keep source"));
  if (!left)
    ways.push_back(fmt::format("if node {} is lost for good: delete the Node and both Pods, and decide so once more",
                               hop.status().source.node));
  if (is_source_lost)
    ways.push_back(
        fmt::format("give up the memory: kubectl delete migration {} -n {} --wait=false, then decide so "
                    "once more",
                    hop.migration().name, hop.migration().namespace_));
  return refuse(hop, kForTarget, fmt::format("{}, and its memory with it; {}", *gone, fmt::join(ways, ", or ")));
}

Outcome from_checkpoint(Hop& hop, const std::string& decided) {
  if (has_archives(hop) && are_archives_gone(hop))
    return refuse(
        hop, kFromCheckpoint,
        "no node that had the archives is in the cluster any more; decide for a Pod that is there, or end it: " +
            command(hop, "resolve", "--keep target"));
  if (has_archives(hop)) return {Event::checkpoint_decided, "CheckpointDecided", "decided: " + decided};
  return refuse(hop, kFromCheckpoint,
                "what was replayed since then is in no archive; decide for one of the Pods: " +
                    command(hop, "resolve", "--keep source|target"));
}

// A shadow that had its memory when the doubt began, and has lost it since; empty: nothing new.
std::string news_of_shadow(Hop& hop, const std::string& reason) {
  if (hop.status().strategy != Strategy::live) return {};
  const auto lives = check_target_lives(hop, hop.after_commit(kLookPatience));
  const bool is_known = lives || reason.find(lives.error().message) != std::string::npos;
  if (is_known || !is_target_lost(lives.error().reason)) return {};
  return "; since then: " + lives.error().message;
}

// Then it was never doubted that the target runs.
bool began_in_switching(const MigrationStatus& status) {
  const std::vector<Step>& steps = status.steps;
  return steps.size() > 1 && steps[steps.size() - 2].name == to_string(Phase::switching);
}

}  // namespace

bool was_decided(const MigrationStatus& status, Resolution resolution) {
  constexpr std::array kAll{Resolution::keep_source, Resolution::keep_target, Resolution::from_checkpoint};
  const auto is_of = [](const Step& step, Resolution one) {
    return step.finished && step.name == to_string(Phase::in_doubt) && step.message.ends_with(to_string(one));
  };
  // What was decided for one copy says nothing of the one that was restored in its place.
  const auto last = std::find_if(status.steps.rbegin(), status.steps.rend(), [&](const Step& step) {
    return std::any_of(kAll.begin(), kAll.end(), [&](Resolution one) { return is_of(step, one); });
  });
  return last != status.steps.rend() && is_of(*last, resolution);
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
  const std::string news = news_of_shadow(hop, reason);
  if (hop.signals().leaving()) return;
  const std::string message =
      fmt::format("{}{}; {}", reason, news,
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
      return for_target(hop, decided);
    case Resolution::from_checkpoint:
      return from_checkpoint(hop, decided);
    case Resolution::none:
      break;
  }
  say_what_is_left(hop);
  if (auto written = hop.journal().write(); !written) return written.error();
  // A shadow that was lost is started anew by its kubelet, and has no memory: it looks well and is not.
  if (status.strategy == Strategy::live) return {Event::left, "Undecided", "waits for a decision"};
  const Limits limits = hop.after_commit(kLookPatience);
  if (began_in_switching(status))
    return has_come_back(hop, limits) ? Outcome{Event::done, "Replays", "the target replays"}
                                      : Outcome{Event::left, "Undecided", "waits for a decision"};
  // It may answer again and say that all is well.
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
