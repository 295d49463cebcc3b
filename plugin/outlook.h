// What a Migration tells of what would come: what speaks against it, its plan, the other strategies, the forecast's
// ranges. For describe; a dry run's own page is plan_text's. Pure.
#pragma once

#include <string>
#include <vector>

#include "shared/migration/migration.h"

namespace migrate::plugin {

struct Section {
  std::string title;
  std::vector<std::string> lines;
  bool operator==(const Section&) const = default;
};

// Those that have something to say.
[[nodiscard]] std::vector<Section> outlook(const MigrationStatus& status);

}  // namespace migrate::plugin
