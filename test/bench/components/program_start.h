// The plugin's start: `kubectl-migrate --help`, beside a program that does nothing.
#pragma once

#include "test/bench/components/lines.h"

namespace bench {

void measure_program_start(const Tell& tell);

}  // namespace bench
