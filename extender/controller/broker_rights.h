// What the broker's user needs, looked at before anything is touched: a right that is missing would be found out with
// the source frozen else, or on the way back, where it is as much in the way.
#pragma once

#include <string>
#include <vector>

#include "extender/controller/queue.h"

namespace migrate::controller {

// Of an outcome and of a refusal: the user in the broker's Secret lacks a right, and asking again does not cure that.
inline constexpr const char* kBrokerRights = "BrokerRights";

struct ReplayLink;

// All that a replay does at the broker, asked for by calls that take nothing: the first that may not be. `source` is
// the Pod whose `primary` is to be mirrored.
[[nodiscard]] Result<void> may_replay_from(Hop& hop, const ReplayLink& link, const Json& source,
                                           const broker::QueueFacts& primary);

// Why the user may not close the connections through which the Pod consumes, which every strategy does: they are
// another user's, and it has no tag for that. Empty: it may, as far as the broker has told whose they are.
[[nodiscard]] Result<std::string> closing_trouble(broker::Broker& broker, const QueueRef& queue,
                                                  const std::vector<broker::Consumer>& consumers, const PodView& pod);

// The broker counts so many consumers, and lists none: their connections would stay open while the target is restored.
[[nodiscard]] Outcome unlisted_trouble(Hop& hop, broker::Broker& broker, const QueueRef& queue, std::uint64_t count,
                                       const Limits& limits);

}  // namespace migrate::controller
