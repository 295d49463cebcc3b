"""A broker and a world in memory for the consumer's loop. Time passes only while the consumer waits; every call is
written into a journal, and any of them can be made to fail, which breaks that link for good."""

import json
from collections import deque, namedtuple

from consumer import Consumer, Options, QueueGone, World

Delivery = namedtuple("Delivery", "id body tag")


def order(producer, sequence):
    return f"{producer}-{sequence}", json.dumps({"producer": producer, "sequence": sequence, "value": sequence * 10})


def start_replay(queue):
    return json.dumps({"type": "START_REPLAY", "payload": {"queue": queue}})


END_REPLAY = json.dumps({"type": "END_REPLAY"})


class FakeBroker:
    def __init__(self):
        self.queues = {"orders": deque()}
        self.results = []
        self.journal = []
        self.log = []
        self.complaints = []
        self.pauses = []
        self.host = "orders-0"
        self.elapsed = 1000.0
        self.breaks = lambda entry: False  # called with each entry of the journal; true breaks the link instead
        self.meanwhile = lambda: None  # called whenever time has passed: another party that acts
        self.connected = False
        self._idle_since = None
        self.consumer = None

    def push(self, queue, *orders):
        self.queues.setdefault(queue, deque()).extend(orders)

    def control(self, body):
        self.push("ms2m.control." + self.host, (None, body))

    def note(self, entry):
        self.journal.append(entry)
        if self.breaks(entry):
            raise ConnectionError("broken at " + entry)

    def advance(self, seconds):
        self.elapsed += seconds
        self.meanwhile()
        if self._idle_since is not None and self.elapsed - self._idle_since > 5:
            self.consumer.stop()  # nothing was delivered for a long time: it has done all it will do

    def busy(self, is_busy):
        self._idle_since = None if is_busy else self._idle_since or self.elapsed

    def run(self, **options):
        world = World(
            pod=lambda: self.host,
            control_queue=lambda: "ms2m.control." + self.host,
            now=lambda: int(self.elapsed * 1e6),
            steady_now=lambda: self.elapsed,
            wait=self._wait,
            log=self.log.append,
            complain=self.complaints.append,
        )
        self.consumer = Consumer(self, Options(**options), world)
        self.consumer.run()
        return self.consumer.status()

    def _wait(self, seconds):
        if not self.connected:
            self.pauses.append(seconds)
        self.advance(seconds)

    def open(self, control_queue):
        self.note("open")
        self.queues.setdefault(control_queue, deque())
        self.connected = True
        return FakeLink(self)

    def outcomes(self):
        return [f"{line['id']} {line['outcome']}" for line in self.log]

    def answered(self):
        return [message_id for message_id, _ in self.results]


class FakeLink:
    def __init__(self, broker):
        self.broker = broker
        self.queue = None
        self.prefetch = 0
        self.held = {}  # by tag, in order
        self.handed_out = 0
        self.tags = 0

    def _deliver(self):
        ready = self.broker.queues.get(self.queue, ())
        while ready and len(self.held) < self.prefetch:
            self.tags += 1
            self.held[self.tags] = ready.popleft()

    def take_control(self, queue):
        self.broker.note("take")
        messages = self.broker.queues[queue]
        return messages.popleft()[1] if messages else None

    def consume(self, queue, prefetch):
        self.stop_consuming()
        self.broker.note("consume " + queue)
        if queue not in self.broker.queues:
            raise QueueGone(queue)
        self.queue, self.prefetch = queue, prefetch
        self._deliver()

    def stop_consuming(self):
        if self.queue is not None:
            self.broker.journal.append("stop " + self.queue)
            self.broker.queues[self.queue].extendleft(reversed(self.held.values()))
        self.queue, self.held, self.handed_out = None, {}, self.tags

    def receive(self, timeout):
        self.broker.note("receive")
        self._deliver()
        for tag, (message_id, body) in self.held.items():
            if tag > self.handed_out:
                self.handed_out = tag
                self.broker.busy(True)
                self.broker.note("deliver " + message_id)
                return Delivery(message_id, body, tag)
        self.broker.busy(False)
        self.broker.advance(timeout)
        return None

    def drained(self, queue):
        self.broker.note("drained " + queue)
        return not self.broker.queues[queue] and max(self.held, default=0) <= self.handed_out

    def acknowledge(self, tag):
        self.broker.note("acknowledge " + self.held[tag][0])
        del self.held[tag]
        self._deliver()

    def publish_result(self, message_id, body):
        self.broker.note("publish " + message_id)
        self.broker.results.append((message_id, json.loads(body)))
        self.broker.note("confirm " + message_id)

    def close(self):
        self.stop_consuming()
        self.broker.connected = False
