// What reaches a migration at work from outside: that it is not wanted any more, what a person decided, and that
// somebody else goes on with it.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>

#include "shared/migration/migration.h"

namespace migrate::controller {

class Signals {
 public:
  // `leave`: the controller stops, or has lost the lead.
  explicit Signals(const std::stop_token& leave);

  // The object as it is now, from any thread. An older one than was told, as a watch brings it late, says nothing.
  void tell(const Migration& now);

  [[nodiscard]] bool leaving() const { return leave_.stop_requested(); }
  // spec.abort, or the object is being deleted.
  [[nodiscard]] bool aborted() const;
  [[nodiscard]] bool deleting() const;
  [[nodiscard]] Resolution resolution() const;
  // For what must not be interrupted by an abort.
  [[nodiscard]] std::stop_token leave() const { return leave_; }
  // Leaving or aborted.
  [[nodiscard]] std::stop_token interrupt() const { return interrupt_.get_token(); }

 private:
  struct Forward {
    std::stop_source* to;
    void operator()() const { to->request_stop(); }
  };
  std::stop_token leave_;
  std::stop_source interrupt_;
  std::stop_callback<Forward> forward_;
  mutable std::mutex mutex_;
  std::int64_t generation_ = 0;
  bool aborted_ = false;
  bool deleting_ = false;
  Resolution resolution_ = Resolution::none;
};

}  // namespace migrate::controller
