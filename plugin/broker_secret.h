// A broker's Secret as commands read it: with the user's own rights.
#pragma once

#include <string>

#include "plugin/cluster.h"
#include "shared/broker/address.h"

namespace migrate::plugin {

// Of the session's namespace.
[[nodiscard]] Outcome<broker::BrokerAddress> broker_address(const Session& session, const std::string& secret_name);

}  // namespace migrate::plugin
