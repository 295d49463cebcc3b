// One migration of a Pod, and of a set, at a time: who else is about the same, and which of two gives way.
//
// No object belongs to both that could be locked, so their records decide. Preparing looks, and refuses nearly
// everybody who has to be; but two that look at once pass together. So the record of Placing is the claim, and behind
// it is looked once more: of two the later look sees the other's claim, and nobody goes on beside one. The younger
// gives way. The older cannot know whether the other has looked before there was anything to be seen, and waits until
// that one's record tells: it names a target, which is written only behind such a look, and the older gives way; or it
// comes to its end.
#pragma once

#include "extender/controller/hop.h"
#include "extender/controller/refusals.h"

namespace migrate::controller {

// Of the namespace.
[[nodiscard]] Attempt<Json> list_migrations(Hop& hop, const Limits& limits);

// As the own record stands: in Preparing those that keep it from beginning, in Placing from going on.
[[nodiscard]] Attempt<Others> find_others(Hop& hop, const Limits& limits);

// The second look, before Placing touches anything; `left` while it waits for another one.
[[nodiscard]] Outcome take_hold(Hop& hop, const Limits& limits);

// Whether `other` keeps `migration` from going on, if they are about the same: it has come further, or as far and is
// the older one. Nobody waits for a dry run. Pure.
[[nodiscard]] bool comes_first(const Migration& other, const Migration& migration);

}  // namespace migrate::controller
