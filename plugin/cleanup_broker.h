// The brokers that `cleanup` looks at.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "plugin/broker_way.h"
#include "plugin/cleanup_finds.h"
#include "plugin/cluster.h"

namespace migrate::plugin {

struct LookedBroker {
  std::shared_ptr<broker::Broker> broker;
  std::vector<QueueSight> queues;
};
// The names of queues, by the Secrets of the session's namespace. To be called before Migrations are listed
// (look_for_leftovers).
[[nodiscard]] Outcome<std::vector<LookedBroker>> look_at_brokers(const Session& session,
                                                                 const std::vector<std::string>& secrets,
                                                                 BrokerWay& way);

// The words that wait in control queues, but for those of `in_use` and those that have consumers. To be called after
// Migrations are listed.
[[nodiscard]] Outcome<void> read_control_queues(LookedBroker& looked, const std::set<std::string>& in_use);

// The control queues that Migrations of the list use.
[[nodiscard]] std::set<std::string> told_queues(const std::vector<nlohmann::json>& migrations);

}  // namespace migrate::plugin
