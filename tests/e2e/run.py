#!/usr/bin/env python3
"""Runs the end-to-end programs against a broker and counts their cases.

  tests/e2e/run.py --dir DIR --port P [--host H]      a broker that already listens
  tests/e2e/run.py --dir DIR --broker PATH            starts PATH itself, and checks how it stops

DIR is what setup.sh has made. Programs run `--jobs` at a time and print `ok CASE` or
`FAIL CASE: reason` for each case and `end` at last; here the lines get the name of the program in
front. A program that ends otherwise, prints no case or takes too long is a failure of its own, and
the end of its standard error is shown. The last line is `e2e: N passed, N failed`; the exit code is
1 when something failed.

A broker that is started here listens on a free loopback port, with data in a temporary directory.
It has to print a line `lepus ready…` and to exit with 0 after SIGTERM; both count as cases.
"""

import argparse
import collections
import concurrent.futures
import contextlib
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading

HERE = pathlib.Path(__file__).resolve().parent
PROGRAM_SECONDS_MAX = 150
BROKER_SECONDS_MAX = 30
STDERR_LINES_SHOWN = 15


def programs(build):
    """Name → command line before HOST PORT; those that take longest come first."""
    python = str(build / "python" / "bin" / "python")
    table = {
        "celery": [python, str(HERE / "apps" / "celery_tasks.py")],
        "celery_quorum": [python, str(HERE / "apps" / "celery_quorum.py")],
        "oslo_messaging": [python, str(HERE / "apps" / "oslo_messaging_rpc.py")],
        "oslo_quorum": [python, str(HERE / "apps" / "oslo_quorum.py")],
        "tutorials": [python, str(HERE / "python" / "tutorials.py")],
    }
    for name in ("pika_client", "pika_semantics", "pika_queues", "pika_exchanges",
                 "pika_forwarding", "pika_streams", "pika_events", "py_amqp_client",
                 "kombu_client", "aio_pika_client"):
        table[name] = [python, str(HERE / "python" / f"{name}.py")]
    for name in ("amqplib_client", "cloudamqp_client"):
        table[name] = ["node", str(build / "node" / f"{name}.mjs")]
    java = build / "java"
    table["java_client"] = ["java", "-cp", f"{java}/lib/*:{java}", "JavaClient"]
    table["go_client"] = [str(build / "go" / "e2e")]
    table["lapin_client"] = [str(build / "rust" / "debug" / "lapin-e2e")]
    table["rabbitmq_c_client"] = [str(build / "c" / "e2e")]
    return table


class Report:
    """Prints a line for each case at once and counts; used from several threads."""

    def __init__(self):
        self.counts = collections.Counter()
        self.lock = threading.Lock()

    def case(self, name, reason=None):
        with self.lock:
            self.counts["passed" if reason is None else "failed"] += 1
            print(f"ok {name}" if reason is None else f"FAIL {name}: {reason}", flush=True)

    def detail(self, text):
        with self.lock:
            for line in text.splitlines()[-STDERR_LINES_SHOWN:]:
                print(f"  | {line}", flush=True)


def run_program(name, command, report):
    """Runs one program to its end and reports its cases."""
    environment = dict(os.environ, PYTHONWARNINGS="ignore", PYTHONDONTWRITEBYTECODE="1",
                       PYTHONUNBUFFERED="1")
    # A session of its own, so that a program that hangs is ended together with its children.
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               env=environment, start_new_session=True, errors="replace")
    try:
        out, err = process.communicate(timeout=PROGRAM_SECONDS_MAX)
        late = False
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        out, err = process.communicate()
        late = True
    failed_before = report.counts["failed"]
    cases = 0
    for line in out.splitlines():
        kind, _, rest = line.partition(" ")
        if kind == "ok" and rest:
            report.case(f"{name}/{rest}")
        elif kind == "FAIL":
            case, _, reason = rest.partition(": ")
            report.case(f"{name}/{case}", reason or "no reason given")
        else:
            continue
        cases += 1
    ended = out.splitlines()[-1:] == ["end"]
    if late:
        report.case(name, f"no end after {PROGRAM_SECONDS_MAX} s")
    elif not ended or cases == 0:
        report.case(name, f"stopped early with exit code {process.returncode} after {cases} cases")
    elif process.returncode != 0 and report.counts["failed"] == failed_before:
        report.case(name, f"all cases passed, but the exit code is {process.returncode}")
    if late or not ended or process.returncode != 0:
        report.detail(err)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Broker:
    """A broker process of this run: started, waited for, stopped, and judged by its exit code."""

    def __init__(self, path, settings, data_dir):
        self.port = free_port()
        self.log_path = pathlib.Path(data_dir) / "broker.log"
        arguments = [f"listeners.tcp.default=127.0.0.1:{self.port}", f"data_dir={data_dir}/data",
                     "shards=2", "channel_flow=true", *settings]
        self.command = [path] + [word for one in arguments for word in ("--set", one)]
        self.ready = threading.Event()
        self.process = None

    def start(self):
        """Returns None when the broker is ready, or why not."""
        with open(self.log_path, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, stderr=log,
                                            text=True)
        threading.Thread(target=self.read_lines, daemon=True).start()
        if self.ready.wait(BROKER_SECONDS_MAX):
            if self.process.poll() is None:
                return None
            return f"exit code {self.process.returncode} before it was ready"
        return f"no line `lepus ready` within {BROKER_SECONDS_MAX} s"

    def read_lines(self):
        for line in self.process.stdout:
            if line.startswith("lepus ready"):
                self.ready.set()
        self.process.wait()
        self.ready.set()  # it will not come any more: `start` looks at the exit code

    def stop(self):
        """Returns None when it stops as it should, or how it ended instead."""
        if self.process.poll() is not None:
            return f"had ended by itself with exit code {self.process.returncode}"
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(BROKER_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return f"no exit within {BROKER_SECONDS_MAX} s of SIGTERM"
        return None if code == 0 else f"exit code {code} after SIGTERM"


def run_all(options, host, port, report):
    build = pathlib.Path(options.dir).resolve()
    for source in (HERE / "node").glob("*.mjs"):  # Node finds its packages beside the program
        shutil.copy(source, build / "node")
    chosen = {name: command for name, command in programs(build).items()
              if (not options.only or name in options.only) and name not in options.skip}
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        runs = [pool.submit(run_program, name, [*command, host, str(port)], report)
                for name, command in chosen.items()]
        for run in runs:
            run.result()


def run_with_broker(options, report):
    with tempfile.TemporaryDirectory(prefix="lepus-e2e-") as data_dir:
        broker = Broker(options.broker, options.set, data_dir)
        reason = broker.start()
        report.case("broker/starts", reason)
        try:
            if reason is None:
                run_all(options, "127.0.0.1", broker.port, report)
        finally:
            reason = broker.stop()
            report.case("broker/stops", reason)
        if report.counts["failed"]:
            report.detail(broker.log_path.read_text(encoding="utf-8", errors="replace"))


def parse(argv):
    names = sorted(programs(pathlib.Path()))
    parser = argparse.ArgumentParser(
        description="Runs the end-to-end programs.", epilog=f"Programs: {', '.join(names)}")
    parser.add_argument("--dir", required=True, help="build directory made by setup.sh")
    parser.add_argument("--port", type=int, help="port of a broker that already listens")
    parser.add_argument("--host", default="127.0.0.1", help="its address (default 127.0.0.1)")
    parser.add_argument("--broker", help="path of a lepus to start instead")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE",
                        help="further setting of the broker that is started")
    parser.add_argument("--only", action="append", default=[], metavar="NAME", choices=names,
                        help="run this program only (may be repeated)")
    parser.add_argument("--skip", action="append", default=[], metavar="NAME", choices=names,
                        help="leave this program out (may be repeated)")
    parser.add_argument("--jobs", type=int, default=2, help="programs at a time (default 2)")
    options = parser.parse_args(argv)
    if (options.port is None) == (options.broker is None):
        parser.error("give either --port or --broker")
    for made in ("python", "node", "go", "java", "rust", "c"):
        if not (pathlib.Path(options.dir) / f"{made}.stamp").exists():
            parser.error(f"{options.dir}/{made} is not made; run {HERE / 'setup.sh'} {options.dir}")
    return options


def main(argv):
    options = parse(argv)
    report = Report()
    if options.broker:
        run_with_broker(options, report)
    else:
        run_all(options, options.host, options.port, report)
    if not sum(report.counts.values()):
        report.case("run", "no program was chosen")
    print(f"e2e: {report.counts['passed']} passed, {report.counts['failed']} failed")
    return 1 if report.counts["failed"] else 0


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        sys.exit(main(sys.argv[1:]))
    sys.exit(130)
