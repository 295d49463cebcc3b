// Checkpoint and restore as the product has them in a move by `stop`, beside `runc checkpoint` and `runc restore` of
// the same program by hand on one node, and beside what CRIU says of its own work in those.
#pragma once

#include "test/bench/components/lines.h"

namespace bench {

void measure_container_restore(const Tell& tell);

}  // namespace bench
