"""The application's side of message replay, complete: copy this file into a consumer to make it fit for migration.

A migration hands the consumer a second queue that holds what arrived while its state was on its way, and tells it so
through a control queue of its own. docs/app-contract.md says what an application has to do, row by row; in short:
  - look into the control queue before consuming anything, at every reconnect, and at least every second, also while a
    slow message is being handled;
  - START_REPLAY names a queue: read that one instead of your own;
  - END_REPLAY: finish and acknowledge everything delivered from it, end that consumer, call replay_finished() and go
    back to your own queue;
  - while replaying, apply messages to the state but publish nothing: remember each id with its result. When such an id
    turns up in your own queue later, publish what was remembered and acknowledge, but do not apply it again.
    (ResultLedger in order_state.py does that part.)

Nothing in here imports pika; the functions at the end are for its BlockingConnection.
"""

import json
import socket

NONE = "none"
START_REPLAY = "start_replay"  # give back what is delivered and not begun yet, then consume queue
END_REPLAY = "end_replay"  # finish and acknowledge what is delivered, end the consumer, replay_finished()


def control_queue_name():
    """The control queue of this Pod. The host name is read anew at each call: after a restore, what the process
    remembers is the name of the Pod it was checkpointed in."""
    return "ms2m.control." + socket.gethostname()


class ReplayProtocol:
    """Which queue to consume now, from what the control queue has said so far."""

    def __init__(self, own_queue):
        self.own_queue = own_queue
        self._replay_queue = None
        self._ended_queue = None  # whose replay was finished last
        # END_REPLAY was taken, replay_finished() not called yet. A connection that breaks in between leaves it so: what
        # was not acknowledged has gone back to the replay queue, and comes before anything in the own one.
        self.ending = False

    @property
    def replaying(self):
        return self._replay_queue is not None

    @property
    def queue(self):
        """The queue to consume now."""
        return self._replay_queue if self.replaying else self.own_queue

    def on_control_message(self, body):
        """Takes one message of the control queue (bytes or text) and answers NONE, START_REPLAY or END_REPLAY. The
        message is to be acknowledged whatever is returned: what is not understood today will not be tomorrow."""
        try:
            message = json.loads(body)
        except (ValueError, RecursionError):
            return NONE
        if not isinstance(message, dict):
            return NONE
        if message.get("type") == "START_REPLAY":
            payload = message.get("payload")
            queue = payload.get("queue") if isinstance(payload, dict) else None
            already_there = not self.ending and queue == self._replay_queue
            if not isinstance(queue, str) or not queue or already_there:
                return NONE
            self._replay_queue = queue
            self.ending = False
            return START_REPLAY
        if message.get("type") == "END_REPLAY" and self.replaying and not self.ending:
            self.ending = True
            return END_REPLAY
        return NONE

    def replay_finished(self):
        """Everything that the replay queue had delivered is acknowledged and its consumer has ended."""
        if not self.ending:
            return  # told to start again meanwhile
        self._ended_queue = self._replay_queue
        self._replay_queue = None
        self.ending = False

    def queue_is_gone(self):
        """The broker says that `queue` does not exist; says_no_such_queue() tells. When that ends the replay, `queue`
        is the own one: it was ending, or this replay had ended before and was started once more, by a migration that
        did not know (its controller was restarted). Otherwise nothing changes: try again until the queue is there or
        the control queue says something else; the own queue is still another Pod's."""
        if self.replaying and self._replay_queue == self._ended_queue:
            self.ending = True
        self.replay_finished()


def says_no_such_queue(reply_code, reply_text):
    """Of pika's ChannelClosedByBroker. RabbitMQ also answers 404 for a queue that it has and cannot reach now (its node
    is down, its process stops, it took too long): that one comes back with all that is in it."""
    return reply_code == 404 and "no queue " in reply_text


def give_back(channel):
    """Closes a channel of pika's BlockingConnection, so that the broker puts all it had delivered there and that was
    not acknowledged back to the head of its queue, in order.

    Not by channel.close(), channel.cancel() or connection.close(): these first reject, one by one, what pika has read
    and not handed out yet. On a quorum queue that reorders, and what is rejected can be delivered a second time before
    the rest is back. The channel object underneath closes without a word about messages; it has no public name."""
    channel._impl.close()
    while not channel.is_closed:
        channel.connection.process_data_events(time_limit=0.005)


def is_drained(channel, queue):
    """Whether nothing stands ready in `queue` and all that the broker sent to the channel's consumer has been handed
    to its callback. With everything handed out acknowledged, that is the end of a replay: after END_REPLAY nothing new
    comes into the queue.

    The first answer may overtake a delivery that was made before it; the second one comes behind that delivery."""
    for _ in range(2):
        if channel.queue_declare(queue, passive=True).method.message_count > 0:
            return False
    channel.connection.process_data_events(time_limit=0)
    return True
