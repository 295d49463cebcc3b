// A StatefulSet is told that the name of its Pod is free. Nobody else tells it: a lent Pod that goes had another
// controller, and where the set was denied the name before, its next try is as far off as it has been denied for, up to
// 1000 s. A change of the set itself it sees at once, whatever it waits for.
#pragma once

#include "extender/controller/hop.h"

namespace migrate::controller {

// To be called once nothing holds the name any more. True: there is nobody to tell, or there is a Pod. False: the set
// may have looked too early, as an API server may know later than others that the name is free; to be called again.
[[nodiscard]] bool wake_set(Hop& hop, const Limits& limits);

}  // namespace migrate::controller
