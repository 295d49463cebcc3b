// What Kubernetes' events say of a Migration.
#pragma once

#include <string>
#include <vector>

#include "plugin/cluster.h"

namespace migrate::plugin {

struct EventLine {
  std::string time;  // as the server writes it
  std::string type;  // "Normal", "Warning"
  std::string text;  // "REASON: MESSAGE"
};

// The oldest first, each fit for one line of a screen. The error is what the API server said.
[[nodiscard]] Outcome<std::vector<EventLine>> events_about(const Session& session, const Migration& migration);

}  // namespace migrate::plugin
