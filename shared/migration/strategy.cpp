// The strategies' forecasts and the choice among them. Design section 4.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "shared/migration/expected_cut.h"
#include "shared/migration/forecast.h"

namespace migrate {
namespace {

constexpr milliseconds kLongestFence{20'000};
// A management total settles the fence where too few messages come to do so.
constexpr milliseconds kFenceByTotals{7'000};
constexpr double kLongestMs = 24.0 * 3'600'000;

std::optional<milliseconds> whole(double ms) {
  if (!(ms < kLongestMs)) return std::nullopt;
  return milliseconds{static_cast<milliseconds::rep>(std::ceil(ms))};
}

// A day stands for never.
milliseconds or_never(std::optional<milliseconds> time) {
  return time.value_or(milliseconds{static_cast<milliseconds::rep>(kLongestMs)});
}

double count_of(milliseconds time) {
  return static_cast<double>(time.count());
}

// Rates of a queue where both are known and usable.
struct Load {
  double arrival = 0;  // messages a millisecond
  double service = 0;
  milliseconds fence{0};

  [[nodiscard]] double arrived(milliseconds time) const { return arrival * count_of(time); }
  [[nodiscard]] milliseconds handling(double messages) const { return or_never(whole(messages / service)); }
};

class Outlooks {
 public:
  explicit Outlooks(const StrategyQuestion& question)
      : asked_(question), hop_(forecast(question.size, question.backend, question.speeds)) {}

  [[nodiscard]] StrategyOutlook stop() const {
    StrategyOutlook made;
    const FixedPhases& fixed = asked_.fixed.stop;
    made.freeze = fixed.halting + hop_.freeze() + fixed.committing;
    made.gap =
        made.freeze + renaming(fixed) + (asked_.moves_volumes ? fixed.attaching : milliseconds{0}) + hop_.restore;
    made.total = before_all(fixed) + made.gap + fixed.finishing;
    add_promises(made);
    return made;
  }

  // A shadow beside the running source; it catches up until it has, or the cutoff comes.
  [[nodiscard]] StrategyOutlook live() const {
    StrategyOutlook made;
    made.strategy = Strategy::live;
    made.freeze = hop_.snapshot;
    made.against = replay_troubles();
    if (!asked_.no_live.empty()) made.against.push_back(asked_.no_live);
    const auto load = load_of(made.against);
    if (!load) return made;
    const FixedPhases& fixed = asked_.fixed.live;
    const milliseconds before_replay = before_transfer(fixed, *load) + hop_.transfer + hop_.restore + fixed.starting;
    const ExpectedCut cut = expected_cut({before_replay, load->arrived(before_replay), load->arrival, load->service},
                                         {longest_rest_of(fixed), asked_.cutoff, asked_.settling});
    const double remaining = cut.left + load->arrived(fixed.cutting);
    const milliseconds rest = load->handling(remaining);
    add_rest(made, rest);
    tell_cut(made, fixed, *load, remaining);

    const milliseconds silent = forecast_cut(rest, fixed);
    made.freeze = std::max(hop_.snapshot, fixed.cutting + rest + fixed.committing);
    made.gap = std::max(hop_.snapshot, silent);
    made.total = before_all(fixed) + before_replay + cut.replaying + silent + fixed.finishing;
    if (asked_.keep_name) add_way_back(made);
    add_promises(made);
    return made;
  }

  // All that arrived since the binding is replayed after the source has ended.
  [[nodiscard]] StrategyOutlook sequential() const {
    StrategyOutlook made;
    made.strategy = Strategy::sequential;
    made.freeze = hop_.snapshot;
    made.against = replay_troubles();
    const auto load = load_of(made.against);
    if (!load) return made;
    const FixedPhases& fixed = asked_.fixed.sequential;
    const milliseconds working = before_transfer(fixed, *load) + hop_.transfer;
    const double left = load->arrived(working + fixed.cutting);
    const milliseconds rest = load->handling(left);
    add_rest(made, rest);
    tell_cut(made, fixed, *load, left);
    const milliseconds frozen = fixed.cutting + fixed.committing;
    made.gap =
        std::max(hop_.snapshot, frozen + renaming(fixed) + hop_.restore + fixed.starting + rest + fixed.switching);
    // Where its name is not needed its Pod stands, frozen and asked by its probes, until the target has replayed.
    made.freeze = asked_.keep_name ? std::max(hop_.snapshot, frozen) : made.gap;
    made.total = before_all(fixed) + working + made.gap + fixed.finishing;
    add_promises(made);
    return made;
  }

 private:
  [[nodiscard]] milliseconds before_all(const FixedPhases& fixed) const {
    return fixed.preparing + fixed.placing + (asked_.is_lent ? fixed.orphaning : milliseconds{0});
  }

  // Of a target that is made behind the commit.
  [[nodiscard]] milliseconds renaming(const FixedPhases& fixed) const {
    return asked_.keep_name || asked_.is_by_image ? fixed.renaming : milliseconds{0};
  }

  [[nodiscard]] milliseconds before_transfer(const FixedPhases& fixed, const Load& load) const {
    return fixed.mirroring + load.fence + hop_.checkpoint;
  }

  // The second hop, a whole one within the target's node: nothing is transferred.
  void add_way_back(StrategyOutlook& made) const {
    const FixedPhases& fixed = asked_.fixed.way_back;
    const milliseconds silent = fixed.halting + hop_.checkpoint + fixed.committing + fixed.renaming + hop_.restore;
    made.gap = std::max(made.gap, silent);
    made.total += fixed.preparing + fixed.placing + silent + fixed.finishing;
  }

  [[nodiscard]] milliseconds longest_rest_of(const FixedPhases& fixed) const {
    return longest_rest(asked_.max_replay, asked_.freeze_limit, fixed);
  }

  // As it is planned while the target replays.
  void tell_cut(StrategyOutlook& made, const FixedPhases& fixed, const Load& load, double left) const {
    const double most = count_of(longest_rest_of(fixed));
    made.cutoff = asked_.cutoff ? asked_.cutoff : whole(most * load.service / load.arrival);
    made.backlog_at_cut = static_cast<std::uint64_t>(std::llround(left));
  }

  // What speaks against both strategies that replay.
  [[nodiscard]] std::vector<std::string> replay_troubles() const {
    std::vector<std::string> found;
    if (asked_.has_writable_volumes) found.emplace_back("the disk of a writable volume would be newer than the memory");
    if (asked_.has_empty_dirs) found.emplace_back("emptyDirs are carried by Stop alone");
    if (!asked_.queue)
      found.push_back(asked_.no_queue.empty() ? "there is no queue that can be mirrored" : asked_.no_queue);
    return found;
  }

  // Says, too, what speaks against the queue.
  std::optional<Load> load_of(std::vector<std::string>& against) const {
    if (!asked_.queue) return std::nullopt;
    const QueueOutlook& queue = *asked_.queue;
    if (!queue.arrival_rate) against.emplace_back("the rate of arrivals is not known");
    if (!queue.service_rate || !(*queue.service_rate > 0))
      against.emplace_back("the service rate is not known (annotation kubectl-migrate.dev/service-time tells it)");
    if (!queue.arrival_rate || !queue.service_rate || !(*queue.service_rate > 0)) return std::nullopt;
    Load load{std::max(0.0, *queue.arrival_rate) / 1000, *queue.service_rate / 1000, {}};
    // With nothing to hold there is nothing to wait for, whatever arrives.
    const auto by_depth =
        queue.may_hold == 0 ? milliseconds{0} : whole(static_cast<double>(queue.may_hold) / load.arrival);
    const milliseconds handled = load.handling(static_cast<double>(queue.backlog));
    load.fence = std::max(handled, std::min(by_depth.value_or(kFenceByTotals), kFenceByTotals));
    if (load.fence > kLongestFence)
      against.push_back(fmt::format("what waits in the queue takes {} to be handled first, which may take {}",
                                    span_text(load.fence), span_text(kLongestFence)));
    return load;
  }

  void add_rest(StrategyOutlook& made, milliseconds rest) const {
    if (rest > asked_.max_replay)
      made.against.push_back(fmt::format("the rest would take {} to be replayed, which may take {}", span_text(rest),
                                         span_text(asked_.max_replay)));
  }

  void add_promises(StrategyOutlook& made) const {
    const auto check = [&](milliseconds time, std::optional<milliseconds> limit, const char* what) {
      if (limit && time > *limit)
        made.against.push_back(
            fmt::format("{} of {} is above the {} allowed", what, span_text(time), span_text(*limit)));
    };
    check(made.freeze, asked_.freeze_limit, "a freeze");
    check(made.gap, asked_.max_gap, "a gap");
    check(made.total, asked_.max_total, "a total");
  }

  const StrategyQuestion& asked_;
  Forecast hop_;
};

std::string sentence(const StrategyOutlook& chosen, const std::vector<StrategyOutlook>& all) {
  std::string text;
  if (chosen.against.empty())
    text = fmt::format("{}: its gap is forecast at {}", to_string(chosen.strategy), span_text(chosen.gap));
  else
    text = fmt::format("{}, although {}", to_string(chosen.strategy), joined_clauses(chosen.against));
  std::string reasons;
  for (const StrategyOutlook& other : all) {
    if (other.strategy == chosen.strategy) continue;
    const std::string why = other.against.empty() ? "" : joined_clauses(other.against);
    // The same reason is told once.
    if (!why.empty() && !reasons.empty() && reasons.ends_with(": " + why)) {
      reasons.insert(reasons.size() - why.size() - 2, fmt::format(" and {}", to_string(other.strategy)));
      continue;
    }
    if (other.against.empty())
      reasons += fmt::format("; that of {} at {}", to_string(other.strategy), span_text(other.gap));
    else
      reasons += fmt::format("; not {}: {}", to_string(other.strategy), why);
  }
  return text + reasons;
}

}  // namespace

std::vector<StrategyOutlook> strategy_outlooks(const StrategyQuestion& question) {
  const Outlooks outlooks{question};
  return {outlooks.stop(), outlooks.live(), outlooks.sequential()};
}

StrategyOutlook strategy_outlook(const StrategyQuestion& question, Strategy strategy) {
  const Outlooks outlooks{question};
  if (strategy == Strategy::live) return outlooks.live();
  return strategy == Strategy::sequential ? outlooks.sequential() : outlooks.stop();
}

milliseconds forecast_cut(milliseconds rest, const FixedPhases& fixed) {
  return fixed.cutting + rest + fixed.committing + fixed.switching;
}

milliseconds longest_rest(milliseconds max_replay, std::optional<milliseconds> freeze_limit, const FixedPhases& fixed) {
  if (!freeze_limit) return max_replay;
  return std::min(max_replay, std::max(milliseconds{0}, *freeze_limit - fixed.cutting - kCommitReserve));
}

StrategyChoice choose_strategy(const StrategyQuestion& question) {
  const auto all = strategy_outlooks(question);
  const StrategyOutlook* chosen = nullptr;
  for (const StrategyOutlook& one : all)
    if (one.against.empty() && (chosen == nullptr || one.gap < chosen->gap)) chosen = &one;
  if (chosen == nullptr) chosen = &all.front();
  return {*chosen, sentence(*chosen, all)};
}

}  // namespace migrate
