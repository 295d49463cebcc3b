// Figures of one ordinal of a StatefulSet of three, at the load of the paper's evaluation: 10 orders a second of 50 ms
// each, 20 MiB; its siblings have the same load and stay where they are.
#pragma once

#include "test/bench/figures.h"

namespace bench {

// Prints a table for each strategy, of so many moves. False: an audit was not clean, or a gap or a whole was longer
// than its goal; which one, stands in the output. What was measured is added to "sets".
[[nodiscard]] bool measure_sets(int moves, Series& measured);

}  // namespace bench
