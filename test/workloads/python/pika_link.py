"""A session with RabbitMQ over pika's BlockingConnection, as consumer.py wants it.

Nothing is done in pika's callbacks but to put deliveries aside: the loop takes them when it has the time. Every wait
is bounded: by heartbeats, which go out only while one of these methods runs (so call one at least every two seconds;
pika notices a broker that is silent after 10 to 20 s), by TCP's user timeout, and, where the broker is out of memory or
disk, by pika's blocked-connection timeout.
"""

from collections import deque, namedtuple

import pika
from pika.exceptions import ChannelClosedByBroker, UnroutableError

from consumer import QueueGone
from replay_protocol import give_back, is_drained, says_no_such_queue

TIMEOUT = 5  # seconds

Delivery = namedtuple("Delivery", "id body tag")
Topology = namedtuple("Topology", "exchange exchange_type routing_key queue queue_type results_exchange")


class PikaBroker:
    def __init__(self, url, topology):
        self._url = url
        self._topology = topology

    def open(self, control_queue):
        """Connects and declares the topology and the control queue."""
        consuming = self._connect()
        try:
            self._declare(consuming, control_queue)
            return PikaLink(consuming, self._connect(), self._topology.results_exchange)
        except BaseException:
            _quietly(consuming.close)
            raise

    def _connect(self):
        parameters = pika.URLParameters(self._url)
        parameters.heartbeat = TIMEOUT
        parameters.socket_timeout = TIMEOUT
        parameters.stack_timeout = 2 * TIMEOUT
        parameters.blocked_connection_timeout = TIMEOUT
        parameters.tcp_options = {"TCP_USER_TIMEOUT": TIMEOUT * 1000}
        return pika.BlockingConnection(parameters)

    def _declare(self, connection, control_queue):
        t = self._topology
        channel = connection.channel()
        channel.exchange_declare(t.exchange, t.exchange_type, durable=True)
        channel.queue_declare(t.queue, durable=True, arguments={"x-queue-type": t.queue_type})
        channel.queue_bind(t.queue, t.exchange, t.routing_key)
        channel.exchange_declare(t.results_exchange, "fanout", durable=True)
        channel.queue_declare(control_queue, durable=True, arguments={"x-queue-type": "classic"})
        channel.close()


class PikaLink:
    """Two connections: confirms of results must not queue up behind deliveries. A migration closes the one that
    consumes. After any exception a link is to be closed and replaced."""

    def __init__(self, consuming, publishing, results_exchange):
        self._consuming = consuming
        self._publishing = publishing
        self._results_exchange = results_exchange
        self._control = consuming.channel()
        self._results = publishing.channel()
        self._results.confirm_delivery()
        self._channel = None
        self._deliveries = deque()
        self._cancelled = False

    def take_control(self, queue):
        """The body of the next message in the control queue, acknowledged; None when there is none."""
        # The one regular call: it also keeps the other connection alive, which may have nothing to say for hours, and
        # finds out when it broke.
        self._publishing.process_data_events(time_limit=0)
        method, _, body = self._control.basic_get(queue)
        if method is None:
            return None
        self._control.basic_ack(method.delivery_tag)
        return body

    def consume(self, queue, prefetch):
        """Consumes a queue on a channel of its own; what the consumer before had not acknowledged goes back first."""
        self.stop_consuming()
        channel = self._consuming.channel()
        channel.basic_qos(prefetch_count=prefetch)
        channel.add_on_cancel_callback(self._on_cancel)
        deliveries = deque()
        try:
            channel.basic_consume(
                queue,
                lambda _, method, properties, body: deliveries.append(
                    Delivery(properties.message_id, body, method.delivery_tag)
                ),
            )
        except ChannelClosedByBroker as error:
            if says_no_such_queue(error.reply_code, error.reply_text):
                raise QueueGone(f"consume {queue}: {error.reply_text}") from error
            raise
        self._channel, self._deliveries = channel, deliveries

    def _on_cancel(self, _):
        self._cancelled = True

    def stop_consuming(self):
        """Ends the consumer, if any; what it had not acknowledged goes back to its queue, in order."""
        channel, self._channel = self._channel, None
        self._deliveries = deque()
        if channel is not None and channel.is_open:
            give_back(channel)

    def receive(self, timeout):
        """The next delivery, or None when there was none within the timeout (or something else happened)."""
        if not self._deliveries:
            self._consuming.process_data_events(time_limit=timeout)
        if self._cancelled:
            raise QueueGone("the broker cancelled the consumer: its queue is gone")
        if not self._channel.is_open:
            raise ConnectionError("the broker closed the channel")
        return self._deliveries.popleft() if self._deliveries else None

    def drained(self, queue):
        """Nothing of the queue that is consumed is left to be handled, here or at the broker."""
        return not self._deliveries and is_drained(self._channel, queue) and not self._deliveries

    def acknowledge(self, tag):
        self._channel.basic_ack(tag)

    def publish_result(self, message_id, body):
        """Returns when the broker has taken responsibility for the result; raises where it did not."""
        properties = pika.BasicProperties(
            content_type="application/json", delivery_mode=pika.DeliveryMode.Persistent.value, message_id=message_id
        )
        try:
            self._results.basic_publish(self._results_exchange, "", body.encode(), properties, mandatory=True)
        except UnroutableError:
            pass  # nobody collects results, and that is no concern of ours; the broker has confirmed it all the same

    def close(self):
        for step in (self.stop_consuming, self._consuming.close, self._publishing.close):
            _quietly(step)


def _quietly(step):
    try:
        step()
    except Exception:
        pass  # of a broken connection nothing more is wanted
