// The evaluation as a whole: plans, makes the runs that have no row yet, and writes each down before the next begins.
#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "test/bench/evaluation/grid.h"
#include "test/bench/evaluation/results_file.h"

namespace evaluation {

struct Order {
  Selection selection;
  ResultsFile::Mode mode = ResultsFile::Mode::create;
  std::filesystem::path folder;        // runs.csv, plan.csv and failures/ go there; it is made where there is none
  std::optional<std::size_t> at_most;  // so many runs now
  // None begins later than this; the one that is under way is made to its end.
  std::optional<std::chrono::minutes> begin_within{};
  std::function<bool()> is_to_stop = [] { return false; };  // no run is begun any more
};

struct Tally {
  std::size_t made = 0;    // runs, now
  std::size_t flawed = 0;  // among them those with a row that is not clean
  std::size_t left = 0;    // of what was selected
};

// `tell`: a line about each run. Fatal where nothing can be measured or written at all; a run that fails is a result,
// but several in a row end it.
[[nodiscard]] Tally evaluate(const Order& order, const std::function<void(const std::string&)>& tell);

}  // namespace evaluation
