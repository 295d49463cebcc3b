// One migration at work: its record and what its steps do things with.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "extender/controller/backlog_watch.h"
#include "extender/controller/journal.h"
#include "extender/controller/pod_view.h"
#include "extender/controller/target_pod.h"

namespace migrate::controller {

// How long something is tried, and what ends it before.
struct Limits {
  Steady until;
  std::stop_token stop;
};

class Hop {
 public:
  Hop(World& world, Signals& signals, Journal& journal) : world_(world), signals_(signals), journal_(journal) {}

  [[nodiscard]] World& world() { return world_; }
  [[nodiscard]] const Signals& signals() const { return signals_; }
  [[nodiscard]] Journal& journal() { return journal_; }
  [[nodiscard]] BacklogWatch& backlog() { return backlog_; }
  // Connected to last, with the Secret of that name; for connect_to() alone.
  struct KnownBroker {
    std::string secret = {};
    std::shared_ptr<broker::Broker> broker = {};
  };
  [[nodiscard]] KnownBroker& known_broker() { return known_broker_; }
  [[nodiscard]] const Migration& migration() const { return journal_.migration(); }
  [[nodiscard]] MigrationStatus& status() { return journal_.status(); }
  [[nodiscard]] const Json& source() const { return journal_.source(); }
  [[nodiscard]] PodView source_view() const { return view_of(journal_.source()); }

  [[nodiscard]] agent::Order order() const;
  [[nodiscard]] agent::PodRef source_ref();
  [[nodiscard]] agent::PodRef target_ref();
  // emptyDirs that are carried along.
  [[nodiscard]] bool carries_volumes() const;
  [[nodiscard]] std::vector<std::string> volumes() const;
  [[nodiscard]] TargetPlan target_plan();
  // The target's containers are restored from images (spec.restore). Such a target is made only once its images are
  // there, and a placeholder holds its room until then.
  [[nodiscard]] bool is_by_image() const { return migration().spec.restore == RestoreWay::image; }
  // The target takes its placeholder's room behind the commit; a shadow does before.
  [[nodiscard]] bool is_made_after_commit() const {
    return has_placeholder() && strategy_of(migration()) != Strategy::live;
  }
  [[nodiscard]] bool has_placeholder() const { return takes_name(migration()) || is_by_image(); }

  // Until spec.timeout is over; an abort ends it. For what comes before the commit.
  [[nodiscard]] Limits before_commit() const;
  // The same, but no longer than the source may stay frozen.
  [[nodiscard]] Limits while_frozen();
  // For so long from now; only leaving ends it.
  [[nodiscard]] Limits after_commit(milliseconds span) const;
  // How long the source may be frozen, and until when; the second is nothing before the freeze.
  [[nodiscard]] milliseconds freeze_limit();
  [[nodiscard]] std::optional<Instant> frozen_until();
  // Since when, by an answer that has just come, and by our own clock: the agent's is another one, and what follows is
  // reckoned by ours.
  [[nodiscard]] std::optional<Instant> frozen_at(const agent::SourceRecord& record) const;

  // What must not wait for the end of a step: does what is due, and says when it is to be asked again at the latest
  // (nothing: never). It is asked in pauses and before calls, and no call to an agent or the API server outlasts that.
  using Duty = std::function<std::optional<Steady>()>;
  void take_duty(Duty duty) { duty_ = std::move(duty); }

  // What interrupted: leaving, an abort, or (both not) what is given.
  [[nodiscard]] Outcome interrupted(Outcome otherwise) const;
  [[nodiscard]] milliseconds left_of(const Limits& limits) const;
  // What a single call may take, at least a millisecond.
  [[nodiscard]] milliseconds longest_call(const Limits& limits);
  // False: interrupted, or the time is over.
  [[nodiscard]] bool pause(milliseconds span, const Limits& limits);
  void log(LogLevel level, std::string_view message, LogFields fields = {});
  // Into the record, once.
  void warn(const std::string& message);
  // Shown with the step at work. Not on the critical path.
  [[nodiscard]] Attempt<void> say(const std::string& message);

  // Gives an order, again and again while the agent cannot be reached. `what` is for messages: "freeze"; `failure` is
  // the reason of an order that was carried out and failed: "FreezeFailed". `still` is asked before each repeat: an
  // order that took minutes to reach its agent may be wrong by then.
  template <class T>
  using AgentCall = std::function<agent::AgentResult<T>(agent::AgentApi&, const agent::Call&)>;
  using Premise = std::function<Attempt<void>()>;
  template <class T>
  [[nodiscard]] Attempt<T> ask(const std::string& node, const std::string& what, const std::string& failure,
                               const Limits& limits, const AgentCall<T>& call, const Premise& still = nullptr) {
    Patience patience;
    for (;;) {
      if (auto ready = ready_to_order(limits); !ready) return tl::make_unexpected(ready.error());
      auto connected = world_.agents.agent(node);
      agent::AgentError error{agent::AgentError::Kind::unreachable, connected ? "" : connected.error().message};
      if (connected) {
        auto answer = call(**connected, call_within(limits));
        if (answer) {
          if constexpr (std::is_void_v<T>)
            return {};
          else
            return std::move(*answer);
        }
        error = answer.error();
      }
      if (auto again = go_on_after(error, node, what, failure, limits, patience); !again)
        return tl::make_unexpected(again.error());
      if (!still) continue;
      if (auto holds = still(); !holds) return tl::make_unexpected(holds.error());
    }
  }

 private:
  struct Patience {
    milliseconds wait{50};
  };
  Attempt<void> ready_to_order(const Limits& limits) const;
  [[nodiscard]] agent::Call call_within(const Limits& limits);
  // Until when nothing is due.
  Steady attend();
  // Success: ask again.
  Attempt<void> go_on_after(const agent::AgentError& error, const std::string& node, const std::string& what,
                            const std::string& failure, const Limits& limits, Patience& patience);

  World& world_;
  Signals& signals_;
  Journal& journal_;
  BacklogWatch backlog_;
  KnownBroker known_broker_;
  Duty duty_;
  bool at_duty_ = false;  // which makes calls itself
};

}  // namespace migrate::controller
