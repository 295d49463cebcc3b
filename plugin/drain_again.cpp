#include "plugin/drain_again.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "plugin/plan_text.h"

namespace migrate::plugin {
namespace {

constexpr unsigned kMostRolledBack = 3;

constexpr auto kPassing = std::to_array<std::string_view>(
    {"SetRollingOut", "OtherMigration", "OtherMigrationOfSet", "PodNotReady", "PodNotRunning", "PodIsTarget",
     "PodRecreated", "PodUnknown", "PodDeleting", "AgentDown", "AgentUnreachable", "InspectFailed", "Broker",
     "NoConsumer", "Registry", "ApiError", "DeadlineExceeded"});
// Of what had begun. What was not done in time waited for something: an agent, the broker, room on a node.
constexpr auto kDisturbances = std::to_array<std::string_view>(
    {"TimedOut", "Unschedulable", "TargetDeleted", "OwnerChanged", "SourceGone", "NotReady", "QueueLost", "MirrorLost",
     "MirrorConsumed", "BindingsChanged", "SourceRecord", "SourceUnknown", "SourceThawed", "SourceNodeSilent",
     "TransferFailed", "CommitFailed"});

bool passes(std::string_view reason) {
  const auto has = [&](const auto& all) { return std::find(all.begin(), all.end(), reason) != all.end(); };
  return has(kPassing) || has(kDisturbances);
}

// By a person, who wants the Pod to stay.
bool is_aborted(const Migration& ended) {
  return ended.status.phase == Phase::rolled_back && ended.status.reason == "Aborted";
}

}  // namespace

bool only_had_to_wait(const Migration& ended) {
  if (ended.status.phase == Phase::rolled_back) return passes(ended.status.reason);
  if (ended.status.phase != Phase::refused) return false;
  const auto all = refusals_of(ended.status);
  return std::all_of(all.begin(), all.end(), [](const RefusalNote& one) { return passes(one.reason); });
}

void count_end(const Migration& ended, Tries& tries) {
  const bool had_to_wait = only_had_to_wait(ended);
  if (ended.status.phase == Phase::refused && had_to_wait) ++tries.waits;
  if (ended.status.phase != Phase::rolled_back) return;
  ++tries.rolled_back;
  if (had_to_wait) ++tries.disturbed;
}

std::optional<std::chrono::seconds> again_after(const Migration& ended, const Tries& tries) {
  bool is_wanted = false;
  if (ended.status.phase == Phase::refused)
    is_wanted = only_had_to_wait(ended) && tries.waits < kMostWaits;
  else if (ended.status.phase == Phase::rolled_back)
    is_wanted = !is_aborted(ended) && tries.rolled_back < kMostRolledBack;
  return is_wanted ? std::optional{kTryAgain} : std::nullopt;
}

bool may_be_evicted(const Migration& ended, const Tries& tries) {
  if (ended.status.phase == Phase::refused) return !only_had_to_wait(ended);
  return ended.status.phase == Phase::rolled_back && !is_aborted(ended) && tries.disturbed == 0;
}

}  // namespace migrate::plugin
