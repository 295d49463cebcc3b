// Reasons of a target that is not what went over any more: the controller writes them into status.reason, and by them
// the plugin tells a person what there is to decide.
#pragma once

#include <string_view>

namespace migrate {

inline constexpr const char* kTargetDied = "TargetDied";  // a container of it ended, and its Pod is there

// There is no Pod that could go on.
[[nodiscard]] constexpr bool is_target_gone(std::string_view reason) {
  return reason == "TargetDeleted" || reason == "TargetFailed";
}

// Its memory is lost, in a part at least.
[[nodiscard]] constexpr bool is_target_lost(std::string_view reason) {
  return reason == kTargetDied || is_target_gone(reason);
}

}  // namespace migrate
