// A target that does not come to the end of its replay behind the commit: what can be saved of it still, in words for
// whoever decides.
#pragma once

#include "extender/controller/hop.h"

namespace migrate::controller {

// A Migration that has failed ends one day, by itself even, and a sequential one's archives go with it, and what nobody
// has taken from its mirror. So what would be its failure is a doubt, which says what each decision gives and loses.
// Whatever else came of it, and of another strategy, stays as it is.
[[nodiscard]] Outcome or_kept_with_archives(Hop& hop, Outcome outcome);

}  // namespace migrate::controller
