// The application's side of message replay, complete: copy this class into a consumer to make it fit for migration.
//
// A migration hands the consumer a second queue that holds what arrived while its state was on its way, and tells it
// so through a control queue of its own. The contract with the application:
//   - look into the control queue before consuming anything, at every reconnect, and at least every second, also while
//     a slow message is being handled;
//   - START_REPLAY names a queue: read that one instead of your own;
//   - END_REPLAY: finish what was delivered from it, acknowledge it, cancel that consumer, call replay_finished() and
//     go back to your own queue;
//   - while replaying, apply messages to the state but publish nothing: remember each id with its result. When such an
//     id turns up in the own queue later (the other instance never acknowledged it), publish what was remembered and
//     acknowledge, but do not apply it again. (ResultLedger in ../core does that part.)
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace orders {

// The control queue of this Pod. The host name is read anew at each call: after a restore, what the process remembers
// is the name of the Pod it was checkpointed in.
[[nodiscard]] std::string control_queue_name();

class ReplayProtocol {
 public:
  explicit ReplayProtocol(std::string own_queue) : own_queue_(std::move(own_queue)) {}

  enum class Change {
    none,
    start_replay,  // give back what is delivered and not begun yet, then consume queue()
    end_replay,    // finish and acknowledge everything delivered, cancel, replay_finished(), then consume queue()
  };

  // Takes one message of the control queue (JSON: {"type":"START_REPLAY","payload":{"queue":"…"}} or
  // {"type":"END_REPLAY"}). The message is to be acknowledged whatever is returned: what is not understood today will
  // not be understood tomorrow.
  Change on_control_message(std::string_view body);

  // Everything that the replay queue had delivered is acknowledged and its consumer is cancelled.
  void replay_finished();

  // The broker says that queue() does not exist: 404 with "no queue", and nothing else is that (see
  // amqp/connection.h). When that ends the replay, queue() is the own one: it was ending, or this replay had ended
  // before and was started once more, by a migration that did not know (its controller was restarted). Otherwise
  // nothing changes: try again until the queue is there or the control queue says something else; the own queue is
  // still another Pod's.
  void queue_is_gone();

  [[nodiscard]] bool replaying() const { return replay_queue_.has_value(); }
  // END_REPLAY was taken, replay_finished() not called yet. A connection that breaks in between leaves it so: what was
  // not acknowledged has gone back to the replay queue, and comes before anything in the own one.
  [[nodiscard]] bool ending() const { return ending_; }
  // The queue to consume now.
  [[nodiscard]] const std::string& queue() const { return replaying() ? *replay_queue_ : own_queue_; }

 private:
  std::string own_queue_;
  std::optional<std::string> replay_queue_;
  bool ending_ = false;
  std::string ended_queue_;  // whose replay was finished last
};

}  // namespace orders
