// Which strategy `auto` takes: what the Pod, its queue and its broker say, put to the forecast.
#pragma once

#include "extender/controller/hop.h"
#include "extender/controller/refusals.h"
#include "extender/controller/replay.h"
#include "shared/migration/forecast.h"

namespace migrate::controller {

// `pod` runs as `found` says. An application that has not declared its control queue does not follow the replay
// protocol, so nothing is replayed to it; neither is to one whose queue cannot be mirrored, or whose rates are unknown.
// A broker that does not answer is no error here: nothing can be replayed then.
[[nodiscard]] Attempt<StrategyChoice> choose(Hop& hop, const Json& pod, const agent::SourceFacts& found,
                                             CheckpointBackend backend, const Surroundings& around,
                                             const Limits& limits);

// What a strategy that was asked for is forecast to take. `queue`: nothing without replay.
[[nodiscard]] StrategyOutlook expect(Hop& hop, const Json& pod, const agent::SourceFacts& found,
                                     CheckpointBackend backend, const std::optional<QueueOutlook>& queue);

// How full the queue is and how fast it fills and empties, by the broker's last count and the Pod's annotation. A
// broker that does not answer leaves rates unknown.
[[nodiscard]] QueueOutlook queue_outlook(const ReplayLink& link, const broker::QueueFacts& facts, const Json& pod);

// What is checkpointed, and how much of it.
[[nodiscard]] HopSize size_of(const agent::SourceFacts& found);

}  // namespace migrate::controller
