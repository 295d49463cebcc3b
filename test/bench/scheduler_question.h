// What a scheduler of a large cluster asks the extender, and the cluster that it asks about.
#pragma once

#include <string>

#include "shared/base/units.h"
#include "shared/migration/migration.h"
#include "shared/migration/node_facts.h"

namespace bench {

// One that is being placed, from the first of the nodes.
[[nodiscard]] migrate::Migration migration_being_placed();
// Of some four kinds of processors, two thirds of them with the handler; alive at `now`.
[[nodiscard]] migrate::NodeFacts node_facts(int number, migrate::Instant now);

enum class Asked { about_a_migration, about_anybody };
// ExtenderArgs with the names of so many nodes, and a Pod of 20 containers.
[[nodiscard]] std::string scheduler_question(Asked asked, int nodes);

}  // namespace bench
