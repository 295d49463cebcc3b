#pragma once

#include <string>

#include "shared/base/units.h"

namespace migrate {

// For people: "512 B", "104.2 MiB".
[[nodiscard]] std::string bytes_text(Bytes size);

}  // namespace migrate
