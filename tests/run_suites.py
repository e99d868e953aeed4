#!/usr/bin/env python3
"""Runs all test suites, one after the other, and adds them up.

    tests/run_suites.py [--quick] [suite...]      all suites, or only the named ones
    tests/run_suites.py --list                    their names

Each suite ends with the line `<suite>: N passed, N failed`, with the failures in full above it. The
last line of all is `N passed, N failed`; the exit code is 1 when something failed. A suite whose
folder is not in the tree is left out; once the folder exists, a suite that cannot be built or
started has failed. While a suite runs, what later ones need is built (suite_jobs.py): those that
need least come first. Everything together is meant to take half an hour on two cores; what takes
more than TOTAL_S is stopped and has failed.
"""
import argparse
import concurrent.futures
import dataclasses
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import traceback

import suite_tools
from suite_jobs import Jobs, build, build_bypass, setup
from suite_tools import ROOT, Deadline, Outcome

TOTAL_S = 80 * 60
BUILD_ROOT = os.path.join(ROOT, os.environ.get("LEPUS_BUILD_ROOT", "build"))
ASAN_ENVIRONMENT = {"ASAN_OPTIONS":
                        "detect_leaks=1:detect_stack_use_after_return=1:abort_on_error=0",
                    "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1"}
TSAN_ENVIRONMENT = {"TSAN_OPTIONS": "halt_on_error=1:second_deadlock_stack=1"}
FUZZ_SECONDS = {"full": 10, "quick": 3}
CRASH_ROUNDS = {"full": 100, "quick": 15}
POWER_CUT_ROUNDS = {"full": 25, "quick": 5}
TLS_ROUNDS = {"full": 12, "quick": 3}
ODD_ROUNDS = {"full": 10, "quick": 3}
SIM_SECONDS = {"full": 60, "quick": 10}
E2E_FOLDER = os.path.join(BUILD_ROOT, "e2e")
MANAGEMENT_FOLDER = os.path.join(BUILD_ROOT, "management")
RABBITMQ_FOLDER = os.path.join(BUILD_ROOT, "rabbitmq")
WEB_FOLDER = os.path.join(BUILD_ROOT, "web")
PERF_FOLDER = os.path.join(BUILD_ROOT, "perf")


def exists(*path):
    return os.path.exists(os.path.join(ROOT, *path))


# ---- what suites need before they run -----------------------------------------------------------

PROGRAMS = build("release", "lepus", "lepusctl", "lepus-perf", "lepus-journal")
E2E = setup("tests/e2e/setup.sh", E2E_FOLDER)
MIGRATION = setup("tests/migration/setup.sh", RABBITMQ_FOLDER)
MANAGEMENT = setup("tests/management/setup.sh", MANAGEMENT_FOLDER)
WEB = setup("tests/web/setup.sh", WEB_FOLDER)
PERF = setup("tests/perf/setup.sh", PERF_FOLDER)


def names_of(folder, start, end):
    path = os.path.join(ROOT, folder)
    names = os.listdir(path) if os.path.isdir(path) else []
    return sorted(name[:-4] for name in names if name.startswith(start) and name.endswith(end))


FUZZERS = names_of("tests/fuzz", "fuzz_", ".cpp")
BENCHMARKS = ["bench-" + name for name in names_of("bench", "", "_bench.cpp")]
RELEASE_UNIT = build("release", "tests/lepus-unit")
RELEASE_SIM = build("release", "tests/lepus-sim")
RELEASE_BENCH = build("release", *BENCHMARKS)
BYPASS = build_bypass("release", "lepus", "lepusctl", "tests/lepus-dpdk-test",
                      "tests/lepus-dpdk-echo", "tests/lepus-dpdk-sim", "tests/lepus-dpdk-bench",
                      "net/dpdk/lepus-dpdk.so", "net/dpdk/lepus-lwip.so")
BYPASS_WORLDS = 40
# The same worlds each time: in some fresh ones a connection does not end (73162954981184).
BYPASS_FIRST_WORLD = "1"
# Of lepus-dpdk-bench: a network, queues, bytes, messages unconfirmed, seconds, threads.
BYPASS_LOADS = (("1500", "2", "128", "500", "1", "2"), ("9000", "3", "16384", "20", "1", "1"),
                ("kernel", "2", "128", "500", "1", "2"))
ASAN = build("asan", "lepus", "tests/lepus-unit", *(f"tests/{name}" for name in FUZZERS))
TSAN = build("tsan", "lepus", "tests/lepus-unit")


class Runner:
    def __init__(self, quick):
        self.size = "quick" if quick else "full"
        self.deadline = Deadline(TOTAL_S)

    def program(self, preset, *path):
        return os.path.join(BUILD_ROOT, preset, *path)

    # ---- suites ------------------------------------------------------------------------------

    def tidy(self):
        outcome = suite_tools.counted([sys.executable, "tests/tidy/tidy.py"], 120)
        for test in ("tests/tidy/tidy_test.py", "tests/suite_tools_test.py",
                     "tests/crash/model_test.py", "tests/docs/docs_test.py"):
            outcome.add(suite_tools.single([sys.executable, test], 120))
        return outcome

    def _unit(self, preset, environment):
        return suite_tools.gtest([self.program(preset, "tests", "lepus-unit")],
                                 self.deadline.left(1500), environment)

    def unit(self):
        return self._unit("release", {})

    def unit_asan(self):
        return self._unit("asan", ASAN_ENVIRONMENT)

    def unit_tsan(self):
        return self._unit("tsan", TSAN_ENVIRONMENT)

    def fuzz(self):
        """Each target goes through its kept corpus, then looks for new inputs for a while. Two at a
        time: each is one thread."""
        outcome = Outcome()
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            for one in pool.map(self._fuzz, FUZZERS):
                outcome.add(one)
        return outcome

    def _fuzz(self, name):
        corpora = [os.path.join(ROOT, "tests", "fuzz", "corpus", one)
                   for one in (name, name.removeprefix("fuzz_"))]
        with tempfile.TemporaryDirectory(prefix="lepus-fuzz-") as found:
            command = [self.program("asan", "tests", name), found,
                       *[path for path in corpora if os.path.isdir(path)],
                       f"-max_total_time={FUZZ_SECONDS[self.size]}", "-timeout=10",
                       "-rss_limit_mb=2048", "-print_final_stats=1",
                       f"-artifact_prefix={BUILD_ROOT}/{name}-"]
            return suite_tools.single(command, 120, ASAN_ENVIRONMENT)

    def _seed(self):
        """Another one for each commit."""
        done = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True,
                              text=True, check=False)
        return done.stdout.strip() or "0" * 40

    def sim(self):
        seconds = SIM_SECONDS[self.size]
        return suite_tools.counted([self.program("release", "tests", "lepus-sim"),
                                    "--seconds", str(seconds), "--seed-from", self._seed()],
                                   seconds + 120)

    def _wire(self, preset, environment):
        def suite(broker):
            return suite_tools.counted(
                [sys.executable, "tests/wire/run.py", "--port", str(broker.port)],
                self.deadline.left(240))
        users = {"load_definitions": os.path.join(ROOT, "tests", "wire", "users.json")}
        return suite_tools.with_broker(self.program(preset, "lepus"), suite, environment, users)

    def wire(self):
        return self._wire("release", {})

    def wire_asan(self):
        return self._wire("asan", ASAN_ENVIRONMENT)

    def wire_tsan(self):
        return self._wire("tsan", TSAN_ENVIRONMENT)

    def e2e(self):
        return suite_tools.counted(
            [sys.executable, "tests/e2e/run.py", "--broker", self.program("release", "lepus"),
             "--dir", E2E_FOLDER], self.deadline.left(600))

    def crash(self):
        """Kills, power cuts, full and failing disks, odd clients. Without root the disks are left
        out."""
        program = ["--broker", self.program("release", "lepus")]
        rounds = [sys.executable, "tests/crash/run.py", *program, "--segment-size", "1MiB",
                  "--python", os.path.join(E2E_FOLDER, "python", "bin", "python"), "--rounds"]
        outcome = suite_tools.counted([*rounds, str(CRASH_ROUNDS[self.size])],
                                      self.deadline.left(600))
        for command in ([sys.executable, "tests/crash/volumes_test.py"],
                        [*rounds, str(POWER_CUT_ROUNDS[self.size]), "--power-cut"],
                        [*rounds, str(TLS_ROUNDS[self.size]), "--tls"],
                        [sys.executable, "tests/crash/odd_clients.py", *program, "--tool",
                         self.program("release", "lepusctl"), "--rounds",
                         str(ODD_ROUNDS[self.size])],
                        [sys.executable, "tests/crash/faults.py", *program]):
            outcome.add(suite_tools.counted(command, self.deadline.left(600), may_skip=True))
        return outcome

    def restart(self):
        """What a restart finds again: each program starts and ends brokers by itself."""
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
        return suite_tools.counted(
            [sys.executable, "tests/ctl/run.py", "--broker", self.program("release", "lepus"),
             "--tool", self.program("release", "lepusctl"),
             "--python", os.path.join(E2E_FOLDER, "python", "bin", "python")],
            self.deadline.left(300))

    def package(self):
        """The broker as a service and in containers. Packages are made and installed by hand."""
        return suite_tools.counted(
            [sys.executable, "tests/package/run.py", "--broker",
             self.program("release", "lepus")], self.deadline.left(300))

    def docs(self):
        """The commands, links and settings of the documents."""
        return suite_tools.counted(
            [sys.executable, "tests/docs/run.py", "--programs", self.program("release")],
            self.deadline.left(120))

    def tls(self):
        """Handshakes and certificates; left out where the openssl program is missing."""
        return suite_tools.counted(
            [sys.executable, "tests/tls/run.py", "--broker", self.program("release", "lepus"),
             "--tool", self.program("release", "lepusctl")], self.deadline.left(300))

    def migration(self):
        """From RabbitMQ and back; left out where Erlang is missing."""
        return suite_tools.counted(
            [sys.executable, "tests/migration/run.py", "--broker",
             self.program("release", "lepus"), "--rabbitmq", RABBITMQ_FOLDER],
            self.deadline.left(300), may_skip=True)

    def management(self):
        """Tools of RabbitMQ's management API and a Prometheus, with this broker."""
        return suite_tools.counted(
            [sys.executable, "tests/management/run.py", "--broker",
             self.program("release", "lepus"), "--dir", MANAGEMENT_FOLDER],
            self.deadline.left(900))

    def web(self):
        """The web interface in a real browser, with this broker."""
        return suite_tools.counted(
            [sys.executable, "tests/web/run.py", "--broker", self.program("release", "lepus"),
             "--dir", WEB_FOLDER], self.deadline.left(600))

    def dpdk(self):
        """The kernel bypass: in memory, without privileges; and with clients of the kernel over a
        veth, left out where network namespaces are forbidden."""
        outcome = suite_tools.gtest([self.program("release", "tests", "lepus-dpdk-test")],
                                    self.deadline.left(300))
        outcome.add(suite_tools.counted(
            [self.program("release", "tests", "lepus-dpdk-sim"), "--count", str(BYPASS_WORLDS),
             "--seed-from", BYPASS_FIRST_WORLD], self.deadline.left(300)))
        for load in BYPASS_LOADS:
            outcome.add(suite_tools.single(
                [self.program("release", "tests", "lepus-dpdk-bench"), "broker", *load],
                self.deadline.left(60)))
        outcome.add(suite_tools.counted(
            [sys.executable, "tests/dpdk/veth_test.py", os.path.join(BUILD_ROOT, "release"),
             "--clients", E2E_FOLDER], self.deadline.left(300), may_skip=True))
        return outcome

    def perf(self):
        return suite_tools.counted(
            [sys.executable, "tests/perf/run.py", "--broker", self.program("release", "lepus"),
             "--perf", self.program("release", "lepus-perf"), "--dir", PERF_FOLDER],
            self.deadline.left(300))

    def bench(self):
        """Each benchmark runs for a moment: they build, run and end properly."""
        outcome = Outcome()
        for name in BENCHMARKS:
            outcome.add(suite_tools.single(
                [self.program("release", name), "--benchmark_min_time=0.01"],
                self.deadline.left(120)))
        return outcome


@dataclasses.dataclass(frozen=True)
class Suite:
    name: str
    run: object          # a method of Runner
    path: tuple          # what must exist for it to be in the list
    is_quick: bool       # part of --quick
    needs: tuple = ()    # jobs


SUITES = [
    Suite("tidy", Runner.tidy, ("tests", "tidy"), True),
    Suite("wire", Runner.wire, ("tests", "wire"), True, (PROGRAMS,)),
    Suite("perf", Runner.perf, ("tests", "perf"), True, (PROGRAMS, PERF)),
    Suite("restart", Runner.restart, ("tests", "restart"), True, (PROGRAMS,)),
    Suite("package", Runner.package, ("tests", "package"), True, (PROGRAMS,)),
    Suite("docs", Runner.docs, ("tests", "docs"), True, (PROGRAMS,)),
    Suite("tls", Runner.tls, ("tests", "tls"), False, (PROGRAMS,)),
    Suite("e2e", Runner.e2e, ("tests", "e2e"), False, (PROGRAMS, E2E)),
    Suite("crash", Runner.crash, ("tests", "crash"), False, (PROGRAMS,)),
    Suite("ctl", Runner.ctl, ("tests", "ctl"), True, (PROGRAMS,)),
    Suite("unit", Runner.unit, ("tests", "unit"), True, (RELEASE_UNIT,)),
    Suite("migration", Runner.migration, ("tests", "migration"), False, (PROGRAMS, MIGRATION)),
    Suite("management", Runner.management, ("tests", "management"), False, (PROGRAMS, MANAGEMENT)),
    Suite("web", Runner.web, ("tests", "web"), False, (PROGRAMS, WEB)),
    Suite("dpdk", Runner.dpdk, ("tests", "dpdk"), False, (BYPASS, E2E)),
    Suite("sim", Runner.sim, ("tests", "sim"), True, (RELEASE_SIM,)),
    Suite("unit-asan", Runner.unit_asan, ("tests", "unit"), False, (ASAN,)),
    Suite("wire-asan", Runner.wire_asan, ("tests", "wire"), False, (ASAN,)),
    Suite("fuzz", Runner.fuzz, ("tests", "fuzz"), False, (ASAN,)),
    Suite("bench", Runner.bench, ("bench",), False, (RELEASE_BENCH,)),
    Suite("unit-tsan", Runner.unit_tsan, ("tests", "unit"), False, (TSAN,)),
    Suite("wire-tsan", Runner.wire_tsan, ("tests", "wire"), False, (TSAN,)),
]


def run_suite(runner, jobs, suite):
    print(f"---- {suite.name}", flush=True)
    started = time.monotonic()
    try:
        for job in suite.needs:
            jobs.wait(job)
        waited_s = time.monotonic() - started
        outcome = suite.run(runner)
    except suite_tools.SuiteError as error:
        waited_s = time.monotonic() - started
        outcome = Outcome(failed=1, details=[str(error)])
    except Exception:  # whatever it is: the other suites and the total must still come
        waited_s = 0
        outcome = Outcome(failed=1,
                          details=[f"{suite.name} could not be run\n{traceback.format_exc()}"])
    if outcome.passed + outcome.failed == 0:
        outcome.fail(f"{suite.name} ran nothing")
    for detail in outcome.details:
        print(detail, flush=True)
    took_s = time.monotonic() - started - waited_s
    print(f"[{suite.name} took {took_s:.0f} s, after {waited_s:.0f} s for what it needs]")
    print(f"{suite.name}: {outcome.passed} passed, {outcome.failed} failed", flush=True)
    return outcome


def main():
    parser = argparse.ArgumentParser(description="run the test suites")
    parser.add_argument("--quick", action="store_true", help="the short suites only, and shorter")
    parser.add_argument("--list", action="store_true", help="print the names of the suites")
    parser.add_argument("suites", nargs="*", help="names of suites; default: all")
    args = parser.parse_args()
    present = [suite for suite in SUITES if exists(*suite.path)]
    unknown = set(args.suites) - {suite.name for suite in present}
    if unknown:
        parser.error(f"no suite {', '.join(sorted(unknown))}; there are: "
                     + ", ".join(suite.name for suite in present))
    if args.list:
        print("\n".join(suite.name for suite in present))
        return 0
    # SystemExit, so that brokers and temporary folders are cleaned up on the way out.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    chosen = [suite for suite in present if suite.name in args.suites
              or (not args.suites and (suite.is_quick or not args.quick))]
    runner, total = Runner(args.quick), Outcome()
    jobs = Jobs(runner.deadline)
    jobs.plan(job for suite in chosen for job in suite.needs)
    try:
        for suite in chosen:
            total.add(run_suite(runner, jobs, suite))
    finally:
        suite_tools.end_running()
    for job, seconds in jobs.took:
        print(f"[{' '.join(job)[:60]} took {seconds:.0f} s]")
    print(f"{total.passed} passed, {total.failed} failed")
    return 1 if total.failed or total.passed == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
