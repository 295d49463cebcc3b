"""The program around the loop: options, endpoints, output."""

import contextlib
import io
import json
import os
import unittest

import orders_consumer
from consumer import Consumer, Options
from memory_block import MemoryBlock


class CommandLine(unittest.TestCase):
    def test_options_stand_before_the_environment_and_that_before_defaults(self):
        options = orders_consumer.parse_options(["--queue", "q"], {"QUEUE": "x", "SERVICE_TIME_MS": "7"})
        self.assertEqual((options.queue, options.service_time_ms, options.prefetch), ("q", 7, 10))
        self.assertEqual(options.amqp_url, "amqp://guest:guest@rabbitmq.rabbitmq:5672/")
        self.assertFalse(options.no_idempotency)

    def test_no_idempotency_by_option_or_environment(self):
        self.assertTrue(orders_consumer.parse_options(["--no-idempotency"], {}).no_idempotency)
        for text, value in (("1", True), ("true", True), ("0", False), ("false", False), ("", False)):
            self.assertEqual(orders_consumer.parse_options([], {"NO_IDEMPOTENCY": text}).no_idempotency, value)

    def test_what_is_wrong_ends_with_2(self):
        for arguments in (["--prefetch", "0"], ["--prefetch", "65536"], ["--service-time-ms", "-1"], ["--nonsense"]):
            with self.subTest(arguments), contextlib.redirect_stderr(io.StringIO()):
                with self.assertRaises(SystemExit) as ended:
                    orders_consumer.parse_options(arguments, {})
                self.assertEqual(ended.exception.code, 2)


class Endpoints(unittest.TestCase):
    def setUp(self):
        self.consumer = Consumer(None, Options(), None)
        self.memory = MemoryBlock(1000)

    def answer(self, path):
        return orders_consumer.answer(path, self.consumer, self.memory)

    def test_state_has_everything_the_audit_reads(self):
        state = json.loads(self.answer("/state")[2])
        names = "pod at count sum digest lastSequence gaps reordered duplicates unpublished queue replaying connected"
        self.assertEqual(set(state), {*names.split(), "connects", "memory"})
        self.assertEqual(state["memory"], {"bytes": 1000, "intact": True})
        self.memory.bytes[500] ^= 1
        self.assertFalse(json.loads(self.answer("/state")[2])["memory"]["intact"])
        self.assertEqual(json.loads(self.answer("/state?memory=skip")[2])["memory"], {"bytes": 1000})

    def test_metrics_health_and_the_rest(self):
        self.assertIn("\norders_effective_total 0\n", self.answer("/metrics")[2])
        self.assertEqual(self.answer("/healthz")[0], 200)
        self.assertEqual(self.answer("/nonsense")[0], 404)


class Output(unittest.TestCase):
    def test_a_line_is_written_whole(self):
        reader, writer = os.pipe()
        orders_consumer.write_line("{}", writer)
        self.assertEqual(os.read(reader, 100), b"{}\n")
        os.close(reader)
        os.close(writer)
        orders_consumer.write_line("{}", writer)  # nobody there: no reason to stop


if __name__ == "__main__":
    unittest.main()
