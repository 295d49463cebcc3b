// The replay protocol (docs/app-contract.md) played to a throw-away copy of an application, with what the broker shows
// of it: who consumes which queue, and how much stands in it.
//
//   collect    a queue like a migration's mirror, bound for a while, so that it holds real messages
//   start      START_REPLAY stands in the copy's control queue before the copy exists: it must read that queue alone
//   replay     it acknowledges everything, gives nothing back, stays, and comes back after a broken connection
//   end        END_REPLAY: it leaves that queue and goes to its own one, where its Pod is ended at once
//
// Whether it publishes while it replays nobody can see from outside.
#pragma once

#include <chrono>
#include <string>

#include "plugin/app_copy.h"
#include "plugin/check_list.h"
#include "plugin/io.h"
#include "shared/broker/broker.h"

namespace migrate::plugin {

struct TrialPlan {
  std::string queue;   // the application's own
  std::string mirror;  // the throw-away one
  AppCopy copy;
  std::vector<broker::Binding> bindings;  // of the application's queue
  std::chrono::milliseconds collect{0};   // for how long messages are collected
  bool may_touch_queue = false;           // END_REPLAY may be played
};

class AppTrial {
 public:
  AppTrial(const Session& session, broker::Broker& broker, CheckList& checks, TrialPlan plan);

  // All steps, up to the first that the copy fails, which is in the list then. An error is one of the cluster or the
  // broker, or kDetached: the user wants to go. Whatever it answers, clean_up() comes next.
  [[nodiscard]] Outcome<void> run();
  // Ends the copy, waits until it is gone, and removes its queues; in the list. Not interrupted.
  void clean_up();

 private:
  using milliseconds = std::chrono::milliseconds;
  using Steady = std::chrono::steady_clock::time_point;
  // True: go on.
  using Step = Outcome<bool>;

  // How the queues stand now.
  struct Sight {
    broker::Depth primary;
    broker::Depth mirror;
  };
  struct Started {
    bool runs = false;
    Steady since;  // when it was seen to run
  };

  Step collect();
  Step start();
  Step replay();
  Step reconnect();
  Step end();

  // Whether it does so by hand; a broker that does not tell has nothing against it.
  Step acknowledges(std::string_view what);
  [[nodiscard]] Outcome<Sight> look();
  [[nodiscard]] Outcome<bool> control_is_read();
  // Follows the copy's Pod; false when it has ended or does not start, which is in the list then.
  Step follow(Started& started, Steady now);
  [[nodiscard]] Outcome<std::vector<std::string>> connections();
  [[nodiscard]] bool has_left(const Sight& sight) const { return sight.primary.consumers > baseline_; }
  Step failed(std::string_view what, std::string_view why, std::string_view hint = {});
  Outcome<void> wait(milliseconds span);
  [[nodiscard]] Steady now() const;
  // The end of its log, for whoever reads a failure.
  [[nodiscard]] std::string last_words();
  bool remove_pod();

  const Session& session_;
  broker::Broker& broker_;
  CheckList& checks_;
  TrialPlan plan_;
  std::uint64_t collected_ = 0;
  std::uint64_t baseline_ = 0;  // consumers of the application's queue without the copy
  Steady next_touch_{};         // when the management API is asked at the latest
  bool has_queues_ = false;
  bool has_pod_ = false;
  bool has_ended_replay_ = false;
  std::string pod_uid_;
};

}  // namespace migrate::plugin
