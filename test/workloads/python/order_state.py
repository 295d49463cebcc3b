"""The state of the example consumer: what it has made of all messages so far, in memory only. The same as
../core/order_state.h and ../core/records.h, so that orders-audit judges both consumers alike."""

import hashlib
import json
from collections import namedtuple

FIRST_DIGEST = "0" * 64

Order = namedtuple("Order", "id producer sequence value")
OrderResult = namedtuple("OrderResult", "count sum")  # effective orders, this one included, and the sum of their values

APPLIED = "applied"  # new: the state changed; publish the result, then acknowledge
REPLAYED = "replayed"  # new, while replaying: the state changed; acknowledge, publish nothing
DUPLICATE = "duplicate"  # known, its result is out or is not ours to publish yet: acknowledge
REPUBLISHED = "republished"  # known, but its result never went out: publish the remembered one, then acknowledge


def to_json(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def parse_order(body, message_id):
    """An Order of a message's body and id; ValueError when it is none. Without an id it is refused: nothing could tell
    whether it was seen before."""
    try:
        fields = json.loads(body)
        order = Order(message_id, fields["producer"], fields["sequence"], fields["value"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ValueError(f"order '{body[:200]!r}': {error!r}") from error
    if not message_id or not isinstance(order.producer, str):
        raise ValueError(f"order '{body[:200]!r}': it has no message id or no producer")
    if type(order.sequence) is not int or order.sequence < 0 or type(order.value) is not int:
        raise ValueError(f"order '{body[:200]!r}': sequence and value must be integers")
    return order


def next_digest(previous, order):
    """Order-sensitive: two states with the same digest have seen the same messages in the same order."""
    text = f"{previous}\n{order.id}\n{order.producer}\n{order.sequence}\n{order.value}"
    return hashlib.sha256(text.encode()).hexdigest()


def _wrapped(number):
    """As a signed 64-bit integer, like the C++ consumer's sum."""
    return (number + 2**63) % 2**64 - 2**63


class OrderState:
    def __init__(self):
        self.count = 0
        self.sum = 0
        self.digest = FIRST_DIGEST
        self.last_sequence = {}  # by producer
        self.gaps = 0  # sequence numbers were jumped over
        self.reordered = 0  # came after a higher one of its producer

    def apply(self, order):
        self.count += 1
        self.sum = _wrapped(self.sum + order.value)
        self.digest = next_digest(self.digest, order)
        last = self.last_sequence.get(order.producer, 0)
        self.gaps += order.sequence > last + 1
        self.reordered += order.sequence <= last
        self.last_sequence[order.producer] = max(last, order.sequence)
        return OrderResult(self.count, self.sum)


class ResultLedger:
    """State plus what makes an application fit for replay: which ids were applied, and whose results are not out yet.

    This one remembers every id for ever, which an example may; docs/app-contract.md says how many are enough."""

    def __init__(self, idempotent=True):
        self.state = OrderState()
        self.duplicates = 0
        self._idempotent = idempotent
        self._applied = set()
        self._unpublished = {}

    @property
    def unpublished(self):
        return len(self._unpublished)

    def knows(self, order_id):
        """take() would leave the state as it is: nothing needs to be worked out for it."""
        return self._idempotent and order_id in self._applied

    def take(self, order, replaying):
        """(outcome, result); the result is to be published when the outcome is APPLIED or REPUBLISHED."""
        if order.id in self._applied:
            self.duplicates += 1
            if self._idempotent:
                remembered = self._unpublished.get(order.id)
                if replaying or remembered is None:
                    return DUPLICATE, None
                return REPUBLISHED, remembered
        self._applied.add(order.id)
        result = self.state.apply(order)
        self._unpublished[order.id] = result
        return (REPLAYED if replaying else APPLIED), result

    def published(self, order_id):
        """The result is confirmed by the broker: only now it is forgotten. A checkpoint that falls between take() and
        this keeps it, and the message, never acknowledged, comes again."""
        self._unpublished.pop(order_id, None)
