// The pure parts of the default action: the Migration that is asked for.
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "plugin/arguments.h"

namespace migrate::plugin {

// POD-xxxxx: at most 63 characters, because it is also the value of a label. A Pod that was migrated before loses its
// "-mig-xxxxx". `random` is in [0, 1).
[[nodiscard]] std::string chosen_name(const std::string& pod, const std::function<double()>& random);

// The uid of the Pod as read guards against one made anew meanwhile.
[[nodiscard]] Migration asked_for(const Options& options, const std::string& namespace_, const std::string& pod_uid,
                                  const std::string& name);

}  // namespace migrate::plugin
