import json
import socket
import unittest

import replay_protocol
from replay_protocol import END_REPLAY, NONE, START_REPLAY, ReplayProtocol

START = '{"type":"START_REPLAY","payload":{"queue":"ms2m.replay.1"}}'
START_OTHER = '{"type":"START_REPLAY","payload":{"queue":"ms2m.replay.2"}}'
END = '{"type":"END_REPLAY"}'

# The whole protocol: where it stands, what comes, what is to be done, where it stands then.
TABLE = [
    ("own queue, start", [], START, START_REPLAY, "ms2m.replay.1", False),
    ("own queue, end: nothing to end", [], END, NONE, "orders", False),
    ("replaying, end", [START], END, END_REPLAY, "ms2m.replay.1", True),
    ("replaying, start of the same: told twice", [START], START, NONE, "ms2m.replay.1", False),
    ("replaying, start of another", [START], START_OTHER, START_REPLAY, "ms2m.replay.2", False),
    ("ending, end: told twice", [START, END], END, NONE, "ms2m.replay.1", True),
    ("ending, start of the same: it goes on", [START, END], START, START_REPLAY, "ms2m.replay.1", False),
    ("ending, start of another", [START, END], START_OTHER, START_REPLAY, "ms2m.replay.2", False),
    ("bytes", [], START.encode(), START_REPLAY, "ms2m.replay.1", False),
    ("no JSON", [], "START_REPLAY", NONE, "orders", False),
    ("no text", [], b"\xff\xfe\x00", NONE, "orders", False),
    ("no object", [], '["START_REPLAY"]', NONE, "orders", False),
    ("no type", [], '{"payload":{"queue":"q"}}', NONE, "orders", False),
    ("type is no text", [], '{"type":1}', NONE, "orders", False),
    ("unknown type", [START], '{"type":"PAUSE"}', NONE, "ms2m.replay.1", False),
    ("start without a payload", [], '{"type":"START_REPLAY"}', NONE, "orders", False),
    ("start with a text as payload", [], '{"type":"START_REPLAY","payload":"q"}', NONE, "orders", False),
    ("start without a queue", [], '{"type":"START_REPLAY","payload":{}}', NONE, "orders", False),
    ("start with an empty queue", [], '{"type":"START_REPLAY","payload":{"queue":""}}', NONE, "orders", False),
    ("start with a number", [], '{"type":"START_REPLAY","payload":{"queue":7}}', NONE, "orders", False),
    ("nested too deep", [], "[" * 100000, NONE, "orders", False),
]


class Protocol(unittest.TestCase):
    def test_follows_the_table(self):
        for name, before, message, change, queue, ending in TABLE:
            with self.subTest(name):
                protocol = ReplayProtocol("orders")
                for earlier in before:
                    protocol.on_control_message(earlier)
                self.assertEqual(protocol.on_control_message(message), change)
                self.assertEqual((protocol.queue, protocol.ending), (queue, ending))
                self.assertEqual(protocol.replaying, queue != "orders")

    def test_goes_back_to_the_own_queue_only_when_the_replay_is_finished(self):
        protocol = ReplayProtocol("orders")
        protocol.on_control_message(START)
        protocol.replay_finished()  # nobody said END: it is not over
        self.assertEqual(protocol.queue, "ms2m.replay.1")
        protocol.on_control_message(END)
        protocol.replay_finished()
        self.assertEqual((protocol.queue, protocol.ending), ("orders", False))

    def test_a_queue_that_is_gone_ends_a_replay_that_was_ending_or_had_ended(self):
        protocol = ReplayProtocol("orders")
        protocol.queue_is_gone()  # the own one
        self.assertEqual(protocol.queue, "orders")
        protocol.on_control_message(START)
        protocol.queue_is_gone()  # not made yet, or the migration is rolled back: the own queue is still another's
        self.assertEqual(protocol.queue, "ms2m.replay.1")
        protocol.on_control_message(END)
        protocol.queue_is_gone()
        self.assertEqual(protocol.queue, "orders")
        protocol.on_control_message(START)  # told again, after the end
        protocol.queue_is_gone()
        self.assertEqual((protocol.queue, protocol.ending), ("orders", False))
        protocol.on_control_message(START_OTHER)  # the next migration
        protocol.queue_is_gone()
        self.assertEqual(protocol.queue, "ms2m.replay.2")

    def test_the_control_queue_is_named_after_the_host(self):
        self.assertEqual(replay_protocol.control_queue_name(), "ms2m.control." + socket.gethostname())


class FakeChannel:
    """As far as give_back() and is_drained() know pika's: a closing channel is closed once events were processed."""

    def __init__(self, counts=()):
        self.calls = []
        self.counts = list(counts)
        self.is_closed = False
        self._impl = self.connection = self

    def close(self):
        self.calls.append("close")

    def process_data_events(self, time_limit):
        self.is_closed = self.calls.count("process") > 0 and "close" in self.calls
        self.calls.append("process")

    def queue_declare(self, queue, passive):
        assert passive, "it must not make the queue"
        self.calls.append("count " + queue)
        self.method = self
        self.message_count = self.counts.pop(0)
        return self


class WithPika(unittest.TestCase):
    def test_no_such_queue_is_404_with_these_words(self):
        says = replay_protocol.says_no_such_queue
        self.assertTrue(says(404, "NOT_FOUND - no queue 'q' in vhost '/'"))
        self.assertFalse(says(404, "NOT_FOUND - home node 'rabbit@b' of durable queue 'q' in vhost '/' is down"))
        self.assertFalse(says(404, "NOT_FOUND - queue 'q' in vhost '/' process is stopped by supervisor"))
        self.assertFalse(says(403, "ACCESS_REFUSED - access to queue 'no queue ' in vhost '/' refused for user 'x'"))
        self.assertFalse(says(405, "RESOURCE_LOCKED - cannot obtain exclusive access to locked queue 'q'"))

    def test_give_back_closes_and_waits_until_it_is_closed(self):
        channel = FakeChannel()
        replay_protocol.give_back(channel)
        self.assertEqual(channel.calls, ["close", "process", "process"])

    def test_drained_is_a_queue_that_is_empty_twice_with_everything_handed_out(self):
        for counts, drained in (([0, 0], True), ([3], False), ([0, 1], False)):
            with self.subTest(counts=counts):
                channel = FakeChannel(counts)
                self.assertEqual(replay_protocol.is_drained(channel, "q"), drained)
                self.assertEqual(channel.calls[-1] == "process", drained)


if __name__ == "__main__":
    unittest.main()
