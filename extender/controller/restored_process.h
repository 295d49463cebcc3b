// Whether the target is still what was restored, by its agent.
#pragma once

#include "extender/controller/hop.h"

namespace migrate::controller {

// Each container of the target is the very one that was given its memory: no process without it has been there in
// between, whatever its kubelet has yet to tell. False also when that cannot be told, within a second.
[[nodiscard]] bool runs_as_restored(Hop& hop, const Limits& limits);

}  // namespace migrate::controller
