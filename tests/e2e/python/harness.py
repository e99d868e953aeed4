"""Runs the cases of one Python test program and prints a line for each.

Protocol with run.py: `ok CASE` or `FAIL CASE: reason` for each case, then the line `end`.
A case is a function that takes the `Broker` under test and raises to fail. Every case has a
deadline, kept by SIGALRM, so that a hang is reported as the line that hung.

    @case
    def publishes(broker): ...

    main()
"""

import signal
import sys
import time
import traceback
import uuid

CASE_SECONDS_MAX = 40

_cases = []


class Broker:
    """Where the broker listens, and names nobody else uses."""

    def __init__(self, host, port):
        self.host = host
        self.port = int(port)

    @property
    def url(self):
        return f"amqp://guest:guest@{self.host}:{self.port}/%2F"

    def name(self, what):
        """A name for a queue or exchange that no other case or run has."""
        return f"e2e.{what}.{uuid.uuid4().hex[:12]}"


def case(function):
    """Registers a case; they run in the order of the file."""
    _cases.append(function)
    return function


def expect_equal(got, wanted, what):
    if got != wanted:
        raise AssertionError(f"{what}: got {got!r}, wanted {wanted!r}")


def expect_in(part, text, what):
    if part not in str(text):
        raise AssertionError(f"{what}: {part!r} is not in {text!r}")


def wait_until(condition, what, seconds_max=20, pause=None):
    """Calls `condition` until it returns something true, and returns that.

    `pause` is called between two tries; it should wait for events of the thing observed.
    """
    deadline = time.monotonic() + seconds_max
    while True:
        got = condition()
        if got:
            return got
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {seconds_max} s")
        if pause:
            pause()
        else:
            time.sleep(0.02)  # the interval of the polling, not a guess at a duration


def _alarm(_signal, frame):
    where = f"{frame.f_code.co_filename}:{frame.f_lineno}"
    raise TimeoutError(f"no end after {CASE_SECONDS_MAX} s, at {where}")


def _run(function, broker):
    """Runs one case and returns None or the reason of its failure, on one line."""
    signal.signal(signal.SIGALRM, _alarm)
    signal.alarm(CASE_SECONDS_MAX)
    try:
        function(broker)
        return None
    except Exception as error:  # noqa: BLE001 - any exception is the failure to report
        here = [f for f in traceback.extract_tb(error.__traceback__) if "/tests/" in f.filename]
        line = f" (line {here[-1].lineno})" if here else ""
        text = " ".join(f"{type(error).__name__}: {error}".split())
        return text[:500] + line
    finally:
        signal.alarm(0)


def main(argv=None, before=None, after=None, make_broker=None):
    """Runs all cases against `argv` = HOST PORT, or what `make_broker(argv)` reads from it; the
    exit code is the number of failures."""
    argv = sys.argv[1:] if argv is None else argv
    broker = make_broker(argv) if make_broker else Broker(argv[0], argv[1])
    failures = 0
    try:
        if before:
            before(broker)
        for function in _cases:
            reason = _run(function, broker)
            failures += reason is not None
            name = function.__name__
            print(f"ok {name}" if reason is None else f"FAIL {name}: {reason}", flush=True)
    finally:
        if after:
            after(broker)
    print("end", flush=True)
    sys.exit(min(failures, 99))
