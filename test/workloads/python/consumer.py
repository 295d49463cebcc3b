"""orders-consumer's loop in Python: connect, obey the control queue, handle messages one by one, survive being
checkpointed. It does what ../consumer/consumer.h does, in the same order.

A restored copy finds its connections closed and wakes in the middle of whatever it did. It needs no code of its own for
that: the broken session ends, what was delivered and not acknowledged is dropped with it, and the next session begins
with the control queue of the Pod it runs in now. Time may have jumped either way; no wait depends on it.
"""

import threading
from dataclasses import dataclass
from typing import Callable

import order_state
from replay_protocol import ReplayProtocol

# Seconds. The contract says at least every second. Ten times a second costs the broker next to nothing, and the time
# until END_REPLAY is seen is part of the gap.
LOOK_EVERY = 0.1
# Back within 100 ms: most often the broker is there, and only our connection was closed.
FIRST_PAUSE = 0.01
LONGEST_PAUSE = 1.0


class QueueGone(Exception):
    """The queue to be consumed does not exist."""


@dataclass
class Options:
    queue: str = "orders"
    prefetch: int = 10
    service_time: float = 0.05  # seconds
    idempotent: bool = True


@dataclass
class World:
    """The world around the loop; a real one in orders_consumer.py, a recorded one in tests."""

    pod: Callable[[], str]
    control_queue: Callable[[], str]
    now: Callable[[], int]  # microseconds since 1970
    steady_now: Callable[[], float]  # seconds
    wait: Callable[[float], None]  # the work itself, and pauses between attempts
    log: Callable[[dict], None]
    complain: Callable[[str], None]  # connection troubles, for people


class _Session:
    """What belongs to one connection, and is forgotten with it."""

    def __init__(self, link, control_queue, now):
        self.link = link
        self.control_queue = control_queue
        self.last_look = now
        self.consuming = None
        self.consumed = False  # it has consumed something at some time


class Consumer:
    """`run` belongs to one thread; `status` may be called from any.

    `broker.open(control_queue)` gives a link as pika_link.PikaLink, or raises. Whatever a link raises ends its session:
    libraries raise all kinds of things when a process is restored with its sockets closed."""

    def __init__(self, broker, options, world):
        self._broker = broker
        self._options = options
        self._world = world
        self._lock = threading.Lock()  # guards what status() reads: everything below
        self._protocol = ReplayProtocol(options.queue)
        self._ledger = order_state.ResultLedger(options.idempotent)
        self._connected = False
        self._connects = 0
        self._stop = False

    def stop(self):
        """Ends run() soon; may be called from a signal handler."""
        self._stop = True

    def status(self):
        with self._lock:
            state = self._ledger.state
            return {
                "count": state.count,
                "sum": state.sum,
                "digest": state.digest,
                "lastSequence": dict(state.last_sequence),
                "gaps": state.gaps,
                "reordered": state.reordered,
                "duplicates": self._ledger.duplicates,
                "unpublished": self._ledger.unpublished,
                "queue": self._protocol.queue,
                "replaying": self._protocol.replaying,
                "connected": self._connected,
                "connects": self._connects,
            }

    def run(self):
        pause = FIRST_PAUSE
        while not self._stop:
            link = session = None
            try:
                control_queue = self._world.control_queue()
                link = self._broker.open(control_queue)
                session = _Session(link, control_queue, self._world.steady_now())
                self._set_connected(True)
                self._serve(session)
            except Exception as error:  # see above
                self._world.complain(f"{type(error).__name__}: {error}")
            finally:
                self._set_connected(False)
                if link is not None:
                    link.close()  # before the pause: its deliveries return
            # A session that consumed was a good one, and it is worth hurrying back. One that failed before, for want of
            # a queue perhaps, must not be tried twenty times a second.
            if session is not None and session.consumed:
                pause = FIRST_PAUSE
            if not self._stop:
                self._world.wait(pause)
                pause = min(pause * 2, LONGEST_PAUSE)

    def _set_connected(self, connected):
        with self._lock:
            self._connected = connected
            self._connects += connected

    def _serve(self, session):
        # Before any consume: a restored copy must not touch its own queue while it is to replay another one.
        self._look_into_control_queue(session)
        while not self._stop:
            self._go_to_queue(session)
            delivery = session.link.receive(LOOK_EVERY)
            if delivery is not None:
                self._handle(session, delivery)
            self._look_if_due(session)

    def _look_if_due(self, session):
        since = self._world.steady_now() - session.last_look
        if since >= LOOK_EVERY or since < 0:  # a restored process may find an earlier time than it remembers
            self._look_into_control_queue(session)

    def _look_into_control_queue(self, session):
        """Takes everything that stands there; what follows from it is done between two messages."""
        while (body := session.link.take_control(session.control_queue)) is not None:
            with self._lock:
                self._protocol.on_control_message(body)
        session.last_look = self._world.steady_now()

    def _go_to_queue(self, session):
        """Consumes the queue that the protocol names, having finished with the one before if it was told to."""
        while self._protocol.ending and not self._stop:
            patience = 0
            if session.consuming != self._protocol.queue:
                # The connection broke while it finished: what it had not acknowledged stands in the replay queue again.
                self._consume(session)
                patience = LOOK_EVERY  # deliveries are on their way
            self._finish_replay(session, patience)
        if session.consuming != self._protocol.queue:
            self._consume(session)

    def _consume(self, session):
        """Only the broker's word that there is no such queue can end a replay; after anything else (a broken connection,
        a right that is missing, a queue that cannot be reached now) it is asked for again."""
        session.consuming = None
        try:
            session.link.consume(self._protocol.queue, self._options.prefetch)
        except QueueGone:
            with self._lock:
                self._protocol.queue_is_gone()
            raise
        session.consuming = self._protocol.queue
        session.consumed = True

    def _finish_replay(self, session, patience):
        """What the replay queue has delivered is handled and acknowledged, then its consumer is ended; after that
        nothing of it is left with us, and whoever made the queue finds it empty and unused."""
        while self._protocol.ending and not self._stop:
            delivery = session.link.receive(patience)
            if delivery is not None:
                self._handle(session, delivery)
            elif session.link.drained(session.consuming):
                session.link.stop_consuming()
                session.consuming = None
                with self._lock:
                    self._protocol.replay_finished()
                return
            else:
                patience = LOOK_EVERY
            self._look_if_due(session)

    def _work(self, session):
        """The work on a message: time goes by. In slices, because the control queue is looked into also while it lasts,
        and so that the connection stays alive."""
        left = self._options.service_time
        while left > 0 and not self._stop:
            self._world.wait(min(left, LOOK_EVERY))
            left -= LOOK_EVERY
            if left > 0:
                self._look_if_due(session)

    def _handle(self, session, delivery):
        """The work, then the state, the result, the acknowledgement: a message is never acknowledged before its result
        is safe, and one that is interrupted anywhere comes again and is recognised. Before the work: behind a replay all
        that was in both queues comes once more, and new ones wait for as long as that takes."""
        try:
            order = order_state.parse_order(delivery.body, delivery.id)
        except ValueError as error:
            self._world.complain(str(error))
            session.link.acknowledge(delivery.tag)  # it would not be understood the next time either
            return
        if not self._ledger.knows(order.id):
            self._work(session)
            if self._stop:
                return  # not handled: it goes back with the connection
        outcome, result = self._apply(session, order)
        if outcome in (order_state.APPLIED, order_state.REPUBLISHED):
            body = {
                "count": result.count,
                "sum": result.sum,
                "pod": self._world.pod(),
                "published": self._world.now(),
            }
            session.link.publish_result(order.id, order_state.to_json(body))
            with self._lock:
                self._ledger.published(order.id)
        session.link.acknowledge(delivery.tag)

    def _apply(self, session, order):
        # Not the protocol's word: it may have changed while this message was worked on.
        queue = session.consuming
        with self._lock:
            previous = self._ledger.state.digest
            outcome, result = self._ledger.take(order, replaying=queue != self._options.queue)
            digest = self._ledger.state.digest
            finished = self._world.now()
        self._world.log(
            {
                **order._asdict(),
                "finished": finished,
                "pod": self._world.pod(),
                "queue": queue,
                "outcome": outcome,
                "previous": previous,
                "digest": digest,
            }
        )
        return outcome, result
