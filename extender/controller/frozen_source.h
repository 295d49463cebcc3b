// The source behind the commit: frozen, and its Pod there until the target has its memory. Its kubelet goes on probing
// it, and in the end would kill it and start it cold beside the target: an empty consumer that takes messages, and
// acknowledges them. So its Pod is removed before that.
#pragma once

#include "extender/controller/hop.h"

namespace migrate::controller {

// Condition of a source whose Pod was removed for that; true once its containers are gone as well.
inline constexpr const char* kSourceGone = "SourceGone";

// How long its kubelet leaves it frozen. Nothing: for ever, or it has been removed, or its name is taken before
// anything is restored.
[[nodiscard]] std::optional<Instant> kept_until(Hop& hop);
// While a frozen source is safe from its liveness probes: one without is for as long as it takes.
[[nodiscard]] Limits until_probes(Hop& hop, const Limits& limits);

// In the phases in which the source waits behind its commit: removes it in time, whatever the step itself waits for.
void watch_over_source(Hop& hop);

// Where a replay goes on behind the commit: one that its kubelet has started anew is removed, or it would take messages
// from its own queue with no memory. Not by the agent, which a node that comes back may have later than the Pod.
void end_restarted_source(Hop& hop, const Limits& limits);

// The same once the migration has failed, where no step waits any more. False: it is to be asked again soon. A source
// that does not stand frozen beside a target is left alone: it may be all there is.
[[nodiscard]] bool is_failed_source_settled(Hop& hop, const Limits& limits);

enum class Remains {
  frozen,     // with its memory, and there is time to thaw it
  late,       // with its memory, but before anything else is done its time is over
  ended,      // a container of it has: what its kubelet starts in its Pod has no memory
  gone,       // its Pod is, or goes
  not_bound,  // its agent does not call it committed
};
struct SourceLeft {
  Remains remains = Remains::gone;
  std::string words;
  bool works_anew = false;  // ended, and all of its containers were started anew
};
[[nodiscard]] Attempt<SourceLeft> look_at_source(Hop& hop, const Limits& limits);

// Of a StatefulSet's Pod whose migration has failed and ends, with no target left: frozen it is for good, and it makes
// room for the one that the set starts. Where its kubelet has started it anew, or its agent has thawed it, it is that
// one already. An error: that cannot be told yet.
[[nodiscard]] Attempt<void> make_room_for_set(Hop& hop, const Limits& limits);

// Its Pod is removed, and condition SourceGone says why: a clause behind "was removed". `memory`: where that is now;
// empty: in the archives at most.
[[nodiscard]] Attempt<void> end_source(Hop& hop, const std::string& why, const Limits& limits,
                                       const std::string& memory = "");
inline constexpr const char* kTimeIsOver = "before its liveness probes would have it started without its memory";
inline constexpr const char* kWorksAnew =
    "as it had ended and was started anew, without its memory; messages that it has taken since are not in the "
    "target's";
inline constexpr const char* kHasEnded = "as it had ended and would be started without its memory";

}  // namespace migrate::controller
