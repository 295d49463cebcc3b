// `create` of a container: the main line from "is it to be restored?" to "it runs". What it does to the world goes
// through an interface, so that every turn of it is tested without a container.
#pragma once

#include <chrono>
#include <string>

#include "node/runtime/decision.h"
#include "node/runtime/documents.h"
#include "shared/base/result.h"

namespace migrate::runtime {

class RestoreWorld {
 public:
  virtual ~RestoreWorld() = default;
  // Since this create began; never goes back.
  virtual milliseconds elapsed() = 0;
  virtual Observation observe() = 0;
  // Returns at a change of what `observe` sees or after a moment, at the latest after `at_most`.
  virtual void wait_for_change(milliseconds at_most) = 0;
  // Tells the agent that this create waits, or that it gave up waiting. Decides nothing, so it cannot fail.
  virtual void announce_waiting() = 0;
  virtual void withdraw_waiting() = 0;

  // Lays the checkpoint's file changes over the container's root. May be done again on another root.
  virtual Result<void> prepare() = 0;
  // From here on memory may run. Fails when it was done before.
  virtual Result<void> claim() = 0;
  virtual Result<void> restore() = 0;
  // Lets the `start` that follows succeed: a restored container runs already.
  virtual Result<void> answer_start() = 0;
  virtual Result<void> mark_used() = 0;

  // By CRIU's log of this attempt; nothing when there is none.
  virtual std::optional<bool> tasks_resumed() = 0;
  virtual void report_failure(const FailureReport& report) = 0;
  virtual void note(const std::string& text) = 0;
};

enum class Outcome { exec_runc, restored };

[[nodiscard]] Result<Outcome> create_container(const Request& request, RestoreWorld& world);

}  // namespace migrate::runtime
