#include "extender/controller/restored_process.h"

#include <algorithm>
#include <string>
#include <vector>

#include "extender/controller/replay.h"
#include "extender/controller/steps.h"

namespace migrate::controller {
namespace {

constexpr milliseconds kPatience{1'000};

using Restored = std::vector<agent::RestoredContainer>;

WhoRuns judge(const Restored& restored, const std::vector<agent::ContainerFacts>& running) {
  if (restored.empty() || restored.size() != running.size()) return WhoRuns::unknown;
  WhoRuns verdict = WhoRuns::the_restored;
  for (std::size_t i = 0; i < restored.size(); ++i) {
    const agent::RestoredContainer& one = restored[i];
    const bool is_known = one.state == agent::RestoreState::used && !one.container_id.empty();
    if (is_known && one.container_id != running[i].id) return WhoRuns::another;
    if (!is_known) verdict = WhoRuns::unknown;
  }
  return verdict;
}

// What cannot be asked is not known, but for who leads.
Attempt<WhoRuns> unknown_but(const Outcome& error) {
  if (error.event == Event::left) return tl::make_unexpected(error);
  return WhoRuns::unknown;
}

}  // namespace

Attempt<WhoRuns> who_runs(Hop& hop, const Limits& limits) {
  if (hop.is_by_image()) return WhoRuns::unknown;  // no claim is made then
  const std::vector<std::string> names = names_of_containers(hop);
  const std::string& node = hop.status().target.node;
  const Limits patience{std::min(limits.until, hop.world().pacer.now() + kPatience), limits.stop};
  const auto restored = hop.ask<Restored>(node, "look whom the memory was given to", "", patience,
                                          [&](agent::AgentApi& agent, const agent::Call& call) {
                                            return agent.restore_states(hop.order(), hop.target_ref(), names, {}, call);
                                          });
  if (!restored) return unknown_but(restored.error());
  const auto running = hop.ask<agent::SourceFacts>(
      node, "look what runs", "", patience, [&](agent::AgentApi& agent, const agent::Call& call) {
        return agent.inspect(hop.order(), hop.target_ref(), names, {}, call);
      });
  if (!running) return unknown_but(running.error());
  return judge(*restored, running->containers);
}

Attempt<void> ask_who_reads(Hop& hop, Attendance& attendance, std::uint64_t consumers, const Limits& limits) {
  if (!attendance.begin_asking(consumers)) return {};
  const auto runs = who_runs(hop, limits);
  if (!runs) return tl::make_unexpected(runs.error());
  if (*runs == WhoRuns::another) return memory_is_gone(hop);
  if (*runs == WhoRuns::the_restored) attendance.vouched();
  hop.log(LogLevel::info, *runs == WhoRuns::the_restored ? "the mirror is read by the restored process"
                                                         : "its agent cannot tell who reads the mirror");
  return {};
}

tl::unexpected<Outcome> memory_is_gone(Hop& hop) {
  return target_died(hop, "; another one runs in its place");
}

}  // namespace migrate::controller
