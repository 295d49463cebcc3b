#include "test/bench/evaluation/grid.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <random>
#include <utility>

namespace evaluation {
namespace {

using Names = std::vector<std::string>;

struct Grid {
  std::string name;
  Names strategies;
  std::vector<int> rates;
  int service_ms;
  std::vector<int> memory_mib;
  std::vector<int> at_once;
  int runs;
};

// The paper made ten runs of each, and so do we of its grid. A median and a range are there from three on, and three of
// all the others are what a night has time for.
constexpr int kPapersRuns = 10;
constexpr int kFewRuns = 3;

// The paper's `live` has no cutoff: nothing but its own convergence ends the replay, within these bounds.
const Names kUnbounded{"--strategy", "live", "--cutoff", "30m", "--max-replay", "30m", "--timeout", "1h"};

const std::vector<Strategy>& strategies() {
  static const std::vector<Strategy> all{
      {"naive", Subject::pod, Mover::script, {}},
      {"naive-no-grace", Subject::pod, Mover::script, {"--grace-period=1"}},
      {"stop", Subject::pod, Mover::product, {"--strategy", "stop"}},
      {"stop-kubelet", Subject::pod, Mover::product, {"--strategy", "stop", "--checkpoint", "kubelet"}},
      {"live", Subject::pod, Mover::product, kUnbounded},
      {"live-cutoff-120s", Subject::pod, Mover::product, {"--strategy", "live", "--cutoff", "120s"}},
      {"live-cutoff", Subject::pod, Mover::product, {"--strategy", "live"}},
      {"set-sequential", Subject::set, Mover::product, {"--strategy", "sequential"}},
      {"set-live", Subject::set, Mover::product, {"--strategy", "live"}},
      {"set-auto", Subject::set, Mover::product, {"--strategy", "auto"}},
  };
  return all;
}

const std::vector<Grid>& grids() {
  static const Names kOwn{"stop", "live-cutoff", "set-sequential", "set-live", "set-auto"};
  static const std::vector<Grid> all{
      // Dinh-Tuan and Jiang 2025: 20 orders a second can be handled.
      {"paper",
       {"naive", "naive-no-grace", "stop", "live", "live-cutoff-120s", "live-cutoff", "set-sequential", "set-live",
        "set-auto"},
       {1, 4, 7, 10, 13, 16, 19},
       50,
       {20},
       {1},
       kPapersRuns},
      // SHADOW 2026: 100 a second can be handled, and at the end more come.
      {"shadow", kOwn, {10, 20, 40, 60, 80, 100, 120}, 10, {20}, {1}, kFewRuns},
      {"overload", kOwn, {22, 25, 30, 40}, 50, {20}, {1}, kFewRuns},
      {"memory", {"stop", "stop-kubelet", "live-cutoff"}, {10}, 10, {10, 100, 500, 2048}, {1}, kFewRuns},
      {"at-once", {"stop", "live-cutoff"}, {5}, 10, {20}, {1, 4, 16}, kFewRuns},
  };
  return all;
}

// What a test has time for: both rates at which the paper's and SHADOW's figures are quoted, one run of each.
const std::vector<Grid>& quick_grids() {
  static const std::vector<Grid> all{{"paper", {"naive-no-grace", "stop", "live-cutoff"}, {10, 16}, 50, {20}, {1}, 1}};
  return all;
}

const std::vector<Grid>& grids_of(Extent extent) {
  return extent == Extent::quick ? quick_grids() : grids();
}

bool has(const Names& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

Names common(const Names& words, const Names& known) {
  Names both;
  std::copy_if(words.begin(), words.end(), std::back_inserter(both),
               [&](const auto& word) { return has(known, word); });
  return both;
}

// Before a move: as many as in five seconds, so that a slow load does not take twenty, and no more than e2e tests have.
constexpr int kWarmUpSeconds = 5;
constexpr int kLeastWarmUp = 5;
constexpr int kMostWarmUp = 20;

void add_cells(const Grid& grid, const Names& wanted, std::vector<Cell>& cells) {
  for (const std::string& name : grid.strategies) {
    if (!wanted.empty() && !has(wanted, name)) continue;
    for (const int rate : grid.rates)
      for (const int memory : grid.memory_mib)
        for (const int at_once : grid.at_once)
          cells.push_back({grid.name, name, rate, grid.service_ms, memory, at_once});
  }
}

// Fisher and Yates by hand: std::shuffle may give another order with another library, and a run that is resumed
// elsewhere must go on in the same one.
void shuffle(std::vector<Run>& round, unsigned seed) {
  std::mt19937 random{seed};
  for (std::size_t i = round.size(); i > 1; --i)
    std::swap(round[i - 1], round[random() % i]);
}

Names names_of(const std::vector<Grid>& all) {
  Names names;
  for (const Grid& grid : all)
    names.push_back(grid.name);
  return names;
}

}  // namespace

const Strategy& strategy_named(std::string_view name) {
  const auto& all = strategies();
  const auto found = std::find_if(all.begin(), all.end(), [&](const Strategy& one) { return one.name == name; });
  if (found == all.end()) throw migrate::Fatal(fmt::format("no strategy {} is known here", name));
  return *found;
}

Names grid_names() {
  return names_of(grids());
}

Names strategy_names() {
  Names names;
  for (const Strategy& one : strategies())
    names.push_back(one.name);
  return names;
}

migrate::Result<std::vector<Run>> plan(const Selection& selection) {
  for (const std::string& word : selection.only)
    if (!has(grid_names(), word) && !has(strategy_names(), word))
      return migrate::failure(fmt::format("--only {}: neither a grid ({}) nor a strategy ({})", word,
                                          fmt::join(grid_names(), ", "), fmt::join(strategy_names(), ", ")));
  const Names wanted_grids = common(selection.only, grid_names());
  const Names wanted_strategies = common(selection.only, strategy_names());
  std::vector<Run> runs;
  int rounds = 0;
  for (const Grid& grid : grids_of(selection.extent))
    rounds = std::max(rounds, grid.runs);
  for (int number = 1; number <= rounds; ++number) {
    std::vector<Cell> cells;
    for (const Grid& grid : grids_of(selection.extent))
      if (number <= grid.runs && (wanted_grids.empty() || has(wanted_grids, grid.name)))
        add_cells(grid, wanted_strategies, cells);
    std::vector<Run> round;
    for (Cell& cell : cells)
      round.push_back({std::move(cell), number});
    shuffle(round, static_cast<unsigned>(number));
    runs.insert(runs.end(), round.begin(), round.end());
  }
  if (runs.empty())
    return migrate::failure(fmt::format("--only {}: no grid has all of this", fmt::join(selection.only, ",")));
  return runs;
}

std::vector<Run> remaining(const std::vector<Run>& planned, const std::set<Run>& done) {
  std::vector<Run> left;
  std::copy_if(planned.begin(), planned.end(), std::back_inserter(left),
               [&](const Run& run) { return !done.contains(run); });
  return left;
}

int warm_up_of(const Cell& cell) {
  return std::clamp(cell.per_second * kWarmUpSeconds, kLeastWarmUp, kMostWarmUp);
}

std::string to_string(const Run& run) {
  const Cell& cell = run.cell;
  std::string text = fmt::format("{}/{} {}/s {} ms {} MiB", cell.grid, cell.strategy, cell.per_second, cell.service_ms,
                                 cell.memory_mib);
  if (cell.at_once > 1) text += fmt::format(" {} at once", cell.at_once);
  return text + fmt::format(" run {}", run.number);
}

}  // namespace evaluation
