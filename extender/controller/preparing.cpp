// Looked at, forecast, refused or accepted; nothing is touched but our own record. Of a dry run that is all.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "extender/controller/any_node.h"
#include "extender/controller/choice.h"
#include "extender/controller/inquiry.h"
#include "extender/controller/kube_events.h"
#include "extender/controller/steps.h"
#include "extender/controller/surroundings.h"
#include "shared/migration/pod_patch.h"

namespace migrate::controller {
namespace {

// In the order in which a refusal's reasons count: the first one names it.
constexpr std::array kLooks{
    look_at_pod,     // whether there is such a Pod, may be moved, and would be taken elsewhere; all else is about it
    look_at_wishes,  // what its user prefers, which is nothing to all that follows
    look_at_source,  // how large it is: no forecast without that
    look_at_replay,  // whether its queue allows more than to stop it: that decides the choice
    choose,          // now all strategies can be forecast
    judge_strategy,  // volumes and Services do not suit every strategy
    judge_queue,     // the broker is needed by all of them while the source is frozen
    judge_size,      // whether it fits: disks, processors, the patience of probes, the budgets
    judge_nodes,     // where none was named: all of them, for which its size has to be known
    try_kubelet,     // what only shows by trying comes last, and takes longest
    try_registry,
};

Outcome refused(const std::vector<Refusal>& all) {
  std::string text;
  for (const Refusal& one : all) {
    if (!text.empty()) text += "; ";
    text += one.message;
  }
  return {Event::refused, all.front().reason, text};
}

void note_accepted(const std::vector<Refusal>& all, const std::vector<Refusal>& standing, MigrationStatus& status) {
  for (const Refusal& one : all) {
    const bool stands = std::any_of(standing.begin(), standing.end(),
                                    [&](const Refusal& other) { return other.message == one.message; });
    if (!stands) status.warnings.push_back("accepted: " + one.message);
  }
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

// Whatever else is in the way: how long it would take is told.
void note_expected(const Inquiry& asked, MigrationStatus& status) {
  const PodView view = asked.view();
  status.source = {view.name, view.uid, view.node};
  status.checkpoint = asked.backend;
  status.restore = is_by_image(asked.hop.migration()) ? RestoreWay::image : RestoreWay::runtime;
  status.forecast_size = carried(asked);
  note_forecast(asked, status);
  if (replays(asked.hop) && asked.queue.outlook) note_outlook(*asked.queue.outlook, status);
  if (!is_local(asked.hop.migration())) status.alternatives = alternatives_of(asked);
}

void note_plan(Inquiry& asked, MigrationStatus& status) {
  const std::string& because = asked.choice.because;
  status.plan = plan_of(asked.hop.migration(), asked.queue.link ? asked.queue.link->queue.queue : "",
                        because.empty() ? fmt::format("{} was asked for", to_string(status.strategy)) : because);
  // Of one that goes on, the target itself can soon be looked at.
  const Migration& migration = asked.hop.migration();
  if (migration.spec.dry_run)
    status.plan->target =
        target_patch(*asked.pod, target_pod(*asked.pod, migration, trial_plan(asked.hop, *asked.pod)));
}

Outcome conclude(Inquiry& asked) {
  Hop& hop = asked.hop;
  MigrationStatus& status = hop.status();
  auto standing = without_accepted(asked.all, hop.migration().spec.accept);
  status.warnings.clear();
  note_accepted(asked.all, standing, status);
  status.warnings.insert(status.warnings.end(), asked.warnings.begin(), asked.warnings.end());
  // By itself it is a failure, which may pass; beside refusals one more thing that is in the way.
  if (asked.unanswered && standing.empty()) return *asked.unanswered;
  if (asked.unanswered) standing.push_back({asked.unanswered->reason, asked.unanswered->message, ""});
  status.refusals.clear();
  for (const Refusal& one : standing)
    status.refusals.push_back({one.reason, one.message, one.accept});
  if (asked.question) note_expected(asked, status);
  if (!standing.empty()) return refused(standing);
  note_plan(asked, status);
  return {};
}

// Once: the extender reads it at every attempt to place the Pod.
void tell_of_preference(const Inquiry& asked) {
  if (asked.malformed_preference.empty()) return;
  Hop& hop = asked.hop;
  hop.log(LogLevel::warning, asked.malformed_preference, {{"pod", hop.status().source.pod}});
  record_for_both(hop.world().events, hop.migration(), true, "MigrationPreferenceIgnored", asked.malformed_preference);
}

}  // namespace

Outcome preparing(Hop& hop) {
  Inquiry asked{hop};
  for (const auto look : kLooks) {
    const auto seen = look(asked);
    if (asked.limits.stop.stop_requested()) return hop.interrupted({Event::left, "Left", "interrupted"});
    if (!seen && !asked.takes(seen.error())) return seen.error();
  }
  if (Outcome end = conclude(asked); end.event != Event::done) return end;
  const Outcome accepted{Event::done, "", asked.choice.because};
  if (hop.migration().spec.dry_run) return accepted;
  // From here on there is something to clean up.
  if (auto begun = hop.journal().begin(*asked.pod); !begun) return begun.error();
  tell_of_preference(asked);
  hop.log(LogLevel::info, "accepted",
          {{"pod", hop.status().source.pod},
           {"node", hop.status().source.node},
           {"memoryMiB", std::to_string(size_of(*asked.source).memory.count >> 20)},
           {"forecastFreezeMs", std::to_string(asked.choice.outlook.freeze.count())}});
  return accepted;
}

}  // namespace migrate::controller
