// The Pod that holds the room for one that moves, until that comes: it is known by its name. See
// extender/controller/target_pod.h.
#pragma once

#include <string_view>

namespace migrate {

inline constexpr std::string_view kPlaceholderSuffix = "-mig-hold";

[[nodiscard]] constexpr bool is_placeholder(std::string_view pod_name) {
  return pod_name.ends_with(kPlaceholderSuffix);
}

}  // namespace migrate
