// Where objects are that are neither of the core group nor ours.
#pragma once

#include <string>

#include "shared/kube/resource.h"

namespace migrate::plugin {

// In version v1, which all groups have that are looked at here.
[[nodiscard]] inline kube::ResourcePath of_group(std::string group, std::string plural, std::string namespace_ = {},
                                                 std::string name = {}) {
  return {.group = std::move(group),
          .version = "v1",
          .plural = std::move(plural),
          .namespace_ = std::move(namespace_),
          .name = std::move(name),
          .subresource = {}};
}

}  // namespace migrate::plugin
