#!/usr/bin/env python3
"""Tests what the suite runner relies on: counts, crashes, time limits, the broker's start and end.

Small shell and Python programs stand in for the suites and for the broker.
"""
import os
import select
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import suite_tools
from suite_jobs import Jobs
from suite_tools import SuiteError

GTEST_OUTPUT = """[ RUN      ] A.good
[       OK ] A.good (0 ms)
[ RUN      ] A.bad
a_test.cpp:7: Failure
[  FAILED  ] A.bad (1 ms)
[ RUN      ] P/A.param/0
[       OK ] P/A.param/0 (0 ms)
"""


def shell(script):
    return ["sh", "-c", script]


def ends(process_id, timeout_s):
    """Whether the process ends in time (or had ended); a zombie counts as ended."""
    try:
        descriptor = os.pidfd_open(process_id)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([descriptor], [], [], timeout_s)[0])
    finally:
        os.close(descriptor)


class CountedTest(unittest.TestCase):
    def counts(self, script, timeout_s=20, may_skip=False):
        outcome = suite_tools.counted(shell(script), timeout_s, may_skip=may_skip)
        self.assertEqual(bool(outcome.failed), bool(outcome.details))
        return outcome.passed, outcome.failed

    def test_last_line_counts(self):
        self.assertEqual(self.counts("echo x: 1 passed, 0 failed; echo 3 passed, 0 failed"), (3, 0))
        self.assertEqual(self.counts("echo wire: 3 passed, 2 failed; exit 1"), (3, 2))

    def test_no_counts_is_a_failure(self):
        self.assertEqual(self.counts("echo hello"), (0, 1))
        self.assertEqual(self.counts("echo 0 passed, 0 failed"), (0, 1))

    def test_skipped(self):
        said = "echo 0 passed, 0 failed, 3 skipped"
        self.assertEqual(self.counts(said), (0, 1))
        self.assertEqual(self.counts(said, may_skip=True), (0, 0))
        self.assertEqual(self.counts(f"{said}; exit 1", may_skip=True), (0, 1))
        self.assertEqual(self.counts("echo 0 passed, 0 failed, 0 skipped", may_skip=True), (0, 1))
        self.assertEqual(self.counts("echo 2 passed, 1 failed, 3 skipped", may_skip=True), (2, 1))

    def test_failure_after_good_counts(self):
        self.assertEqual(self.counts("echo 3 passed, 0 failed; kill -SEGV $$"), (3, 1))

    def test_time_limit(self):
        self.assertEqual(self.counts("echo 3 passed, 0 failed; sleep 60", 0.3), (3, 1))

    def test_children_are_ended(self):
        started = time.monotonic()
        done = suite_tools.run(shell("sleep 60 & echo $!"), 50)
        self.assertLess(time.monotonic() - started, 40)
        self.assertTrue(ends(int(done.output), 10))


class GtestTest(unittest.TestCase):
    def outcome(self, script):
        return suite_tools.gtest(shell(f"cat <<'EOF'\n{GTEST_OUTPUT}EOF\n{script}"), 20)

    def test_failed_test_is_shown(self):
        outcome = self.outcome("exit 1")
        self.assertEqual((outcome.passed, outcome.failed), (2, 1))
        self.assertIn("a_test.cpp:7: Failure", outcome.details[0])

    def test_crash_is_named(self):
        outcome = self.outcome("echo '[ RUN      ] A.crash'; kill -ABRT $$")
        self.assertEqual((outcome.passed, outcome.failed), (2, 2))
        self.assertIn("stopped in A.crash", outcome.details[-1])

    def test_no_test_is_a_failure(self):
        self.assertEqual(suite_tools.gtest(["true"], 20).failed, 1)
        self.assertEqual(suite_tools.gtest(["false"], 20).failed, 1)


class BrokerTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="suite-tools-test-")
        self.addCleanup(self.folder.cleanup)

    def program(self, script):
        path = os.path.join(self.folder.name, "broker")
        with open(path, "w", encoding="utf-8") as stream:
            stream.write("#!/bin/sh\n" + script)
        os.chmod(path, 0o755)
        return path

    def outcome(self, script):
        def suite(broker):
            self.assertIsNone(broker.process.poll())
            return suite_tools.Outcome(passed=2)
        outcome = suite_tools.with_broker(self.program(script), suite)
        return outcome.passed, outcome.failed

    def test_proper_stop(self):
        self.assertEqual(self.outcome(
            "trap 'exit 0' TERM\necho lepus ready\nwhile :; do sleep 0.05; done\n"), (3, 0))

    def test_bad_exit_code(self):
        self.assertEqual(self.outcome(
            "trap 'exit 3' TERM\necho lepus ready\nwhile :; do sleep 0.05; done\n"), (2, 1))

    def test_never_ready(self):
        self.assertEqual(self.outcome("echo no io_uring here\nexit 1\n"), (0, 1))

    def test_missing_program(self):
        with self.assertRaises(SuiteError):
            with suite_tools.Broker(os.path.join(self.folder.name, "absent")):
                pass

    def test_data_folder_is_removed(self):
        script = "trap 'exit 0' TERM\necho lepus ready\nwhile :; do sleep 0.05; done\n"
        with suite_tools.Broker(self.program(script)) as broker:
            self.assertTrue(os.path.isdir(broker.data))
        self.assertFalse(os.path.exists(broker.data))
        self.assertIsNotNone(broker.process.poll())


class JobsTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="suite-tools-test-")
        self.addCleanup(self.folder.cleanup)
        self.jobs = Jobs(suite_tools.Deadline(60))
        self.log = os.path.join(self.folder.name, "log")

    def job(self, number, script="true"):
        return tuple(shell(f"echo {number} >>{self.log}; {script}"))

    def logged(self):
        with open(self.log, encoding="utf-8") as stream:
            return stream.read().split()

    def test_one_after_the_other_and_each_once(self):
        jobs = [self.job(number) for number in range(5)]
        self.jobs.plan(jobs + jobs)
        for job in reversed(jobs):
            self.jobs.wait(job)
        self.assertEqual(self.logged(), ["0", "1", "2", "3", "4"])
        self.assertEqual([job for job, _ in self.jobs.took], jobs)

    def test_a_failure_is_told_to_all_who_wait(self):
        bad, good = self.job(1, "echo no compiler; exit 3"), self.job(2)
        self.jobs.plan([bad, good])
        for _ in range(2):
            with self.assertRaisesRegex(SuiteError, "no compiler\n.*exit code 3"):
                self.jobs.wait(bad)
        self.jobs.wait(good)

    def test_what_cannot_be_started_is_a_failure(self):
        missing = (os.path.join(self.folder.name, "absent"),)
        with self.assertRaises(SuiteError):
            self.jobs.wait(missing)

    def test_all_ends_with_the_runner(self):
        job = self.job(1, "sleep 60")
        self.jobs.plan([job])
        while not os.path.exists(self.log):
            os.sched_yield()
        suite_tools.end_running()
        with self.assertRaises(SuiteError):
            self.jobs.wait(job)


if __name__ == "__main__":
    unittest.main()
