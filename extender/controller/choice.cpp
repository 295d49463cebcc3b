#include "extender/controller/choice.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "extender/controller/live_gate.h"
#include "extender/controller/queue.h"
#include "extender/controller/refusals.h"
#include "extender/controller/registry.h"
#include "shared/messages/mirror.h"

namespace migrate::controller {
namespace {

HopKind kind_of(const Inquiry& asked) {
  const Migration& migration = asked.hop.migration();
  HopKind kind;
  kind.from = asked.around.source.name;
  kind.to = is_local(migration) ? kind.from : migration.spec.target_node;
  kind.backend = asked.backend;
  kind.is_by_image = is_by_image(migration);
  kind.is_via_registry = is_via_registry(migration);
  kind.is_local = is_local(migration);
  kind.is_of_set = is_owned_by(migration, kStatefulSet);
  return kind;
}

StrategyQuestion question_of(const Inquiry& asked) {
  const Migration& migration = asked.hop.migration();
  const MigrationSpec& spec = migration.spec;
  StrategyQuestion question;
  question.size = size_of(*asked.source);
  question.backend = asked.backend;
  const Learned learned = asked.hop.world().speeds.speeds(kind_of(asked), question.size.memory);
  question.speeds = learned.speeds;
  question.fixed = learned.fixed;
  question.spread = learned.spread;
  question.queue = asked.queue.outlook;
  question.no_queue = asked.queue.why_none;
  question.no_live = live_trouble(asked.around);
  if (question.no_live.empty() && is_control_queue_shared(*asked.pod))
    question.no_live = shared_control_queue(*asked.pod);
  for (const Refusal& one : without_accepted(replay_refusals(*asked.pod), spec.accept))
    (one.accept.empty() ? question.has_writable_volumes : question.has_empty_dirs) = true;
  question.moves_volumes = !asked.around.moved_volumes.empty();
  if (question.moves_volumes) question.has_writable_volumes = true;
  question.keep_name = keeps_name(migration);
  question.is_lent = usual_end(Phase::placing, migration) == Event::set_owns;
  question.is_by_image = is_by_image(migration);
  question.freeze_limit = freeze_budget(*asked.pod);
  question.max_gap = spec.gap_budget;
  question.max_total = spec.max_total;
  question.max_replay = spec.max_replay;
  question.cutoff = spec.cutoff;
  if (asked.around.in_service || needs_readiness(migration))
    question.settling = expected_readiness(*asked.pod) + kKubeletSettles;
  return question;
}

// One that is kept by what is expected, and may not be by what might come of it.
void warn_of_budget(Inquiry& asked, std::optional<milliseconds> budget, const Range& range, const char* what,
                    const char* flag) {
  if (!budget || range.high <= *budget) return;
  asked.warnings.push_back(fmt::format("a {} of up to {} is possible by the forecast, above the {} of {}", what,
                                       span_text(range.high), span_text(*budget), flag));
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

Attempt<void> choose(Inquiry& asked) {
  if (!asked.pod || !asked.source) return {};
  asked.question = question_of(asked);
  const Strategy wanted = asked.hop.migration().spec.strategy;
  asked.choice = wanted == Strategy::automatic ? choose_strategy(*asked.question)
                                               : StrategyChoice{strategy_outlook(*asked.question, wanted), ""};
  asked.hop.status().strategy = asked.choice.outlook.strategy;
  return {};
}

Attempt<void> judge_strategy(Inquiry& asked) {
  if (!asked.pod) return {};
  const PodView view = asked.view();
  const auto add = [&](const char* reason, const std::string& what) {
    asked.add({reason, fmt::format("Pod {}/{}: {}", view.namespace_, view.name, what), ""});
  };
  if (replays(asked.hop)) {
    asked.add(replay_refusals(*asked.pod));
    for (const std::string& lone : asked.around.lone_volumes)
      add("LoneVolume", lone + ", so nothing can be restored beside the source; use --strategy stop");
  }
  const std::string trouble = live_trouble(asked.around);
  if (asked.hop.status().strategy == Strategy::live && !trouble.empty())
    add("UnreadyAddresses", trouble + "; use --strategy sequential or stop");
  return {};
}

std::vector<Refusal> judge_budgets(Inquiry& asked) {
  const StrategyQuestion& question = *asked.question;
  const Strategy wanted = asked.hop.migration().spec.strategy;
  const StrategyOutlook& chosen = asked.choice.outlook;
  const PodView view = asked.view();
  std::vector<Refusal> found;
  for (const bool of_gap : {true, false}) {
    const char* const flag = of_gap ? "--gap-budget" : "--max-total";
    const std::string trouble = budget_trouble(question, wanted, chosen, of_gap);
    if (!trouble.empty())
      found.push_back({of_gap ? "GapBudget" : "MaxTotal",
                       fmt::format("Pod {}/{}: {}; allow more by {}{}", view.namespace_, view.name, trouble, flag,
                                   wanted == Strategy::automatic ? "" : ", or use another --strategy"),
                       ""});
  }
  if (!found.empty()) return found;
  const OutlookRanges ranges = outlook_ranges(question, chosen.strategy);
  warn_of_budget(asked, question.max_gap, ranges.gap, "gap", "--gap-budget");
  warn_of_budget(asked, question.max_total, ranges.total, "total", "--max-total");
  return found;
}

void note_forecast(const Inquiry& asked, MigrationStatus& status) {
  const StrategyOutlook& expected = asked.choice.outlook;
  const OutlookRanges ranges = outlook_ranges(*asked.question, expected.strategy);
  status.forecast_freeze = expected.freeze;
  status.forecast_freeze_range = ranges.freeze;
  status.forecast_restore = forecast(asked.question->size, asked.backend, asked.question->speeds).restore;
  status.forecast_cutoff = expected.cutoff;
  status.forecast_backlog = expected.backlog_at_cut;
  if (!expected.is_told()) return;
  status.forecast_gap = expected.gap;
  status.forecast_gap_range = ranges.gap;
  status.forecast_total = expected.total;
  status.forecast_total_range = ranges.total;
}

std::vector<Alternative> alternatives_of(const Inquiry& asked) {
  std::vector<Alternative> all;
  for (const StrategyOutlook& one : strategy_outlooks(*asked.question)) {
    Alternative made;
    made.strategy = one.strategy;
    made.against = one.against;
    if (one.is_told()) {
      made.freeze = one.freeze;
      made.gap = one.gap;
      made.total = one.total;
    }
    all.push_back(std::move(made));
  }
  return all;
}

}  // namespace migrate::controller
