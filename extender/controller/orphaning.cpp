// A StatefulSet's Pod is lent to the Migration, and its name is held: from here on the set makes no Pod in its place,
// whatever becomes of it.
#include "extender/controller/identity.h"
#include "extender/controller/steps.h"

namespace migrate::controller {

Outcome orphaning(Hop& hop) {
  const Limits limits = hop.before_commit();
  if (auto held = await_name_held(hop, limits); !held) return held.error();
  if (Outcome ready = await_target(hop, limits); ready.event != Event::done) return ready;
  // Last: as long as it is lent its set does nothing else.
  if (auto lent = lend_source(hop, limits); !lent) return lent.error();
  return {};
}

}  // namespace migrate::controller
