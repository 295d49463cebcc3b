// An archive from agent to agent, over gRPC and mutual TLS, beside the same bytes through a bare TLS socket; both over
// the loopback, from memory, and digested by nobody.
#pragma once

#include "test/bench/components/lines.h"

namespace bench {

void measure_transfer(const Tell& tell);

}  // namespace bench
