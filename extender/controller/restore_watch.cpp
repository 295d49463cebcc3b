#include "extender/controller/restore_watch.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "extender/controller/steps.h"

namespace migrate::controller {
namespace {

constexpr milliseconds kPoll{2'000};

}  // namespace

RestoreWatch::RestoreWatch(Hop& hop, std::string what, std::string failure)
    : hop_(hop),
      what_(std::move(what)),
      failure_(std::move(failure)),
      containers_(names_of_containers(hop)),
      known_(containers_.size(), agent::RestoreState::none) {}

Attempt<std::vector<agent::RestoredContainer>> RestoreWatch::look(const Limits& limits) {
  auto states = hop_.ask<std::vector<agent::RestoredContainer>>(
      hop_.status().target.node, what_, failure_, limits, [&](agent::AgentApi& agent, agent::Call call) {
        call.timeout = std::min(call.timeout, kPoll);
        return agent.restore_states(hop_.order(), hop_.target_ref(), containers_, known_, call);
      });
  has_changed_ = false;
  if (!states) return states;
  for (std::size_t i = 0; i < std::min(known_.size(), states->size()); ++i)
    has_changed_ = std::exchange(known_[i], (*states)[i].state) != (*states)[i].state || has_changed_;
  return states;
}

}  // namespace migrate::controller
