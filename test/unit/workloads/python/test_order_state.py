import unittest

import order_state
from memory_block import MemoryBlock
from order_state import Order, OrderState, ResultLedger, next_digest, parse_order

FIRST = Order("a-1", "a", 1, 5)
SECOND = Order("a-2", "a", 2, 7)


class State(unittest.TestCase):
    def test_counts_sums_and_answers_with_both(self):
        state = OrderState()
        self.assertEqual(state.apply(FIRST), (1, 5))
        self.assertEqual(state.apply(SECOND), (2, 12))
        self.assertEqual(state.last_sequence, {"a": 2})

    # The same words as in the C++ test: printf '%064d\na-1\na\n1\n5' 0 | sha256sum
    def test_the_digest_is_that_of_the_cpp_consumer(self):
        expected = "f010acb864517e1e4ff847cb84d5614e3bb3b889aad9ab77aad076abfb1019f8"
        self.assertEqual(next_digest(order_state.FIRST_DIGEST, FIRST), expected)

    def test_counts_gaps_and_reorderings_for_each_producer(self):
        state = OrderState()
        for sequence in (1, 4, 2, 5):
            state.apply(Order(f"a-{sequence}", "a", sequence, 1))
        state.apply(Order("b-1", "b", 1, 1))
        self.assertEqual((state.gaps, state.reordered, state.last_sequence), (1, 1, {"a": 5, "b": 1}))

    def test_a_sum_beyond_the_limit_wraps_around(self):
        state = OrderState()
        state.apply(Order("a-1", "a", 1, 2**63 - 1))
        self.assertEqual(state.apply(Order("a-2", "a", 2, 1)).sum, -(2**63))


class Ledger(unittest.TestCase):
    def test_follows_the_table(self):
        # what was done before, mode, outcome
        table = [
            ("new, live", [], False, order_state.APPLIED),
            ("new, replaying", [], True, order_state.REPLAYED),
            ("published, live", ["take", "published"], False, order_state.DUPLICATE),
            ("published, replaying", ["take", "published"], True, order_state.DUPLICATE),
            ("never published, live", ["take"], False, order_state.REPUBLISHED),
            ("never published, replaying", ["take"], True, order_state.DUPLICATE),
            ("replayed, then live", ["replay"], False, order_state.REPUBLISHED),
            ("replayed, republished, then live", ["replay", "published"], False, order_state.DUPLICATE),
        ]
        for name, before, replaying, expected in table:
            with self.subTest(name):
                ledger = ResultLedger()
                for step in before:
                    if step == "published":
                        ledger.published(FIRST.id)
                    else:
                        ledger.take(FIRST, replaying=step == "replay")
                outcome, result = ledger.take(FIRST, replaying)
                self.assertEqual(outcome, expected)
                self.assertEqual(ledger.state.count, 1)
                if outcome in (order_state.APPLIED, order_state.REPUBLISHED):
                    self.assertEqual(result, (1, 5))

    def test_without_idempotency_a_repeated_message_is_applied_again_and_counted(self):
        ledger = ResultLedger(idempotent=False)
        ledger.take(FIRST, False)
        self.assertEqual(ledger.take(FIRST, False), (order_state.APPLIED, (2, 10)))
        self.assertEqual(ledger.duplicates, 1)


class Parsing(unittest.TestCase):
    def test_an_order_is_its_body_with_the_message_id(self):
        self.assertEqual(parse_order(b'{"producer":"a","sequence":1,"value":5}', "a-1"), FIRST)

    def test_anything_else_is_refused(self):
        good = '{"producer":"a","sequence":1,"value":5}'
        bad = ['{"producer":"a","sequence":-1,"value":5}', '{"producer":1,"sequence":1,"value":5}', "[]", "7", "", "{}"]
        bad += ['{"producer":"a","sequence":true,"value":5}', '{"producer":"a","sequence":1,"value":"5"}']
        for body, message_id in [(good, None), (good, "")] + [(body, "x") for body in bad]:
            with self.subTest(body), self.assertRaises(ValueError):
                parse_order(body, message_id)


class Memory(unittest.TestCase):
    def test_a_changed_byte_is_noticed_wherever_it_is(self):
        for at in (0, 65535, 65536, 99999):
            block = MemoryBlock(100000)
            self.assertTrue(block.verify())
            block.bytes[at] ^= 1
            self.assertFalse(block.verify())

    def test_nothing_is_a_block_too(self):
        self.assertTrue(MemoryBlock(0).verify())


if __name__ == "__main__":
    unittest.main()
