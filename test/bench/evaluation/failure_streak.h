// When to stop: a cluster that is gone would turn all runs that are left into failed ones, and none is made again.
#pragma once

#include <algorithm>
#include <vector>

#include "test/bench/evaluation/row.h"

namespace evaluation {

class FailureStreak {
 public:
  // Of different cells, as rounds are shuffled.
  static constexpr int kMost = 3;

  // The rows of the run that was made last. Whether so many in a row have failed, each with all of its rows.
  [[nodiscard]] bool is_over_with(const std::vector<Row>& rows) {
    const bool has_failed =
        std::all_of(rows.begin(), rows.end(), [](const Row& row) { return row.outcome() == Outcome::failed; });
    failed_ = has_failed ? failed_ + 1 : 0;
    return failed_ >= kMost;
  }

 private:
  int failed_ = 0;
};

}  // namespace evaluation
