"""Test programs of a suite, run to their end: their lines `ok CASE` and `FAIL CASE: reason` count.

A program prints `end` at last. One that ends otherwise, prints no case or takes too long is a
failure of its own, and the end of its standard error is shown.
"""

import collections
import os
import signal
import subprocess
import threading

PROGRAM_SECONDS_MAX = 150
STDERR_LINES_SHOWN = 15


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


def run_program(name, command, report, seconds_max=PROGRAM_SECONDS_MAX):
    """Runs one program to its end and reports its cases."""
    environment = dict(os.environ, PYTHONWARNINGS="ignore", PYTHONDONTWRITEBYTECODE="1",
                       PYTHONUNBUFFERED="1")
    # A session of its own, so that a program that hangs is ended together with its children.
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               env=environment, start_new_session=True, errors="replace")
    try:
        out, err = process.communicate(timeout=seconds_max)
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
        report.case(name, f"no end after {seconds_max} s")
    elif not ended or cases == 0:
        report.case(name, f"stopped early with exit code {process.returncode} after {cases} cases")
    elif process.returncode != 0 and report.counts["failed"] == failed_before:
        report.case(name, f"all cases passed, but the exit code is {process.returncode}")
    if late or not ended or process.returncode != 0:
        report.detail(err)
