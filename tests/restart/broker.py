"""A broker that is stopped, killed and started again on the same data directory.

    with Node(program) as node:
        node.start()
        ...
        node.kill()            SIGKILL; what the process had answered must be found again
        node.start(shards=1)

Its log goes to a file in the directory that holds the data directory; both go when the block is
left.
"""
import argparse
import contextlib
import os
import resource
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), 'wire'))

from probe import Probe  # noqa: E402  (the paths are made above)
from suite_tools import NO_HTTP  # noqa: E402

START_S = 20
STOP_S = 20
FRAMES = (0, False)   # Probe.observe() is not used here


class Failed(Exception):
    """A check that did not hold: text for the reader."""


def check(condition, text):
    if not condition:
        raise Failed(text)


def free_port():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


class Node:
    def __init__(self, program):
        self.program = os.path.abspath(program)
        self.directory = tempfile.mkdtemp(prefix='lepus-restart-')
        self.data = os.path.join(self.directory, 'data')
        self.catalog = os.path.join(self.data, 'catalog.sqlite')
        self.log_path = os.path.join(self.directory, 'log')
        self.port = None
        self.process = None
        self.probes = []
        self.environment = {}   # beside that of the test

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()
        shutil.rmtree(self.directory, ignore_errors=True)

    # --- the process ---

    def launch(self, shards, file_size_max=None, settings=None, files_max=None):
        """Starts the process without waiting for it.

        On a port of its own each time: the kernel closes the sockets of a killed io_uring process
        some time after its end, and until then they would take connections.
        """
        self.port = free_port()

        def limit():
            if files_max is not None:
                resource.setrlimit(resource.RLIMIT_NOFILE, (files_max, files_max))
            if file_size_max is not None:
                signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
                limits = (file_size_max, resource.RLIM_INFINITY)
                resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        settings = {'listeners.tcp.default': f'127.0.0.1:{self.port}', 'shards': shards,
                    'data_dir': self.data, 'pin': 'false', **NO_HTTP, **(settings or {})}
        command = [self.program]
        for key, value in settings.items():
            command += ['--set', f'{key}={value}']
        with open(self.log_path, 'ab') as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=log,
                                            stdout=subprocess.PIPE, start_new_session=True,
                                            env={**os.environ, **self.environment},
                                            preexec_fn=limit, restore_signals=False)

    def start(self, shards=2, file_size_max=None, settings=None, files_max=None):
        """settings: more keys of the configuration; files_max: that may be open."""
        check(self.process is None, 'the broker runs already')
        starts = self.starts_logged()
        self.launch(shards, file_size_max, settings, files_max)
        deadline = time.monotonic() + START_S
        seen = b''
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            while b'lepus ready' not in seen:
                ready = selector.select(max(0, deadline - time.monotonic()))
                part = os.read(self.process.stdout.fileno(), 4096) if ready else b''
                check(part, f'the broker did not start:\n{self.log()}')
                seen += part
        # The log has a thread of its own: what the start says is there a moment later.
        while self.starts_logged() == starts:
            check(time.monotonic() < deadline, f'the start is not in the log:\n{self.log()}')
            time.sleep(0.002)
        return self

    def starts_logged(self):
        if not os.path.exists(self.log_path):
            return 0
        with open(self.log_path, encoding='utf-8', errors='replace') as log:
            return log.read().count('"broker started"')

    def fails_to_start(self, shards=2, settings=None):
        """Starts a broker that must refuse: the one line it gives on standard error."""
        before = os.path.getsize(self.log_path) if os.path.exists(self.log_path) else 0
        self.launch(shards, settings=settings)
        code = self.wait()
        with open(self.log_path, encoding='utf-8', errors='replace') as log:
            log.seek(before)
            lines = [line for line in log.read().splitlines() if line.startswith('lepus: ')]
        check(code in (1, 78), f'exit code {code} instead of 1 or 78:\n{self.log()}')
        check(len(lines) == 1, f'one line of error wanted, got {lines}')
        return lines[0]

    def wait(self):
        """The exit code of a process that is about to end by itself."""
        try:
            code = self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise Failed(f'the broker did not end within {STOP_S} s:\n{self.log()}') from None
        self.forget()
        return code

    def stop(self):
        """The clean end, with no client left to be waited for."""
        self.close_probes()
        self.process.terminate()
        code = self.wait()
        check(code == 0, f'exit code {code} after SIGTERM:\n{self.log()}')

    def kill(self):
        if self.process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.forget()

    def wipe(self):
        """An empty data directory again."""
        check(self.process is None, 'the broker runs')
        shutil.rmtree(self.data, ignore_errors=True)

    def forget(self):
        self.process.stdout.close()
        self.process = None
        self.close_probes()

    def close_probes(self):
        for probe in self.probes:
            probe.close()
        self.probes = []

    def log(self):
        with open(self.log_path, encoding='utf-8', errors='replace') as log:
            return log.read()[-20_000:]

    # --- clients ---

    def probe(self):
        """A fresh connection with channel 1 open; closed when the broker ends."""
        probe = Probe(('127.0.0.1', self.port), FRAMES)
        self.probes.append(probe)
        return probe.open()

    def refusal(self, method, /, **arguments):
        """The reply code with which a channel of its own, or its connection, is closed, or 0."""
        probe = self.probe()
        probe.send(1, method, **arguments)
        answer = probe.expect(f'{method}Ok', 'Channel.Close', 'Connection.Close')
        return 0 if answer.name == f'{method}Ok' else answer.arguments['reply_code']

    def exists(self, kind, name):
        """kind: Queue or Exchange."""
        code = self.refusal(f'{kind}.Declare', passive=True, **{kind.lower(): name})
        check(code in (0, 404), f'passive declare of {kind} {name}: {code}')
        return code == 0


def run_cases(text, cases):
    """Each with a Node of its own. The exit code."""
    parser = argparse.ArgumentParser(description=text.splitlines()[0])
    parser.add_argument('--broker', required=True, help='the program')
    parser.add_argument('--only', default='', help='cases whose name contains this')
    options = parser.parse_args()
    passed = failed = 0
    for run in cases:
        if options.only not in run.__name__:
            continue
        began = time.monotonic()
        with Node(options.broker) as node:
            try:
                run(node)
                passed += 1
                print(f'pass {run.__name__} ({time.monotonic() - began:.1f} s)', flush=True)
            except Failed as error:
                failed += 1
                print(f'FAIL {run.__name__}: {error}', flush=True)
            except Exception:  # pylint: disable=broad-except
                failed += 1
                print(f'FAIL {run.__name__}:\n{traceback.format_exc()}{node.log()}', flush=True)
    print(f'{passed} passed, {failed} failed')
    return 1 if failed or not passed else 0
