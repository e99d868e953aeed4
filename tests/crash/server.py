"""The brokers the crash suite kills: started again and again on one data directory.

A process is started with the wish to be killed when the suite itself dies, in a session of its own,
and killed with all its descendants, so none is left behind. Lepus gets a free port at each start,
and is ready when it says so; RabbitMQ keeps its port and is ready when it answers.
"""
import ctypes
import os
import select
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(ROOT, 'tests'), os.path.join(ROOT, 'bench')]

import compare_brokers  # noqa: E402
import suite_tools  # noqa: E402
from certificates import Authority  # noqa: E402

START_S = 30
STOP_S = 20
LOG_SHOWN = 3000
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)


class BrokerTrouble(Exception):
    """The broker did not do what it was told to; text for the reader."""


def die_with_parent():
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Lepus:
    """`directory` holds its data, not its log: its disk may be full. `settings`: see --set. `tls`:
    it has a listener for TLS, which door() leads to."""
    can_change_shards = True

    def __init__(self, binary, settings, directory=None, tls=False):
        self.binary, self.settings = os.path.abspath(binary), dict(settings)
        self.own = tempfile.mkdtemp(prefix='lepus-crash-')
        self.data = os.path.join(directory or self.own, 'data')
        self.log_path = os.path.join(self.own, 'broker.log')
        self.process, self.port, self.start_s = None, 0, 0.05
        self.log_read = 0
        self.environment = {}
        self.tls = self.tls_port = None
        if tls:
            authority = Authority(self.own, 'ca')
            server = authority.issue('server', 'IP:127.0.0.1')
            self.settings |= {'ssl_options.certfile': server.cert,
                              'ssl_options.keyfile': server.key}
            self.tls = ssl.create_default_context(cafile=authority.cert)
            self.tls.check_hostname = False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()
        shutil.rmtree(self.own, ignore_errors=True)

    def launch(self):
        """Starts the process without waiting for it."""
        self.port = suite_tools.free_port()
        settings = {'listeners.tcp.default': f'127.0.0.1:{self.port}', 'data_dir': self.data,
                    'pin': 'false', **suite_tools.NO_HTTP, **self.settings}
        if self.tls:
            self.tls_port = suite_tools.free_port()
            settings['listeners.ssl.default'] = f'127.0.0.1:{self.tls_port}'
        command = [self.binary]
        for key, value in settings.items():
            command += ['--set', f'{key}={value}']
        with open(self.log_path, 'ab') as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log,
                start_new_session=True, preexec_fn=die_with_parent,
                env={**os.environ, 'LEPUS_CONFIG_FILE': os.devnull, **self.environment})

    def door(self):
        """What a Connection needs to come in."""
        return (self.tls_port, self.tls) if self.tls else (self.port, None)

    def wait_ready(self):
        begin, said = time.monotonic(), b''
        while b'lepus ready' not in said:
            left = begin + START_S - time.monotonic()
            if left <= 0:
                raise BrokerTrouble(f'not ready within {START_S} s\n{self.log()}')
            if not select.select([self.process.stdout], [], [], left)[0]:
                continue
            data = os.read(self.process.stdout.fileno(), 4096)
            if not data:
                code = self.process.wait()
                raise BrokerTrouble(f'ended with {code} while starting\n{self.log()}')
            said += data
        self.start_s = time.monotonic() - begin

    def start(self):
        self.launch()
        self.wait_ready()

    def wait(self, seconds):
        """The exit code when the process ended by itself within this time, else None."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def kill(self):
        if self.process is None:
            return
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process.stdout.close()
        self.process = None

    def freeze(self):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGSTOP)

    def terminate(self):
        self.process.terminate()

    def wait_stopped(self):
        """After terminate(): it must leave with 0."""
        code = self.wait(STOP_S)
        self.kill()
        if code != 0:
            raise BrokerTrouble(f'SIGTERM: exit code {code} within {STOP_S} s\n{self.log()}')

    def log(self):
        with open(self.log_path, encoding='utf-8', errors='replace') as log:
            return log.read()[-LOG_SHOWN:]

    def new_log(self):
        """What it has said since this was asked last."""
        with open(self.log_path, encoding='utf-8', errors='replace') as log:
            log.seek(self.log_read)
            text = log.read()
            self.log_read = log.tell()
            return text


class RabbitMq:
    """A private RabbitMQ, for checking the oracle against a broker known to be durable."""
    can_change_shards = False

    def __init__(self, parent=None):
        self.port = suite_tools.free_port()
        self.inner = compare_brokers.RabbitMq(self.port, parent)
        self.data = self.inner.directory.name
        self.is_first, self.process, self.start_s = True, None, 5.0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()
        self.inner.stop()

    def door(self):
        return self.port, None

    def launch(self):
        if self.is_first:
            self.inner.start()
            self.is_first = False
        else:
            self.inner.start_again()
        self.process = self.inner.process

    def wait_ready(self):
        begin = time.monotonic()
        try:
            self.inner.wait_until_ready()
        except compare_brokers.BrokerError as error:
            raise BrokerTrouble(str(error)) from error
        self.start_s = time.monotonic() - begin

    def start(self):
        self.launch()
        self.wait_ready()

    def wait(self, seconds):
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def kill(self):
        """The worker first: what it started for itself is in other sessions."""
        if self.process is None:
            return
        found = compare_brokers.descendants(self.process.pid)
        for pid in sorted(found, key=lambda pid: compare_brokers.process_name(pid) != 'beam.smp'):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait()
        self.process = None
        for helper in self.inner.helpers:
            self.inner.end(helper)

    def freeze(self):
        for pid in compare_brokers.descendants(self.process.pid):
            try:
                os.kill(pid, signal.SIGSTOP)
            except ProcessLookupError:
                pass

    def terminate(self):
        """To the worker, as its service does."""
        os.kill(self.inner.find_worker(), signal.SIGTERM)

    def wait_stopped(self):
        """The exit code says nothing: the signal stands in it."""
        code = self.wait(STOP_S)
        self.kill()
        if code is None:
            raise BrokerTrouble(f'still there {STOP_S} s after SIGTERM')

    def log(self):
        return self.inner.log_tail()

    def new_log(self):
        return ''
