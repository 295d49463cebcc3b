// Which strategy is taken: what the Pod, its queue and its broker say, put to the forecast.
//
// An application that has not declared its control queue does not follow the replay protocol, so `auto` replays nothing
// to it; neither to one whose queue cannot be mirrored, or whose rates are unknown. A broker that does not answer is no
// error there: nothing can be replayed then.
#pragma once

#include "extender/controller/inquiry.h"

namespace migrate::controller {

// How full the queue is and how fast it fills and empties, by the broker's last count and the Pod's annotation. A
// broker that does not answer leaves rates unknown.
[[nodiscard]] QueueOutlook queue_outlook(const ReplayLink& link, const broker::QueueFacts& facts, const Json& pod);

// What is checkpointed, and how much of it.
[[nodiscard]] HopSize size_of(const agent::SourceFacts& found);

// Of an inquiry with a question:
// The budgets that the chosen strategy is not forecast to keep; a warning of one that it may miss.
[[nodiscard]] std::vector<Refusal> judge_budgets(Inquiry& asked);
void note_forecast(const Inquiry& asked, MigrationStatus& status);
// What every strategy would take, and what speaks against it.
[[nodiscard]] std::vector<Alternative> alternatives_of(const Inquiry& asked);

}  // namespace migrate::controller
