// What can be seen to be wrong before anything is created, with the user's own rights. What those do not suffice to
// see is left to the controller, which looks at everything again.
#pragma once

#include "plugin/arguments.h"
#include "plugin/cluster.h"

namespace migrate::plugin {

// The Pod, when nothing speaks against migrating it.
[[nodiscard]] Outcome<Json> look_before(const Session& session, const Options& options);
// The Pod, when it is there; for who asks the controller what speaks against it.
[[nodiscard]] Outcome<Json> named_pod(const Session& session, const std::string& name);
// The Pod, when it is there and runs.
[[nodiscard]] Outcome<Json> running_pod(const Session& session, const std::string& name);

}  // namespace migrate::plugin
