// Figures of the strategies with replay, at the loads of the paper's evaluation: 20 MiB, 50 ms for each message.
#pragma once

#include "test/bench/figures.h"

namespace bench {

// Prints a table for each of them, of so many moves, and one of all in Markdown. False: an audit was not clean, or an
// application met more repeats than its migrations had told; that stands in the output. What was measured is added by
// strategy.
[[nodiscard]] bool measure_replays(int moves, Series& measured);

}  // namespace bench
