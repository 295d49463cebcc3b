// A queue with all of its consumers.
#pragma once

#include <functional>
#include <string>

#include "shared/broker/broker.h"

namespace migrate::broker {

// As Broker::queue() tells it, which lists a new consumer up to 5 s late: looked at again until there are as many as
// the queue itself says. `again` is asked between looks; where it says false, what was seen last is the answer.
[[nodiscard]] Lookup<QueueFacts> listed_queue(Broker& broker, const std::string& name,
                                              const std::function<bool()>& again);

}  // namespace migrate::broker
