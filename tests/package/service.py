"""A broker as a service manager starts it: with a socket for what it tells, and a watchdog."""
import contextlib
import ctypes
import os
import re
import signal
import socket
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, 'tests', 'restart'))

from broker import Failed, Node, NO_HTTP, check, free_port  # noqa: E402

CONFINED = os.path.join(HERE, 'confined.py')
UNIT = os.path.join(ROOT, 'packaging', 'systemd', 'lepus.service')
RING_CALLS = 'io_uring_setup,io_uring_enter,io_uring_register'
START_S = 30
PTRACE_INTERRUPT, PTRACE_SEIZE, PTRACE_DETACH = 0x4207, 0x4206, 17


class Service:
    """`with Service(node) as service: service.start()`. The data directory is the node's."""

    def __init__(self, node, confinement=(), watchdog_s=None):
        self.node = node
        self.confinement = list(confinement)
        self.watchdog_s = watchdog_s
        self.path = os.path.join(node.directory, 'notify')
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.port = free_port()
        self.process = None
        self.heard = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                self.process.kill()
            self.process.wait()
        self.socket.close()
        os.unlink(self.path)

    def launch(self, settings=None, environment=None):
        settings = {'listeners.tcp.default': f'127.0.0.1:{self.port}', 'shards': 2,
                    'data_dir': self.node.data, 'pin': 'false', **NO_HTTP, **(settings or {})}
        command = [self.node.program]
        if self.confinement:
            command = [sys.executable, CONFINED, *self.confinement, *command]
        for key, value in settings.items():
            command += ['--set', f'{key}={value}']
        variables = {**os.environ, 'NOTIFY_SOCKET': self.path, **(environment or {})}
        if self.watchdog_s is not None:
            variables['WATCHDOG_USEC'] = str(int(self.watchdog_s * 1_000_000))
        with open(self.node.log_path, 'ab') as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=log,
                                            stdout=subprocess.DEVNULL, env=variables)
        return self

    def start(self, **more):
        self.launch(**more)
        self.wait_for('READY=1')
        return self

    def next(self, timeout_s):
        """The next message as its lines; none within the time: empty."""
        self.socket.settimeout(max(timeout_s, 0.001))
        try:
            lines = self.socket.recv(8192).decode().splitlines()
        except TimeoutError:
            return []
        self.heard.append(lines)
        return lines

    def wait_for(self, line, timeout_s=START_S):
        end = time.monotonic() + timeout_s
        while time.monotonic() < end:
            lines = self.next(min(0.2, end - time.monotonic()))
            if line in lines:
                return lines
            if not lines and self.process.poll() is not None:
                raise Failed(f'it ended with {self.process.returncode} before {line}:\n'
                             f'{self.node.log()}')
        raise Failed(f'no {line} within {timeout_s} s; heard {self.heard}\n{self.node.log()}')

    def count(self, line, seconds):
        """How often a line comes within this time."""
        end, found = time.monotonic() + seconds, 0
        while (left := end - time.monotonic()) > 0:
            found += line in self.next(left)
        return found

    def wait(self, timeout_s=START_S):
        try:
            return self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise Failed(f'it does not end:\n{self.node.log()}') from None

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        code = self.wait()
        check(code == 0, f'exit code {code} after SIGTERM:\n{self.node.log()}')

    def thread(self, name):
        """The kernel's number of a thread of the broker."""
        tasks = f'/proc/{self.process.pid}/task'
        for number in os.listdir(tasks):
            with open(f'{tasks}/{number}/comm', encoding='utf-8') as stream:
                if stream.read().strip() == name:
                    return int(number)
        raise Failed(f'there is no thread {name}')

    @contextlib.contextmanager
    def hanging(self, name):
        """One thread stands still meanwhile, the others run."""
        libc = ctypes.CDLL(None, use_errno=True)
        number = self.thread(name)

        def call(request):
            if libc.ptrace(request, number, None, None) != 0:
                raise Failed(f'ptrace {request}: {os.strerror(ctypes.get_errno())}')
        call(PTRACE_SEIZE)
        call(PTRACE_INTERRUPT)
        os.waitpid(number, 0x40000000)   # __WALL
        try:
            yield
        finally:
            call(PTRACE_DETACH)


def unit_value(key):
    with open(UNIT, encoding='utf-8') as stream:
        return re.findall(rf'^{key}=(.*)$', stream.read(), re.MULTILINE)
