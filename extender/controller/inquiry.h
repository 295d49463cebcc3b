// All that is looked at before anything is touched, and what speaks against the migration, found in one go: whoever is
// refused is told everything at once. Each look goes on from what those before it have found; one whose ground is
// missing (no Pod, no agent to be asked) says nothing.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "extender/controller/hop.h"
#include "extender/controller/refusals.h"
#include "extender/controller/replay.h"
#include "shared/migration/forecast.h"

namespace migrate::controller {

// What the broker says of the queue.
struct QueueLook {
  std::optional<ReplayLink> link;           // nothing: no queue is known, or its broker was not reached
  std::optional<Outcome> no_link;           // why it was not
  std::optional<broker::QueueFacts> facts;  // of one that was looked at for replay
  std::optional<QueueOutlook> outlook;      // of one that can be replayed from
  std::vector<Refusal> against_replay;      // why it cannot
  std::string why_none;                     // the same for a sentence about the choice: a clause
};

struct Inquiry {
  explicit Inquiry(Hop& of) : hop(of), limits(of.before_commit()) {}

  Hop& hop;
  Limits limits;
  std::shared_ptr<const Json> pod;  // the one that was asked for; null: it may not be looked at, or is another by now
  Surroundings around;
  std::optional<agent::SourceFacts> source;  // as its node's agent sees it
  CheckpointBackend backend = CheckpointBackend::automatic;
  QueueLook queue;
  // Once its size is known: the question that was put to the forecast, and what came of it.
  std::optional<StrategyQuestion> question;
  StrategyChoice choice;

  std::string malformed_preference;   // preference.h
  std::vector<Refusal> all;           // those too that are accepted
  std::vector<std::string> warnings;  // what hinders nothing and a user should know
  std::optional<Outcome> unanswered;  // the first look that came to nothing

  // Whom the agents are asked for, and no longer: a Pod that does not answer must not keep everything waiting.
  [[nodiscard]] Limits patience() const;
  [[nodiscard]] PodView view() const { return view_of(*pod); }
  void add(Refusal refusal);
  void add(const std::vector<Refusal>& refusals);
  // What a look came to that did not end well: one more refusal, or a look without an answer. False: it is not for us
  // to go on, as we leave or it is not wanted any more.
  [[nodiscard]] bool takes(const Outcome& outcome);
};

// The archives' bytes, of a Pod whose size is known.
[[nodiscard]] Bytes carried(const Inquiry& asked);

// The Pod, its set, its nodes, volumes and neighbours, and whether the API server would take its target.
[[nodiscard]] Attempt<void> look_at_pod(Inquiry& asked);
// Whether what its user prefers can be followed: that refuses nothing.
[[nodiscard]] Attempt<void> look_at_wishes(Inquiry& asked);
// Its containers, as the agent of its node sees them.
[[nodiscard]] Attempt<void> look_at_source(Inquiry& asked);
// Whether its queue can be replayed from, where that may be wanted.
[[nodiscard]] Attempt<void> look_at_replay(Inquiry& asked);
// The strategy, by forecast or as asked for.
[[nodiscard]] Attempt<void> choose(Inquiry& asked);
// What speaks against that strategy.
[[nodiscard]] Attempt<void> judge_strategy(Inquiry& asked);
// That the broker can be asked, and what of the queue speaks against the strategy.
[[nodiscard]] Attempt<void> judge_queue(Inquiry& asked);
// What its size and its runtime say of both nodes, and the budgets of the forecast.
[[nodiscard]] Attempt<void> judge_size(Inquiry& asked);
// The right and the feature gate that the kubelet's checkpoint takes.
[[nodiscard]] Attempt<void> try_kubelet(Inquiry& asked);
// The registry, where the archives go through one.
[[nodiscard]] Attempt<void> try_registry(Inquiry& asked);

}  // namespace migrate::controller
