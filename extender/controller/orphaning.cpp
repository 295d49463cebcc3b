// A StatefulSet's Pod is lent to the Migration, and its name is held: from here on the set makes no Pod in its place,
// whatever becomes of it.
#include "extender/controller/identity.h"
#include "extender/controller/steps.h"

namespace migrate::controller {

Outcome orphaning(Hop& hop) {
  const Limits limits = hop.before_commit();
  if (auto lent = lend_source(hop, limits); !lent) return lent.error();
  if (auto held = await_name_held(hop, limits); !held) return held.error();
  return {};
}

}  // namespace migrate::controller
