"""What every suite needs: commands with a time limit, counts from their output, a running broker.

Each command runs in its own process group, and the whole group is ended when its time is over or
the runner stops, so no suite leaves a process behind.
"""
import contextlib
import os
import queue
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass, field

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
READY = re.compile(r"\blepus ready\b")
COUNTS = re.compile(r"(\d+) passed, (\d+) failed")
ALL_SKIPPED = re.compile(r"^0 passed, 0 failed, [1-9]\d* skipped$", re.M)
BROKER_START_S = 20
BROKER_STOP_S = 15
OUTPUT_SHOWN_MAX = 60_000


class SuiteError(Exception):
    """The suite could not run: text for the reader."""


@dataclass
class Outcome:
    passed: int = 0
    failed: int = 0
    details: list = field(default_factory=list)   # shown when something failed

    def add(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.details += other.details

    def fail(self, text):
        self.failed += 1
        self.details.append(text)


@dataclass
class Finished:
    code: int
    output: str
    timed_out: bool


_running = set()   # of run(): their groups end with the runner, whichever thread waits for them


def end_running():
    for process in list(_running):
        _end_group(process)


def _end_group(process):
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def run(command, timeout_s, environment=None):
    """Runs `command` in the repository root; standard error goes into the output.

    The output goes through a file: a pipe would stay open as long as some left-over child lives.
    """
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=output,
                                   stderr=subprocess.STDOUT, start_new_session=True,
                                   env={**os.environ, **(environment or {})})
        _running.add(process)
        timed_out = False
        try:
            process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            timed_out = True
        finally:
            _end_group(process)
            process.wait()
            _running.discard(process)
        output.seek(0)
        return Finished(process.returncode, output.read().decode(errors="replace"), timed_out)


def describe(command, done, timeout_s):
    how = f"did not end within {timeout_s} s" if done.timed_out else f"exit code {done.code}"
    output = done.output
    if len(output) > OUTPUT_SHOWN_MAX:
        output = output[:OUTPUT_SHOWN_MAX // 2] + "\n[…]\n" + output[-OUTPUT_SHOWN_MAX // 2:]
    return f"$ {' '.join(command)}\n{output.rstrip()}\n[{how}]"


def counted(command, timeout_s, environment=None, may_skip=False):
    """Runs a program that ends with `… N passed, N failed`. No such line, or failure without a
    failed test (a crash, a time limit), counts as one failed; so does a run without tests, unless
    it may skip them all and says that it did."""
    done = run(command, timeout_s, environment)
    if may_skip and done.code == 0 and ALL_SKIPPED.search(done.output):
        print(done.output.rstrip(), flush=True)
        return Outcome()
    found = COUNTS.findall(done.output)
    passed, failed = (int(found[-1][0]), int(found[-1][1])) if found else (0, 0)
    if not found or (done.code != 0 and failed == 0) or done.timed_out:
        failed += 1
    if passed + failed == 0:
        failed = 1
    outcome = Outcome(passed, failed)
    if failed:
        outcome.details.append(describe(command, done, timeout_s))
    return outcome


def single(command, timeout_s, environment=None):
    """Runs a program that is itself one test."""
    done = run(command, timeout_s, environment)
    if done.code == 0 and not done.timed_out:
        return Outcome(passed=1)
    return Outcome(failed=1, details=[describe(command, done, timeout_s)])


GTEST_DONE = re.compile(r"^\[ +(OK|FAILED) +\] (\S+?)(?:, where .*)? \(\d+ ms\)$", re.M)
GTEST_RUN = re.compile(r"^\[ RUN +\] (\S+)$", re.M)


def gtest(command, timeout_s, environment=None):
    """Runs a GoogleTest program. The output of each failed test is shown; a crash is one failed,
    named after the test that ran."""
    done = run(command + ["--gtest_color=no"], timeout_s, environment)
    results = GTEST_DONE.findall(done.output)
    passed = sum(1 for result, _ in results if result == "OK")
    failed_names = [name for result, name in results if result == "FAILED"]
    outcome = Outcome(passed, len(failed_names), [gtest_section(done.output, name)
                                                  for name in failed_names])
    if done.timed_out or (done.code != 0 and not failed_names) or done.code < 0:
        running = GTEST_RUN.findall(done.output)[-1:] or ["(before the first test)"]
        at = done.output.rfind(f"[ RUN      ] {running[0]}")
        done.output = done.output[max(at, 0):]
        outcome.fail(f"stopped in {running[0]}\n" + describe(command, done, timeout_s))
    if outcome.passed + outcome.failed == 0:
        outcome.fail(f"{command[0]}: ran no test")
    return outcome


def gtest_section(output, name):
    start = output.find(f"[ RUN      ] {name}\n")
    end = output.find(f"[  FAILED  ] {name}", start)
    return output[max(start, 0):output.find("\n", end)]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


# Of a broker that nobody asks over HTTP: several run at a time, and its ports are the same for all.
NO_HTTP = {"management.tcp.port": "none", "prometheus.tcp.port": "none"}


class Broker:
    """`with Broker(program) as broker:` a broker on a free port with its own data directory.

    `stop()` ends it by SIGTERM and says whether it left properly; leaving the block kills it.
    """

    def __init__(self, program, shards=2, environment=None, settings=None):
        self.program = program
        self.port = free_port()
        self.data = tempfile.mkdtemp(prefix="lepus-suite-")
        settings = {"listeners.tcp.default": f"127.0.0.1:{self.port}", "shards": shards,
                    "data_dir": self.data, "pin": "false", **NO_HTTP, **(settings or {})}
        self.command = [program]
        for key, value in settings.items():
            self.command += ["--set", f"{key}={value}"]
        self.environment = {**os.environ, **(environment or {})}
        self.process = None
        self._lines = []
        self._events = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)

    def __enter__(self):
        try:
            self.process = subprocess.Popen(
                self.command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, start_new_session=True, env=self.environment)
            self._reader.start()
            self._wait_until_ready()
        except BaseException as error:
            self._kill()
            if isinstance(error, OSError):
                raise SuiteError(f"cannot start {self.program}: {error}") from error
            raise
        return self

    def __exit__(self, *_):
        self._kill()

    def _read(self):
        for line in self.process.stdout:
            text = line.decode(errors="replace")
            self._lines.append(text)
            if READY.search(text):
                self._events.put("ready")
        self._events.put("ended")

    def _wait_until_ready(self):
        try:
            event = self._events.get(timeout=BROKER_START_S)
        except queue.Empty:
            event = f"no line `lepus ready` within {BROKER_START_S} s"
        if event != "ready":
            raise SuiteError(f"the broker did not start ({event}): {' '.join(self.command)}\n"
                             + self.log())

    def log(self):
        return "".join(self._lines)[-OUTPUT_SHOWN_MAX:]

    def stop(self):
        """Nothing when the broker left with exit code 0 in time, else what went wrong."""
        if self.process.poll() is not None:
            return f"the broker had ended with {self.process.returncode}\n{self.log()}"
        self.process.terminate()
        try:
            code = self.process.wait(BROKER_STOP_S)
        except subprocess.TimeoutExpired:
            return f"the broker did not stop within {BROKER_STOP_S} s of SIGTERM\n{self.log()}"
        self._reader.join(BROKER_STOP_S)
        return None if code == 0 else f"the broker stopped with exit code {code}\n{self.log()}"

    def _kill(self):
        if self.process:
            _end_group(self.process)
            self.process.wait()
            self._reader.join(BROKER_STOP_S)
            self.process.stdout.close()
        shutil.rmtree(self.data, ignore_errors=True)


def with_broker(program, suite, environment=None, settings=None):
    """Runs `suite(broker)`; the broker's own end (crash, leak, hang) is one test of its own."""
    try:
        with Broker(program, environment=environment, settings=settings) as broker:
            outcome = suite(broker)
            trouble = broker.stop()
            if trouble:
                outcome.fail(trouble)
            else:
                outcome.passed += 1
            if outcome.failed and not trouble:
                outcome.details.append("the broker said:\n" + broker.log()[-4000:])
            return outcome
    except SuiteError as error:
        return Outcome(failed=1, details=[str(error)])


class Deadline:
    def __init__(self, seconds):
        self._end = time.monotonic() + seconds

    def left(self, at_most):
        return max(5, min(at_most, self._end - time.monotonic()))
