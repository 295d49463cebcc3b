// The extender's answers over HTTPS, about a migration's Pod and anybody's, beside an echo of the same question over
// the same TLS. One connection, one question after the other, as a scheduler has it.
#pragma once

#include "test/bench/components/lines.h"

namespace bench {

void measure_extender_answers(const Tell& tell);

}  // namespace bench
