// What a forecast leaves open, and what it says of a budget.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "shared/migration/forecast.h"

namespace migrate {
namespace {

milliseconds scaled(milliseconds span, double factor) {
  return milliseconds{static_cast<milliseconds::rep>(std::llround(static_cast<double>(span.count()) * factor))};
}

void scale(FixedPhases& fixed, double factor) {
  for (milliseconds* one :
       {&fixed.preparing, &fixed.placing, &fixed.orphaning, &fixed.mirroring, &fixed.halting, &fixed.cutting,
        &fixed.committing, &fixed.starting, &fixed.switching, &fixed.renaming, &fixed.attaching, &fixed.finishing})
    *one = scaled(*one, factor);
}

// The same question where everything takes so many times as long.
StrategyQuestion scaled(StrategyQuestion question, double factor) {
  Speeds& speeds = question.speeds;
  for (milliseconds* one :
       {&speeds.checkpoint_fixed, &speeds.kubelet_fixed, &speeds.transfer_fixed, &speeds.restore_fixed})
    *one = scaled(*one, factor);
  for (double* one : {&speeds.checkpoint_ms_per_mib, &speeds.kubelet_ms_per_mib, &speeds.kubelet_ms_per_image_mib,
                      &speeds.transfer_ms_per_mib, &speeds.restore_ms_per_mib})
    *one *= factor;
  PhasesByStrategy& all = question.fixed;
  for (FixedPhases* fixed : {&all.stop, &all.live, &all.sequential, &all.way_back})
    scale(*fixed, factor);
  return question;
}

std::string of_strategy(const StrategyQuestion& question, const StrategyOutlook& one, bool of_gap) {
  const std::string why = joined_clauses(one.against);
  if (!one.is_told()) return fmt::format("{}: {}", to_string(one.strategy), why.empty() ? "not known" : why);
  const OutlookRanges ranges = outlook_ranges(question, one.strategy);
  const Range& range = of_gap ? ranges.gap : ranges.total;
  return fmt::format("{} is forecast at {} ({} to {}){}", to_string(one.strategy),
                     span_text(of_gap ? one.gap : one.total), span_text(range.low), span_text(range.high),
                     why.empty() ? "" : ", but " + why);
}

}  // namespace

OutlookRanges outlook_ranges(const StrategyQuestion& question, Strategy strategy) {
  const StrategyOutlook middle = strategy_outlook(question, strategy);
  const StrategyOutlook low = strategy_outlook(scaled(question, question.spread.low), strategy);
  const StrategyOutlook high = strategy_outlook(scaled(question, question.spread.high), strategy);
  const auto around = [](milliseconds least, milliseconds time, milliseconds most) {
    return Range{std::min(least, time), std::max(most, time)};
  };
  return {around(low.freeze, middle.freeze, high.freeze), around(low.gap, middle.gap, high.gap),
          around(low.total, middle.total, high.total)};
}

std::string budget_trouble(const StrategyQuestion& question, Strategy asked, const StrategyOutlook& chosen,
                           bool of_gap) {
  const auto budget = of_gap ? question.max_gap : question.max_total;
  if (!budget || (chosen.is_told() && (of_gap ? chosen.gap : chosen.total) <= *budget)) return "";
  const std::string limit = fmt::format("a {} of {}", of_gap ? "gap" : "total", span_text(*budget));
  std::string text = fmt::format("no strategy that may be used keeps {}", limit);
  if (asked != Strategy::automatic)
    text = chosen.is_told() ? fmt::format("strategy {} does not keep {}", to_string(asked), limit)
                            : fmt::format("whether strategy {} keeps {} cannot be told", to_string(asked), limit);
  // Beside the numbers what else speaks against each; the other budget is such a thing.
  StrategyQuestion without = question;
  (of_gap ? without.max_gap : without.max_total).reset();
  const char* mark = ": ";
  for (const StrategyOutlook& one : strategy_outlooks(without)) {
    text += mark + of_strategy(without, one, of_gap);
    mark = "; ";
  }
  return text;
}

std::string span_text(milliseconds span) {
  const double seconds = static_cast<double>(span.count()) / 1000;
  if (span < milliseconds{1'000}) return fmt::format("{} ms", span.count());
  return span < milliseconds{10'000} ? fmt::format("{:.2f} s", seconds) : fmt::format("{:.1f} s", seconds);
}

std::string joined_clauses(const std::vector<std::string>& clauses) {
  std::string text;
  for (const std::string& one : clauses)
    text += (text.empty() ? "" : " and ") + one;
  return text;
}

}  // namespace migrate
