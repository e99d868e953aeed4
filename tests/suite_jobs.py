"""Builds and preparations: what suites wait for, made ahead of them while earlier suites run.

    jobs = Jobs(deadline)
    jobs.plan([BUILD, SETUP])     # threads begin with them, in this order
    jobs.wait(BUILD)              # raises SuiteError with the output when it failed

Builds are one lane and preparations another, which downloads much. What runs here has a low
priority, so that the suite that runs meanwhile comes first; builds come before preparations, since
more suites wait for them.
"""
import threading
import time

import suite_tools

JOB_S_MAX = 45 * 60
BUILD_NICE, SETUP_NICE = 8, 15


def build(preset, *targets):
    return ("tools/build.sh", preset, *targets)


def setup(script, folder):
    return (script, folder)


def build_bypass(preset, *targets):
    """In the same directory: after the builds that everybody waits for."""
    return ("tools/dpdk/build.sh", preset, *targets)


def is_build(job):
    return job[0] in ("tools/build.sh", "tools/dpdk/build.sh")


def with_low_priority(job):
    """The kernel may weigh sessions before it weighs what is in them (autogroup)."""
    nice = BUILD_NICE if is_build(job) else SETUP_NICE
    script = f'echo {nice} 2>/dev/null >/proc/self/autogroup; exec nice -n {nice} "$@"'
    return ["sh", "-c", script, "sh", *job]


class Jobs:
    def __init__(self, deadline):
        self._deadline = deadline
        self._ended = {}      # job: Event
        self._troubles = {}   # job: its output, of those that failed
        self.took = []        # (job, seconds), as they ended

    def plan(self, jobs):
        """Begins with those that are not planned yet."""
        new = [job for job in dict.fromkeys(jobs) if job not in self._ended]
        for job in new:
            self._ended[job] = threading.Event()
        for lane in ([job for job in new if is_build(job)],
                     [job for job in new if not is_build(job)]):
            threading.Thread(target=self._do, args=(lane,), daemon=True).start()

    def wait(self, job):
        self.plan([job])
        self._ended[job].wait()
        if job in self._troubles:
            raise suite_tools.SuiteError(self._troubles[job])

    def _do(self, lane):
        for job in lane:
            started = time.monotonic()
            try:
                timeout_s = self._deadline.left(JOB_S_MAX)
                done = suite_tools.run(with_low_priority(job), timeout_s)
                if done.code != 0 or done.timed_out:
                    self._troubles[job] = suite_tools.describe(job, done, timeout_s)
            except Exception as error:  # whatever it is: somebody waits for this job
                self._troubles[job] = f"$ {' '.join(job)}\n{error}"
            self.took.append((job, time.monotonic() - started))
            self._ended[job].set()
