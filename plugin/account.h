// The account at the end: how long nobody worked, what was carried, what became of the messages, how long each phase
// took. Pure.
#pragma once

#include <string>
#include <vector>

#include "shared/migration/migration.h"

namespace migrate::plugin {

// Lines without line ends, each but warnings at most `width` characters; none when there is nothing to account for.
[[nodiscard]] std::vector<std::string> account(const Migration& migration, std::size_t width);

}  // namespace migrate::plugin
