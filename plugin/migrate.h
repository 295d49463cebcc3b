// Of the default action: the Migration that is asked for.
#pragma once

#include <functional>
#include <string>

#include "plugin/arguments.h"
#include "plugin/cluster.h"

namespace migrate::plugin {

// POD-xxxxx: at most 63 characters, because it is also the value of a label. A Pod that was migrated before loses its
// "-mig-xxxxx". `random` is in [0, 1).
[[nodiscard]] std::string chosen_name(const std::string& pod, const std::function<double()>& random);

// The uid of the Pod as read guards against one made anew meanwhile.
[[nodiscard]] Migration asked_for(const Options& options, const std::string& namespace_, const std::string& pod_uid,
                                  const std::string& name);

// Creates it as asked for by these options, under a name that is free: a chosen one once, our own ones until one is.
// The object; of a dry run the one that it would be.
[[nodiscard]] Outcome<Json> create_migration(const Session& session, const Options& options,
                                             const std::string& pod_uid);

}  // namespace migrate::plugin
