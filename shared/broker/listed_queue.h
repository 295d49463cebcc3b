// A queue with all of its consumers.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "shared/broker/broker.h"

namespace migrate::broker {

// How late the management API lists a new consumer (5 s) and a bit, and how long to wait between two looks.
inline constexpr std::chrono::milliseconds kListingDelay{6'000};
inline constexpr std::chrono::milliseconds kBetweenListings{250};

// As Broker::queue() tells it, which lists a new consumer up to 5 s late: looked at again until there are as many as
// the queue itself says. `again` is asked between looks; where it says false, what was seen last is the answer.
[[nodiscard]] Lookup<QueueFacts> listed_queue(Broker& broker, const std::string& name,
                                              const std::function<bool()>& again);

}  // namespace migrate::broker
