#include "plugin/drain_turns.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>

namespace migrate::plugin {
namespace {

struct Ranked {
  std::size_t turn = 0;
  Mover mover;
};

// Whoever has no owner is one by itself.
const std::string& group_of(const Mover& mover) {
  return mover.owner.empty() ? mover.uid : mover.owner;
}

std::size_t how_many(const std::vector<AtWork>& at_work, const auto& is_meant) {
  return static_cast<std::size_t>(std::count_if(at_work.begin(), at_work.end(), is_meant));
}

// The most that are on their way to one node, `target` or whichever.
std::size_t most_towards(const std::string& target, const std::vector<AtWork>& at_work) {
  std::map<std::string, std::size_t> towards;
  for (const AtWork& one : at_work)
    if (one.has_room && !one.target.empty() && (target.empty() || one.target == target)) ++towards[one.target];
  std::size_t most = 0;
  for (const auto& [node, count] : towards)
    most = std::max(most, count);
  return most + how_many(at_work, [](const AtWork& one) { return one.has_room && one.target.empty(); });
}

std::optional<Wait> wait_of(const Mover& mover, const std::vector<AtWork>& at_work,
                            const std::map<std::string, std::size_t>& allowed, const DrainLimits& limits) {
  if (!mover.owner.empty() && how_many(at_work, [&](const AtWork& one) { return one.owner == mover.owner; }) > 0)
    return Wait{Wait::For::owner, "another Pod of its set is on its way, and one at a time moves"};
  for (const std::string& budget : mover.budgets) {
    const auto found = allowed.find(budget);
    const std::size_t most = found != allowed.end() ? found->second : 0;
    const std::size_t away = how_many(at_work, [&](const AtWork& one) {
      return std::find(one.budgets.begin(), one.budgets.end(), budget) != one.budgets.end();
    });
    if (away >= most)
      return Wait{Wait::For::budget, fmt::format("PodDisruptionBudget {} allows {} to be away", budget,
                                                 most == 0 ? "no Pod" : fmt::format("no more than {} at once", most))};
  }
  if (const std::size_t all = how_many(at_work, [](const AtWork& one) { return one.has_room; }); all >= limits.parallel)
    return Wait{Wait::For::limit,
                fmt::format("migrations at work in the cluster: {} (--parallel={})", all, limits.parallel)};
  if (const std::size_t most = most_towards(mover.target, at_work); most >= limits.per_target)
    return Wait{Wait::For::limit,
                fmt::format("migrations on their way to one node, or not placed yet: {} (--parallel-per-target={})",
                            most, limits.per_target)};
  return std::nullopt;
}

}  // namespace

std::vector<Mover> in_turn(std::vector<Mover> movers, const std::vector<AtWork>& at_work) {
  // Of names of one set the longer one has the higher ordinal.
  using Place = std::tuple<const std::string&, const std::string&, std::size_t, const std::string&>;
  std::sort(movers.begin(), movers.end(), [](const Mover& a, const Mover& b) {
    return Place{a.namespace_, group_of(a), b.name.size(), b.name} <
           Place{b.namespace_, group_of(b), a.name.size(), a.name};
  });
  // Its place among its owner's.
  std::vector<Ranked> ranked;
  ranked.reserve(movers.size());
  for (Mover& mover : movers) {
    const bool goes_on = !ranked.empty() && ranked.back().mover.namespace_ == mover.namespace_ &&
                         group_of(ranked.back().mover) == group_of(mover);
    ranked.push_back({goes_on ? ranked.back().turn + 1 : 0, std::move(mover)});
  }
  std::stable_sort(ranked.begin(), ranked.end(), [](const Ranked& a, const Ranked& b) {
    return std::tie(a.mover.namespace_, a.turn) < std::tie(b.mover.namespace_, b.turn);
  });
  // Now its place among its namespace's.
  std::string last;
  std::size_t turn = 0;
  for (Ranked& one : ranked) {
    const bool goes_on = one.mover.namespace_ == last;
    last = one.mover.namespace_;
    turn = goes_on ? turn + 1 : how_many(at_work, [&](const AtWork& other) { return other.namespace_ == last; });
    one.turn = turn;
  }
  std::stable_sort(ranked.begin(), ranked.end(), [](const Ranked& a, const Ranked& b) { return a.turn < b.turn; });
  std::vector<Mover> ordered;
  ordered.reserve(ranked.size());
  for (Ranked& one : ranked)
    ordered.push_back(std::move(one.mover));
  return ordered;
}

Turns turns(std::vector<Mover> movers, std::vector<AtWork> at_work, const std::map<std::string, std::size_t>& allowed,
            const DrainLimits& limits) {
  Turns result;
  for (Mover& mover : in_turn(std::move(movers), at_work)) {
    if (auto wait = wait_of(mover, at_work, allowed, limits)) {
      result.waiting.emplace(mover.uid, std::move(*wait));
      continue;
    }
    result.start.push_back(mover.uid);
    at_work.push_back({mover.namespace_, mover.owner, mover.target, mover.budgets});
  }
  return result;
}

}  // namespace migrate::plugin
