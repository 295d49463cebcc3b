// Whether the target is still what was restored, by its agent.
#pragma once

#include <cstdint>

#include "extender/controller/attendance.h"
#include "extender/controller/hop.h"

namespace migrate::controller {

enum class WhoRuns {
  the_restored,  // each container is the very one that was given its memory, so that none without has been there since
  another,       // of one at least it is not, so that its memory is gone
  unknown,
};

// By the container's id in the runtime, hence by its first process: whoever starts others by himself is not seen
// through. Asked within a second. An error is that this controller leads no more.
[[nodiscard]] Attempt<WhoRuns> who_runs(Hop& hop, const Limits& limits);

// Whether whoever reads the mirror again, after a moment in which nobody was seen to, has the memory: where the agent
// knows, what the kubelet has yet to tell is not waited for.
[[nodiscard]] Attempt<void> ask_who_reads(Hop& hop, Attendance& attendance, std::uint64_t consumers,
                                          const Limits& limits);
// For who has been seen to be another.
[[nodiscard]] tl::unexpected<Outcome> memory_is_gone(Hop& hop);

}  // namespace migrate::controller
