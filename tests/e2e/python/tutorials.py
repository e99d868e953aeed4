"""Runs the programs of tutorials 1 to 7 as a reader would and checks the lines they print.

The programs (folder tutorials/) are the well-known introduction to queues: hello, work queues,
publish/subscribe, routing, topics, remote calls, publisher confirms.
"""

import contextlib
import pathlib
import selectors
import subprocess
import sys
import time

from harness import case, expect_equal, main
from pika_help import channel_of

FOLDER = pathlib.Path(__file__).resolve().parent / "tutorials"
SECONDS_MAX = 20


class Program:
    """One running program; it is ended when the `with` block is left."""

    def __init__(self, broker, prefix, script, *words):
        self.script = script
        self.process = subprocess.Popen(
            [sys.executable, str(FOLDER / script), broker.host, str(broker.port), prefix, *words],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.rest = b""
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.process.stdout, selectors.EVENT_READ)

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        self.process.kill()
        self.process.communicate()
        self.selector.close()

    def line(self):
        """The next line it prints."""
        deadline = time.monotonic() + SECONDS_MAX
        while b"\n" not in self.rest:
            if not self.selector.select(deadline - time.monotonic()):
                raise AssertionError(f"{self.script} printed no line for {SECONDS_MAX} s")
            read = self.process.stdout.read1(65536)
            if not read:
                raise AssertionError(f"{self.script}: {self.process.stderr.read().decode()[-300:]}")
            self.rest += read
        line, self.rest = self.rest.split(b"\n", 1)
        return line.decode()

    def expect(self, *lines):
        expect_equal([self.line() for _ in lines], list(lines), f"lines of {self.script}")


def finish(broker, prefix, script, *words):
    """Runs a program that ends by itself and returns its lines."""
    done = subprocess.run(
        [sys.executable, str(FOLDER / script), broker.host, str(broker.port), prefix, *words],
        capture_output=True, text=True, timeout=SECONDS_MAX, check=False)
    expect_equal((done.returncode, done.stderr[-300:]), (0, ""), f"end of {script}")
    return done.stdout.splitlines()


@contextlib.contextmanager
def names_deleted(broker, prefix, queues=(), exchanges=()):
    try:
        yield
    finally:
        with channel_of(broker) as channel:
            for queue in queues:
                channel.queue_delete(f"{prefix}.{queue}")
            for exchange in exchanges:
                channel.exchange_delete(f"{prefix}.{exchange}")


@case
def one_hello(broker):
    prefix = broker.name("t1")
    with names_deleted(broker, prefix, queues=["hello"]):
        expect_equal(finish(broker, prefix, "t1_send.py", "Hello!"), ["sent Hello!"], "sender")
        with Program(broker, prefix, "t1_receive.py") as receiver:
            receiver.expect("waiting", "got Hello!")
            finish(broker, prefix, "t1_send.py", "Again")
            receiver.expect("got Again")


@case
def two_work_queues(broker):
    """Two workers share the tasks; the task of the one that is killed goes to the other."""
    prefix = broker.name("t2")
    with names_deleted(broker, prefix, queues=["tasks"]):
        with Program(broker, prefix, "t2_worker.py") as killed:
            killed.expect("waiting")
            finish(broker, prefix, "t2_new_task.py", "hold", "one", "two", "three")
            killed.expect("took hold")
            with Program(broker, prefix, "t2_worker.py") as worker:
                worker.expect("waiting", "took one", "took two", "took three")
                killed.process.kill()
                worker.expect("redone hold")


@case
def three_publish_subscribe(broker):
    prefix = broker.name("t3")
    with names_deleted(broker, prefix, exchanges=["logs"]):
        finish(broker, prefix, "t3_emit_log.py", "nobody listens")
        with Program(broker, prefix, "t3_receive_logs.py") as one, \
                Program(broker, prefix, "t3_receive_logs.py") as two:
            one.expect("waiting")
            two.expect("waiting")
            finish(broker, prefix, "t3_emit_log.py", "all hear")
            one.expect("got all hear")
            two.expect("got all hear")


@case
def four_routing(broker):
    prefix = broker.name("t4")
    with names_deleted(broker, prefix, exchanges=["direct"]):
        with Program(broker, prefix, "t4_receive_logs_direct.py", "error") as errors, \
                Program(broker, prefix, "t4_receive_logs_direct.py", "info", "error") as both:
            errors.expect("waiting")
            both.expect("waiting")
            for severity in ("info", "debug", "error"):
                finish(broker, prefix, "t4_emit_log_direct.py", severity, f"a {severity}")
            errors.expect("got error a error")
            both.expect("got info a info", "got error a error")


@case
def five_topics(broker):
    prefix = broker.name("t5")
    with names_deleted(broker, prefix, exchanges=["topic"]):
        with Program(broker, prefix, "t5_receive_logs_topic.py", "#") as all_of_it, \
                Program(broker, prefix, "t5_receive_logs_topic.py", "kern.*") as kernel, \
                Program(broker, prefix, "t5_receive_logs_topic.py", "*.critical", "cron.#") as two:
            for program in (all_of_it, kernel, two):
                program.expect("waiting")
            for key in ("kern.info", "cron.critical", "kern", "kern.critical"):
                finish(broker, prefix, "t5_emit_log_topic.py", key, "text")
            all_of_it.expect("got kern.info text", "got cron.critical text", "got kern text",
                             "got kern.critical text")
            kernel.expect("got kern.info text", "got kern.critical text")
            two.expect("got cron.critical text", "got kern.critical text")


@case
def six_remote_calls(broker):
    prefix = broker.name("t6")
    with names_deleted(broker, prefix, queues=["rpc"]):
        with Program(broker, prefix, "t6_rpc_server.py") as server:
            server.expect("waiting")
            lines = finish(broker, prefix, "t6_rpc_client.py", "0", "1", "10", "30", "90")
            expect_equal(lines, ["got 0 1 55 832040 2880067194370816120"], "answers")


@case
def seven_publisher_confirms(broker):
    lines = finish(broker, broker.name("t7"), "t7_publisher_confirms.py", "500")
    expect_equal(lines, ["each 500", "batches 500", "as they come 500", "in the queue 1500"],
                 "what was confirmed")


main()
