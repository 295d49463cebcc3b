// A Pod's place in its StatefulSet or ReplicaSet during a move: lent, held, given back.
#pragma once

#include "extender/controller/hop.h"

namespace migrate::controller {

// The source is lent to the Migration. Its set looks after its siblings alone until it is given back. Failed when it is
// not the recorded owner's any more, or another migration at work has it.
[[nodiscard]] Attempt<void> lend_source(Hop& hop, const Limits& limits);

// Nobody but we can make a Pod of that name: the API server denies what its admission policy denies only once it knows
// that this Migration is at work. Two proofs, a second apart, as of several API servers one may know later than others.
// The first: until there is one. Condition `NameHeld` says since when.
[[nodiscard]] Attempt<void> await_name_held(Hop& hop, const Limits& limits);
// The second, before anything is frozen. Success, too, where no name is held.
[[nodiscard]] Attempt<void> prove_name_held(Hop& hop, const Limits& limits);
// Once more, right before a name is freed that was proven to be held long ago. Success, too, when the source does not
// have it any more, or goes with its namespace; and, with a warning, when it has to go all the same.
[[nodiscard]] Attempt<void> prove_name_held_still(Hop& hop, const Limits& limits);

// The source belongs to its set as before. Success, too, when it is not there any more, or was never lent.
[[nodiscard]] Attempt<void> give_back_source(Hop& hop, const Limits& limits);

// The target belongs to its set, whatever it is.
[[nodiscard]] Attempt<void> give_back_target(Hop& hop, const Limits& limits);

// The target belongs to its set, and nothing on it says any more that it was to be restored: from now on every start
// of its containers is an ordinary one. A shadow that is yet to come into its source's name stays lent.
[[nodiscard]] Attempt<void> settle_target(Hop& hop, const Limits& limits);

// Deleted meanwhile, its set has left nobody to give that Pod back to, and a garbage collector that found the Migration
// among its owners has spared it.
void tell_set_is_gone(Hop& hop, const std::string& pod);

// The source of a ReplicaSet is gone before the target is ready. Adopted at once, the target is what the ReplicaSet
// counts in its place; what it has made there meanwhile is not placed yet, so that goes as one too many before it
// works. Not the other way round: beside the running source the waiting target would be the one too many.
[[nodiscard]] Attempt<void> take_sources_place(Hop& hop, const Limits& limits);

// A ReplicaSet adopts the target while it has the source still, and then removes one too many: the source, because the
// target is ready and both say what they cost. A deadline: the target is not ready yet, and not adopted. Unsure: as
// check_target_stays().
[[nodiscard]] Attempt<void> replace_in_replica_set(Hop& hop, const Limits& limits);
// Whether the adopted target was left alone. Unsure: it was told to end, and its object is kept by our finalizer for
// this to be seen.
[[nodiscard]] Attempt<void> check_target_stays(Hop& hop, const Limits& limits);
// What the source of a ReplicaSet says of the cost of its removal is what it said before.
[[nodiscard]] Attempt<void> give_back_cost(Hop& hop, const Limits& limits);

}  // namespace migrate::controller
