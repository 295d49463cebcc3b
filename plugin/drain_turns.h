// Which Pods may begin to move next, and why the others have to wait. Pure.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "plugin/drain_options.h"

namespace migrate::plugin {

// One that is to move.
struct Mover {
  std::string uid;
  std::string namespace_;
  std::string name;
  std::string owner;                 // uid of its set; empty: a Pod of its own
  std::string target;                // the node that is asked for; empty: the scheduler chooses
  std::vector<std::string> budgets;  // by title, those that it is covered by
};

// A migration that moves somebody already, whoever asked for it.
struct AtWork {
  std::string namespace_;
  std::string owner;
  std::string target;  // empty: not placed yet
  std::vector<std::string> budgets;
  bool has_room = true;  // false: the scheduler finds no node for it
};

struct Wait {
  enum class For { owner, budget, limit };
  For what = For::limit;
  std::string text;  // a clause
};

struct Turns {
  std::vector<std::string> start;       // uids, in their order
  std::map<std::string, Wait> waiting;  // the others, by uid
};

// `allowed`: by a budget's title how many of its Pods may be away from now on. Whether a migration at work is missed
// there already depends on its phase, so it is counted in any case: at worst somebody waits for its end. One that is
// not placed yet counts at each node, as it may come to any; for whom there is no room at all counts for neither limit,
// else it would keep everybody waiting for as long as it may take.
[[nodiscard]] Turns turns(std::vector<Mover> movers, std::vector<AtWork> at_work,
                          const std::map<std::string, std::size_t>& allowed, const DrainLimits& limits);

// The order in which they have their turn. Namespaces take turns, in a namespace its owners do, so that nobody waits
// for the end of somebody's large set; a namespace for which something is at work is behind by as much. Of a
// StatefulSet the highest ordinal goes first, as when Kubernetes rolls one out: many applications take 0 for their
// leader, and what goes wrong on the other nodes then is seen with a Pod that matters less.
[[nodiscard]] std::vector<Mover> in_turn(std::vector<Mover> movers, const std::vector<AtWork>& at_work);

}  // namespace migrate::plugin
