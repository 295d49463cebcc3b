#include "extender/controller/restored_process.h"

#include <algorithm>
#include <string>
#include <vector>

#include "extender/controller/steps.h"

namespace migrate::controller {
namespace {

constexpr milliseconds kPatience{1'000};

}  // namespace

bool runs_as_restored(Hop& hop, const Limits& limits) {
  const std::vector<std::string> names = names_of_containers(hop);
  const std::string& node = hop.status().target.node;
  const Limits patience{std::min(limits.until, hop.world().pacer.now() + kPatience), limits.stop};
  const auto restored = hop.ask<std::vector<agent::RestoredContainer>>(
      node, "look whom the memory was given to", "", patience, [&](agent::AgentApi& agent, const agent::Call& call) {
        return agent.restore_states(hop.order(), hop.target_ref(), names, {}, call);
      });
  if (!restored) return false;
  const auto running = hop.ask<agent::SourceFacts>(
      node, "look what runs", "", patience, [&](agent::AgentApi& agent, const agent::Call& call) {
        return agent.inspect(hop.order(), hop.target_ref(), names, {}, call);
      });
  if (!running) return false;
  const auto is_same = [](const agent::RestoredContainer& one, const agent::ContainerFacts& other) {
    return one.state == agent::RestoreState::used && !one.container_id.empty() && one.container_id == other.id;
  };
  return std::equal(restored->begin(), restored->end(), running->containers.begin(), running->containers.end(),
                    is_same);
}

}  // namespace migrate::controller
