"""The consumer's loop: the contract when all goes well, and when the connection breaks at every single step."""

import unittest

from fake_broker import END_REPLAY, FakeBroker, order, start_replay
from order_state import OrderState, parse_order


def digest_of(*orders):
    state = OrderState()
    for message_id, body in orders:
        state.apply(parse_order(body, message_id))
    return state.digest


def end_when_drained(broker, queue, told=None):
    """Says END_REPLAY as soon as nothing stands ready in the replay queue, as a migration does."""
    told = [] if told is None else told

    def look():
        if not told and not broker.queues.get(queue):
            told.append(True)
            broker.control(END_REPLAY)

    broker.meanwhile = look


class WhenAllGoesWell(unittest.TestCase):
    def test_handles_messages_in_order_and_answers_each(self):
        broker = FakeBroker()
        broker.push("orders", order("a", 1), order("a", 2), order("b", 1))
        status = broker.run()
        self.assertEqual((status["count"], status["sum"], status["connects"]), (3, 40, 1))
        self.assertEqual(broker.outcomes(), ["a-1 applied", "a-2 applied", "b-1 applied"])
        self.assertEqual(broker.answered(), ["a-1", "a-2", "b-1"])
        published = broker.results[1][1]
        self.assertEqual((published["count"], published["sum"], published["pod"]), (2, 30, "orders-0"))
        self.assertEqual(set(published), {"count", "sum", "pod", "published"})

    def test_acknowledges_only_after_the_result_is_confirmed(self):
        broker = FakeBroker()
        broker.push("orders", order("a", 1))
        broker.run()
        self.assertLess(broker.journal.index("confirm a-1"), broker.journal.index("acknowledge a-1"))

    def test_logs_a_chain_of_digests_with_pod_and_queue(self):
        broker = FakeBroker()
        broker.push("orders", order("a", 1), order("a", 1), order("a", 2))
        status = broker.run()
        first, repeated, second = broker.log
        self.assertEqual(first["previous"], "0" * 64)
        self.assertEqual(repeated["previous"], repeated["digest"])
        self.assertEqual(second["previous"], first["digest"])
        self.assertEqual(second["digest"], status["digest"])
        names = {"id", "producer", "sequence", "value", "finished", "pod", "queue", "outcome", "previous", "digest"}
        self.assertEqual(set(first), names)

    def test_a_repeated_message_is_applied_once_unless_idempotency_is_off(self):
        for idempotent, count in ((True, 1), (False, 2)):
            with self.subTest(idempotent=idempotent):
                broker = FakeBroker()
                broker.push("orders", order("a", 1), order("a", 1))
                status = broker.run(idempotent=idempotent)
                self.assertEqual((status["count"], status["duplicates"]), (count, 1))
                self.assertEqual(len(broker.results), count)

    def test_works_on_no_message_that_it_knows_but_on_each_without_idempotency(self):
        for idempotent, worked in ((True, 70_000), (False, 140_000)):
            with self.subTest(idempotent=idempotent):
                broker = FakeBroker()
                broker.push("orders", order("a", 1), order("a", 1))
                broker.run(idempotent=idempotent, service_time=0.07)
                first, second = (line["finished"] for line in broker.log)
                self.assertEqual(second - first, worked - 70_000)

    def test_a_message_that_is_no_order_is_acknowledged_and_complained_about(self):
        broker = FakeBroker()
        broker.push("orders", ("x", "rubbish"), order("a", 1))
        self.assertEqual(broker.run()["count"], 1)
        self.assertIn("acknowledge x", broker.journal)
        self.assertEqual(len(broker.complaints), 1)

    def test_looks_into_the_control_queue_before_it_consumes_and_also_during_a_slow_message(self):
        broker = FakeBroker()
        broker.push("orders", order("a", 1))
        looks = []
        broker.breaks = lambda entry: looks.append(broker.elapsed) if entry == "take" else False
        broker.run(service_time=10.0)
        self.assertLess(broker.journal.index("take"), broker.journal.index("consume orders"))
        self.assertLessEqual(max(b - a for a, b in zip(looks, looks[1:])), 1.0)

    def test_a_clock_that_went_back_does_not_keep_it_from_looking(self):
        broker = FakeBroker()
        broker.push("orders", order("a", 1))
        jumps = [900.0]

        def jump():
            if jumps:
                broker.elapsed -= jumps.pop()

        broker.meanwhile = jump
        broker.run()
        self.assertGreater(broker.journal.count("take"), 10)

    def test_a_stop_during_a_slow_message_gives_it_back(self):
        broker = FakeBroker()
        broker.push("orders", order("a", 1))
        broker.meanwhile = lambda: broker.elapsed > 1001 and broker.consumer.stop()
        self.assertEqual(broker.run(service_time=10.0)["count"], 0)
        self.assertTrue(broker.queues["orders"])

    def test_replays_before_it_touches_its_own_queue_and_publishes_what_it_remembered_afterwards(self):
        broker = FakeBroker()
        broker.push("replay", order("a", 1), order("a", 2))
        broker.push("orders", order("a", 2), order("a", 3))
        broker.control(start_replay("replay"))
        end_when_drained(broker, "replay")
        status = broker.run()
        self.assertEqual(broker.outcomes(), ["a-1 replayed", "a-2 replayed", "a-2 republished", "a-3 applied"])
        self.assertEqual(broker.answered(), ["a-2", "a-3"])
        self.assertEqual(broker.results[0][1]["count"], 2)
        self.assertEqual((status["queue"], status["replaying"]), ("orders", False))
        self.assertLess(broker.journal.index("stop replay"), broker.journal.index("consume orders"))

    def test_start_replay_gives_back_what_was_delivered_ahead_and_finishes_what_was_begun(self):
        broker = FakeBroker()
        broker.push("orders", order("a", 1), order("a", 2), order("a", 3))
        broker.push("replay", order("b", 1))
        told = []

        def tell():
            if not told:
                told.append(True)
                broker.control(start_replay("replay"))

        broker.meanwhile = tell
        broker.run(service_time=0.5)
        self.assertEqual(broker.outcomes(), ["a-1 applied", "b-1 replayed"])
        self.assertEqual([message_id for message_id, _ in broker.queues["orders"]], ["a-2", "a-3"])


class WhenConnectionsBreak(unittest.TestCase):
    def break_at_every_step(self, prepare, check):
        at, reached = 0, True
        while reached:
            at += 1
            broker = FakeBroker()
            prepare(broker)
            steps, reached = [], False

            def breaks(entry):
                nonlocal reached
                steps.append(entry)
                if len(steps) != at:
                    return False
                reached = True
                return True

            broker.breaks = breaks
            status = broker.run(prefetch=2)
            with self.subTest(step=at, entry=steps[min(at, len(steps)) - 1]):
                check(broker, status)
        self.assertGreater(at, 20)

    def test_nothing_is_lost_repeated_or_reordered(self):
        orders = [order("a", n) for n in (1, 2, 3)]

        def check(broker, status):
            self.assertEqual(status["digest"], digest_of(*orders))
            self.assertEqual(status["unpublished"], 0)
            self.assertFalse(broker.queues["orders"])
            self.assertEqual(set(broker.answered()), {"a-1", "a-2", "a-3"})
            self.assertLessEqual(len(broker.results), 4)  # one more at most: published, and the confirm was lost
            for message_id, result in broker.results:
                self.assertEqual(result["count"], int(message_id[-1]))

        self.break_at_every_step(lambda broker: broker.push("orders", *orders), check)

    def test_a_replay_is_finished_before_the_own_queue(self):
        def prepare(broker):
            broker.push("replay", order("a", 1), order("a", 2), order("a", 3))
            broker.push("orders", order("a", 3), order("a", 4))
            broker.control(start_replay("replay"))
            end_when_drained(broker, "replay")

        def check(broker, status):
            self.assertEqual(status["digest"], digest_of(*(order("a", n) for n in (1, 2, 3, 4))))
            self.assertEqual(set(broker.answered()), {"a-3", "a-4"})
            self.assertFalse(broker.queues["replay"])
            self.assertFalse(broker.queues["orders"])

        self.break_at_every_step(prepare, check)

    def test_a_restored_copy_replays_under_its_new_name(self):
        def prepare(broker):
            broker.push("orders", order("a", 1), order("a", 2))

        def check(broker, status):
            self.assertEqual(broker.outcomes().count("a-2 applied") + broker.outcomes().count("a-2 replayed"), 1)
            self.assertEqual(status["digest"], digest_of(order("a", 1), order("a", 2)))

        for at in range(1, 25):
            broker = FakeBroker()
            prepare(broker)
            steps = []

            def restored(entry):  # the link breaks, and from here on it is another Pod, told to replay
                steps.append(entry)
                if len(steps) != at:
                    return False
                broker.host = "orders-0-moved"
                broker.push("replay", *[o for o in (order("a", 1), order("a", 2))])
                broker.control(start_replay("replay"))
                end_when_drained(broker, "replay")
                return True

            broker.breaks = restored
            with self.subTest(step=at):
                check(broker, broker.run(prefetch=2))
                if at > 2:
                    after = broker.journal[at:]
                    self.assertLess(after.index("consume replay"), after.index("consume orders"))

    def test_a_replay_queue_that_is_gone_at_the_end_is_a_finished_replay(self):
        broker = FakeBroker()
        broker.push("orders", order("a", 1))
        broker.control(start_replay("replay"))
        broker.control(END_REPLAY)
        status = broker.run()
        self.assertEqual((status["replaying"], status["count"]), (False, 1))

    def test_a_replay_is_not_taken_for_finished_when_the_connection_breaks_at_the_consume(self):
        broker = FakeBroker()
        broker.push("replay", order("a", 1))
        broker.control(start_replay("replay"))
        broker.control(END_REPLAY)
        failures = [True]
        broker.breaks = lambda entry: entry == "consume replay" and bool(failures) and failures.pop()
        broker.run()
        self.assertEqual(broker.outcomes(), ["a-1 replayed"])

    def test_a_replay_that_is_started_again_when_its_queue_is_gone_stays_finished(self):
        broker = FakeBroker()
        broker.push("replay", order("a", 1))
        broker.control(start_replay("replay"))
        words = []

        def look():
            if not words and not broker.queues.get("replay"):
                words.append("end")
                broker.control(END_REPLAY)
            elif len(words) == 1 and "consume orders" in broker.journal:
                words.append("start")
                del broker.queues["replay"]
                broker.control(start_replay("replay"))
                broker.push("orders", order("a", 1), order("a", 2))

        broker.meanwhile = look
        status = broker.run()
        self.assertEqual(words, ["end", "start"])
        self.assertFalse(status["replaying"])
        self.assertEqual(broker.outcomes(), ["a-1 replayed", "a-1 republished", "a-2 applied"])

    def test_a_replay_queue_that_was_never_there_is_waited_for_without_touching_the_own_queue(self):
        broker = FakeBroker()
        broker.push("orders", order("a", 1))
        broker.control(start_replay("late"))

        def look():
            if len(broker.pauses) >= 5 and "late" not in broker.queues:
                self.assertNotIn("consume orders", broker.journal)
                broker.push("late", order("a", 1))
                broker.control(END_REPLAY)

        broker.meanwhile = look
        broker.run()
        self.assertEqual(broker.outcomes(), ["a-1 replayed", "a-1 republished"])

    def test_comes_back_at_once_and_backs_off_to_a_second(self):
        broker = FakeBroker()
        broker.breaks = lambda entry: entry == "open" and len(broker.pauses) < 12
        broker.run()
        self.assertEqual(broker.pauses[:3], [0.01, 0.02, 0.04])
        self.assertEqual(broker.pauses[-1], 1.0)

    def test_does_not_hammer_a_broker_that_has_no_such_queue(self):
        broker = FakeBroker()
        del broker.queues["orders"]
        broker.breaks = lambda entry: len(broker.pauses) > 10 and broker.consumer.stop()
        broker.run()
        self.assertEqual(broker.pauses[-1], 1.0)


if __name__ == "__main__":
    unittest.main()
