#!/usr/bin/python3
"""orders-consumer in Python: the second example of a stateful consumer that can be migrated. Options, log, results and
endpoints are those of the C++ one; ../README.md describes them."""

import argparse
import http.server
import logging
import os
import select
import signal
import socket
import socketserver
import sys
import threading
import time

import order_state
from consumer import Consumer, Options, World
from memory_block import MemoryBlock
from replay_protocol import control_queue_name


def whole_number(least, most=2**63):
    def parse(text):
        if not least <= (number := int(text)) <= most:
            raise ValueError
        return number

    parse.__name__ = f"whole number from {least}"
    return parse


def parse_options(arguments, environment):
    """Each option can be given as an environment variable of the same name (--queue-type, QUEUE_TYPE)."""
    parser = argparse.ArgumentParser(
        prog="orders-consumer",
        description="Consumes orders, keeps what they add up to in memory, publishes a result for each.",
        allow_abbrev=False,
    )

    def option(name, default, text, kind=str):
        variable = name[2:].replace("-", "_").upper()
        parser.add_argument(name, default=environment.get(variable) or default, help=text, type=kind)

    option("--amqp-url", "amqp://guest:guest@rabbitmq.rabbitmq:5672/", "Broker")
    option("--exchange", "orders", "Exchange the orders come from")
    option("--exchange-type", "fanout", "fanout, direct, topic or headers")
    option("--routing-key", "", "Key the queue is bound with")
    option("--queue", "orders", "Queue to consume")
    option("--queue-type", "classic", "classic or quorum")
    option("--results-exchange", "orders.results", "Where results go")
    option("--service-time-ms", "50", "Work for each message, in milliseconds", whole_number(0))
    option("--prefetch", "10", "Messages delivered ahead", whole_number(1, 65535))
    option("--memory-mib", "20", "Size of the memory block", whole_number(0))
    option("--control-queue", "", "Look into this queue in place of ms2m.control.HOSTNAME; with {hostname}")
    option("--http-port", "8080", "Port of /state, /metrics, /healthz", whole_number(0, 65535))
    parser.add_argument(
        "--no-idempotency",
        action="store_true",
        default=environment.get("NO_IDEMPOTENCY", "").lower() not in ("", "0", "false", "no", "off"),
        help="Apply every delivery, also repeated ones",
    )
    return parser.parse_args(arguments)


def write_line(text, descriptor):
    """One write(2) a line, so that no checkpoint and no kill falls into the middle of one."""
    left = (text + "\n").encode()
    try:
        while left:
            left = left[os.write(descriptor, left) :]
    except OSError:
        pass  # nobody reads it: not a reason to stop consuming


def wait(seconds):
    # Not time.sleep(): it waits until an instant of the machine's monotonic clock, and a process that is restored on a
    # machine that started later would sleep for days. select() has a span of time.
    select.select([], [], [], seconds)


def real_world(control_queue=""):
    def named():
        return control_queue.replace("{hostname}", socket.gethostname())

    return World(
        pod=socket.gethostname,
        control_queue=named if control_queue else control_queue_name,
        now=lambda: time.time_ns() // 1000,
        steady_now=time.monotonic,
        wait=wait,
        log=lambda handled: write_line(order_state.to_json(handled), 1),
        complain=lambda text: write_line("orders-consumer: " + text, 2),
    )


def metrics_text(status):
    rows = (
        ("orders_effective_total", "counter", "Messages that changed the state", status["count"]),
        ("orders_duplicates_total", "counter", "Messages that had been applied before", status["duplicates"]),
        ("orders_gaps_total", "counter", "Sequence numbers jumped over", status["gaps"]),
        ("orders_reordered_total", "counter", "Messages that came after a later one of their producer",
         status["reordered"]),
        ("orders_connects_total", "counter", "Connections made to the broker", status["connects"]),
        ("orders_unpublished", "gauge", "Results remembered and not published yet", status["unpublished"]),
        ("orders_replaying", "gauge", "1 while a replay queue is read", int(status["replaying"])),
        ("orders_connected", "gauge", "1 while connected to the broker", int(status["connected"])),
    )
    return "".join(f"# HELP {name} {text}\n# TYPE {name} {kind}\n{name} {value}\n" for name, kind, text, value in rows)


def answer(path, consumer, memory):
    """(status, content type, body)"""
    if path == "/healthz":
        return 200, "text/plain", "ok\n"
    if path in ("/state", "/state?memory=skip"):
        block = {"bytes": len(memory.bytes)}
        if path == "/state":
            block["intact"] = memory.verify()
        state = {"pod": socket.gethostname(), "at": time.time_ns() // 1000, "memory": block, **consumer.status()}
        return 200, "application/json", order_state.to_json(state) + "\n"
    if path == "/metrics":
        return 200, "text/plain; version=0.0.4", metrics_text(consumer.status())
    return 404, "text/plain", "there are /state, /state?memory=skip, /metrics and /healthz\n"


class HttpServer(socketserver.ThreadingTCPServer):
    # http.server's own asks DNS for the name of 0.0.0.0 first.
    allow_reuse_address = True
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass  # somebody hung up


def serve_http(port, consumer, memory):
    class Handler(http.server.BaseHTTPRequestHandler):
        timeout = 10

        def do_GET(self):
            status, kind, body = answer(self.path, consumer, memory)
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body.encode())))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_):
            pass

    server = HttpServer(("0.0.0.0", port), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()


def main():
    from pika_link import PikaBroker, Topology  # here: the rest is tested where there is no pika

    options = parse_options(sys.argv[1:], os.environ)
    logging.getLogger("pika").setLevel(logging.CRITICAL)  # what it has to say we say ourselves, in a line
    topology = Topology(
        options.exchange,
        options.exchange_type,
        options.routing_key,
        options.queue,
        options.queue_type,
        options.results_exchange,
    )
    memory = MemoryBlock(options.memory_mib << 20)
    consumer = Consumer(
        PikaBroker(options.amqp_url, topology),
        Options(options.queue, options.prefetch, options.service_time_ms / 1000, not options.no_idempotency),
        real_world(options.control_queue),
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: consumer.stop())
    serve_http(options.http_port, consumer, memory)
    consumer.run()


if __name__ == "__main__":
    main()
