#!/usr/bin/env python3
"""Runs all test suites, one after the other, and adds them up.

    tests/run_suites.py [--quick] [suite...]      all suites, or only the named ones
    tests/run_suites.py --list                    their names

Each suite ends with the line `<suite>: N passed, N failed`, with the failures in full above it. The
last line of all is `N passed, N failed`; the exit code is 1 when something failed. A suite whose
folder is not in the tree is left out; once the folder exists, a suite that cannot be built or
started has failed. Everything together is meant to take half an hour on two cores; what takes more
than TOTAL_S is stopped and has failed.
"""
import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import traceback

import suite_tools
from suite_tools import ROOT, Deadline, Outcome

TOTAL_S = 80 * 60
BUILD_ROOT = os.path.join(ROOT, os.environ.get("LEPUS_BUILD_ROOT", "build"))
ASAN = {"ASAN_OPTIONS": "detect_leaks=1:detect_stack_use_after_return=1:abort_on_error=0",
        "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1"}
TSAN = {"TSAN_OPTIONS": "halt_on_error=1:second_deadlock_stack=1"}
PERF_SECONDS = 2
FUZZ_SECONDS = {"full": 10, "quick": 3}
CRASH_ROUNDS = {"full": 100, "quick": 15}
POWER_CUT_ROUNDS = {"full": 25, "quick": 5}
ODD_ROUNDS = {"full": 10, "quick": 3}
SIM_SECONDS = {"full": 60, "quick": 10}
E2E_FOLDER = os.path.join(BUILD_ROOT, "e2e")
MANAGEMENT_FOLDER = os.path.join(BUILD_ROOT, "management")


def exists(*path):
    return os.path.exists(os.path.join(ROOT, *path))


class Runner:
    def __init__(self, quick):
        self.size = "quick" if quick else "full"
        self.deadline = Deadline(TOTAL_S)
        self._builds = {}

    def build(self, preset, *targets):
        """Builds once; raises SuiteError with the compiler's output when it fails."""
        key = (preset, targets)
        if key not in self._builds:
            command = ["tools/build.sh", preset, *targets]
            timeout_s = self.deadline.left(30 * 60)
            done = suite_tools.run(command, timeout_s)
            self._builds[key] = None if done.code == 0 else suite_tools.describe(
                command, done, timeout_s)
        if self._builds[key]:
            raise suite_tools.SuiteError(self._builds[key])

    def program(self, preset, *path):
        return os.path.join(BUILD_ROOT, preset, *path)

    # ---- suites ------------------------------------------------------------------------------

    def tidy(self):
        outcome = suite_tools.counted([sys.executable, "tests/tidy/tidy.py"], 120)
        for test in ("tests/tidy/tidy_test.py", "tests/suite_tools_test.py",
                     "tests/crash/model_test.py"):
            outcome.add(suite_tools.single([sys.executable, test], 120))
        return outcome

    def _unit(self, preset, environment):
        self.build(preset, "tests/lepus-unit")
        return suite_tools.gtest([self.program(preset, "tests", "lepus-unit")],
                                 self.deadline.left(1500), environment)

    def unit(self):
        return self._unit("release", {})

    def unit_asan(self):
        return self._unit("asan", ASAN)

    def unit_tsan(self):
        return self._unit("tsan", TSAN)

    def fuzz(self):
        """Each target goes through its kept corpus, then looks for new inputs for a while."""
        folder = os.path.join(ROOT, "tests", "fuzz")
        names = sorted(name[:-4] for name in os.listdir(folder)
                       if name.startswith("fuzz_") and name.endswith(".cpp"))
        if not names:
            raise suite_tools.SuiteError("tests/fuzz holds no fuzz_*.cpp")
        self.build("asan", *[f"tests/{name}" for name in names])
        outcome = Outcome()
        for name in names:
            corpora = [os.path.join(folder, "corpus", one)
                       for one in (name, name.removeprefix("fuzz_"))]
            with tempfile.TemporaryDirectory(prefix="lepus-fuzz-") as found:
                command = [self.program("asan", "tests", name), found,
                           *[path for path in corpora if os.path.isdir(path)],
                           f"-max_total_time={FUZZ_SECONDS[self.size]}", "-timeout=10",
                           "-rss_limit_mb=2048", "-print_final_stats=1",
                           f"-artifact_prefix={BUILD_ROOT}/{name}-"]
                outcome.add(suite_tools.single(command, 120, ASAN))
        return outcome

    def sim(self):
        self.build("release", "tests/lepus-sim")
        done = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True,
                              text=True, check=False)
        seed = done.stdout.strip() or "0" * 40
        seconds = SIM_SECONDS[self.size]
        return suite_tools.counted([self.program("release", "tests", "lepus-sim"),
                                    "--seconds", str(seconds), "--seed-from", seed], seconds + 120)

    def _wire(self, preset, environment):
        self.build(preset, "lepus")

        def suite(broker):
            return suite_tools.counted(
                [sys.executable, "tests/wire/run.py", "--port", str(broker.port)],
                self.deadline.left(240))
        users = {"load_definitions": os.path.join(ROOT, "tests", "wire", "users.json")}
        return suite_tools.with_broker(self.program(preset, "lepus"), suite, environment, users)

    def wire(self):
        return self._wire("release", {})

    def wire_asan(self):
        return self._wire("asan", ASAN)

    def wire_tsan(self):
        return self._wire("tsan", TSAN)

    def e2e(self):
        self.build("release", "lepus")
        setup = suite_tools.single(["tests/e2e/setup.sh", E2E_FOLDER],
                                   self.deadline.left(600))
        if setup.failed:
            return setup
        return suite_tools.counted(
            [sys.executable, "tests/e2e/run.py", "--broker", self.program("release", "lepus"),
             "--dir", E2E_FOLDER], self.deadline.left(600))

    def crash(self):
        """Kills, power cuts, full and failing disks, odd clients. Without root the disks are left
        out."""
        self.build("release", "lepus", "lepusctl")
        program = ["--broker", self.program("release", "lepus")]
        rounds = [sys.executable, "tests/crash/run.py", *program, "--segment-size", "1MiB",
                  "--python", os.path.join(E2E_FOLDER, "python", "bin", "python"), "--rounds"]
        outcome = suite_tools.counted([*rounds, str(CRASH_ROUNDS[self.size])],
                                      self.deadline.left(600))
        for command in ([sys.executable, "tests/crash/volumes_test.py"],
                        [*rounds, str(POWER_CUT_ROUNDS[self.size]), "--power-cut"],
                        [sys.executable, "tests/crash/odd_clients.py", *program, "--tool",
                         self.program("release", "lepusctl"), "--rounds",
                         str(ODD_ROUNDS[self.size])],
                        [sys.executable, "tests/crash/faults.py", *program]):
            outcome.add(suite_tools.counted(command, self.deadline.left(600), may_skip=True))
        return outcome

    def restart(self):
        """What a restart finds again: each program starts and ends brokers by itself."""
        self.build("release", "lepus", "lepus-journal")
        folder = os.path.join(ROOT, "tests", "restart")
        outcome = Outcome()
        for name in sorted(os.listdir(folder)):
            path = os.path.join(folder, name)
            if name.endswith(".py") and os.access(path, os.X_OK):
                outcome.add(suite_tools.counted(
                    [sys.executable, path, "--broker", self.program("release", "lepus")],
                    self.deadline.left(300)))
        return outcome

    def ctl(self):
        """lepusctl against brokers of its own. Without the Python of e2e, without pika."""
        self.build("release", "lepus", "lepusctl")
        return suite_tools.counted(
            [sys.executable, "tests/ctl/run.py", "--broker", self.program("release", "lepus"),
             "--tool", self.program("release", "lepusctl"),
             "--python", os.path.join(E2E_FOLDER, "python", "bin", "python")],
            self.deadline.left(300))

    def tls(self):
        """Handshakes and certificates; left out where the openssl program is missing."""
        self.build("release", "lepus", "lepusctl")
        return suite_tools.counted(
            [sys.executable, "tests/tls/run.py", "--broker", self.program("release", "lepus"),
             "--tool", self.program("release", "lepusctl")], self.deadline.left(300))

    def migration(self):
        """From RabbitMQ and back; left out where Erlang is missing."""
        self.build("release", "lepus")
        server = os.path.join(BUILD_ROOT, "rabbitmq")
        setup = suite_tools.single(["tests/migration/setup.sh", server], self.deadline.left(300))
        if setup.passed:
            setup.add(suite_tools.counted(
                [sys.executable, "tests/migration/run.py", "--broker",
                 self.program("release", "lepus"), "--rabbitmq", server],
                self.deadline.left(300), may_skip=True))
        return setup

    def management(self):
        """Tools of RabbitMQ's management API and a Prometheus, with this broker."""
        self.build("release", "lepus")
        setup = suite_tools.single(["tests/management/setup.sh", MANAGEMENT_FOLDER],
                                   self.deadline.left(900))
        if setup.failed:
            return setup
        return suite_tools.counted(
            [sys.executable, "tests/management/run.py", "--broker",
             self.program("release", "lepus"), "--dir", MANAGEMENT_FOLDER],
            self.deadline.left(900))

    def perf(self):
        """A short load run must deliver messages, with and without confirms; a backlog must be
        consumed to the last message."""
        self.build("release", "lepus", "lepus-perf")

        def suite(broker):
            outcome = Outcome()
            for options in (["--auto-ack"], ["--confirm", "1000", "--ack-batch", "10"]):
                outcome.add(self._perf_run(broker, options))
            counted = ["--messages", "5000", "--keep", "--persistent"]
            outcome.add(self._perf_run(broker, ["--consumers", "0", "--confirm", "100", *counted],
                                       {"published": 5000, "confirmed": 5000, "delivered": 0}))
            outcome.add(self._perf_run(broker, ["drain", "--messages", "1000", "--keep"],
                                       {"waiting": 5000, "delivered": 1000}))
            outcome.add(self._perf_run(broker, ["drain", "--ack-batch", "7"],
                                       {"waiting": 4000, "delivered": 4000, "left": 0}))
            return outcome
        return suite_tools.with_broker(self.program("release", "lepus"), suite)

    def _perf_run(self, broker, options, wanted=None):
        """`wanted`: the numbers its results must have; without, anything delivered will do."""
        with tempfile.TemporaryDirectory(prefix="lepus-perf-") as folder:
            path = os.path.join(folder, "result.json")
            command = [self.program("release", "lepus-perf"),
                       "--uri", f"amqp://guest:guest@127.0.0.1:{broker.port}/%2F",
                       "--duration", str(PERF_SECONDS), "--quiet", "--json", path, *options]
            outcome = suite_tools.single(command, 60)
            if outcome.passed and (wrong := miscounted(path, wanted)):
                return Outcome(failed=1, details=[f"$ {' '.join(command)}\n{wrong}"])
            return outcome

    def bench(self):
        """Each benchmark runs for a moment: they build, run and end properly."""
        names = sorted("bench-" + name[:-4] for name in os.listdir(os.path.join(ROOT, "bench"))
                       if name.endswith("_bench.cpp"))
        self.build("release", *names)
        outcome = Outcome()
        for name in names:
            outcome.add(suite_tools.single(
                [self.program("release", name), "--benchmark_min_time=0.01"],
                self.deadline.left(120)))
        return outcome


def miscounted(path, wanted):
    """What is wrong with the results of lepus-perf, as text; empty when nothing is."""
    with open(path, encoding="utf-8") as stream:
        results = json.load(stream)
    if wanted is None:
        return "" if results.get("delivered", 0) > 0 else f"nothing was delivered: {results}"
    return ", ".join(f"{results.get(name)} {name} instead of {count}"
                     for name, count in wanted.items() if results.get(name) != count)


SUITES = [   # name, method, what must exist for it to be in the list, part of --quick
    ("tidy", Runner.tidy, ("tests", "tidy"), True),
    ("unit", Runner.unit, ("tests", "unit"), True),
    ("unit-asan", Runner.unit_asan, ("tests", "unit"), False),
    ("unit-tsan", Runner.unit_tsan, ("tests", "unit"), False),
    ("fuzz", Runner.fuzz, ("tests", "fuzz"), False),
    ("sim", Runner.sim, ("tests", "sim"), True),
    ("wire", Runner.wire, ("tests", "wire"), True),
    ("wire-asan", Runner.wire_asan, ("tests", "wire"), False),
    ("wire-tsan", Runner.wire_tsan, ("tests", "wire"), False),
    ("e2e", Runner.e2e, ("tests", "e2e"), False),
    ("crash", Runner.crash, ("tests", "crash"), False),
    ("restart", Runner.restart, ("tests", "restart"), True),
    ("ctl", Runner.ctl, ("tests", "ctl"), True),
    ("tls", Runner.tls, ("tests", "tls"), False),
    ("migration", Runner.migration, ("tests", "migration"), False),
    ("management", Runner.management, ("tests", "management"), False),
    ("perf", Runner.perf, ("tools", "perf"), True),
    ("bench", Runner.bench, ("bench",), False),
]


def run_suite(runner, name, method):
    print(f"---- {name}", flush=True)
    started = time.monotonic()
    try:
        outcome = method(runner)
    except suite_tools.SuiteError as error:
        outcome = Outcome(failed=1, details=[str(error)])
    except Exception:  # whatever it is: the other suites and the total must still come
        outcome = Outcome(failed=1, details=[f"{name} could not be run\n{traceback.format_exc()}"])
    if outcome.passed + outcome.failed == 0:
        outcome.fail(f"{name} ran nothing")
    for detail in outcome.details:
        print(detail, flush=True)
    print(f"[{name} took {time.monotonic() - started:.0f} s]")
    print(f"{name}: {outcome.passed} passed, {outcome.failed} failed", flush=True)
    return outcome


def main():
    parser = argparse.ArgumentParser(description="run the test suites")
    parser.add_argument("--quick", action="store_true", help="the short suites only, and shorter")
    parser.add_argument("--list", action="store_true", help="print the names of the suites")
    parser.add_argument("suites", nargs="*", help="names of suites; default: all")
    args = parser.parse_args()
    present = [(name, method, quick) for name, method, path, quick in SUITES if exists(*path)]
    unknown = set(args.suites) - {name for name, _, _ in present}
    if unknown:
        parser.error(f"no suite {', '.join(sorted(unknown))}; there are: "
                     + ", ".join(name for name, _, _ in present))
    if args.list:
        print("\n".join(name for name, _, _ in present))
        return 0
    # SystemExit, so that brokers and temporary folders are cleaned up on the way out.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    runner, total = Runner(args.quick), Outcome()
    for name, method, quick in present:
        if name in args.suites or (not args.suites and (quick or not args.quick)):
            total.add(run_suite(runner, name, method))
    print(f"{total.passed} passed, {total.failed} failed")
    return 1 if total.failed or total.passed == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
