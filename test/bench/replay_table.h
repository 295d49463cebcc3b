// The figures of moves with replay as a table in Markdown, a row for each load: what docs/figures.md is filled from.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "test/bench/figures.h"

namespace bench {

struct ReplayRow {
  std::string load;                         // "`live`, 10 a second"
  std::vector<double> message_gaps;         // by the audits, in ms: the longest of each run, whatever moves it had
  std::vector<Sample> samples;              // of each move
  std::chrono::milliseconds max_replay{0};  // T_replay_max
  bool is_clean = false;                    // all audits
};

// Of all moves, at least one a row, the least and the most. Beside the longest total stands what bounds it:
// T_replay_max and the fixed phases of that move; and whether every total keeps within its own bound.
[[nodiscard]] std::string replay_table(const std::vector<ReplayRow>& rows);

// The message gaps in reports of audits, in ms.
[[nodiscard]] std::vector<double> message_gaps_in(const std::string& report);

}  // namespace bench
