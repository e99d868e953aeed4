"""Brokers for the comparison: started on ports and directories of their own, stopped in any case.

Both run with their defaults but for what keeps them apart from others on the machine: addresses,
directories, and Erlang's node name and port mapper. Lepus gets one shard unless told otherwise.
RabbitMQ runs without plugins, so nothing collects statistics. A broker counts as ready when it
answers the protocol header; Lepus also has to say that all shards are. Each can be ended and
started again on its directory.
"""
import os
import signal
import socket
import subprocess
import tempfile
import time

START_S_MAX = 60
STOP_S_MAX = 20
HALT_S_MAX = 300  # with a backlog to put away
POLL_S = 0.01
RABBITMQ_BIN = '/usr/lib/rabbitmq/bin/rabbitmq-server'


class BrokerError(Exception):
    """Text for the user: which broker, what went wrong, where to look."""


def answers(port):
    """Whether what listens there speaks AMQP 0-9-1: it sends a frame (connection.start) first."""
    try:
        with socket.create_connection(('127.0.0.1', port), timeout=2) as peer:
            peer.sendall(b'AMQP\0\0\x09\x01')
            return peer.recv(1) == b'\x01'
    except OSError:
        return False


def descendants(pid):
    """The process and all below it."""
    parents = {}
    for entry in os.listdir('/proc'):
        if not entry.isdigit():
            continue
        try:
            with open(f'/proc/{entry}/stat', encoding='utf-8', errors='replace') as stat:
                parents[int(entry)] = int(stat.read().rpartition(')')[2].split()[1])
        except OSError:
            continue
    found = [pid]
    for known in found:
        found.extend(child for child, parent in parents.items() if parent == known)
    return found


def process_name(pid):
    try:
        with open(f'/proc/{pid}/comm', encoding='utf-8') as comm:
            return comm.read().strip()
    except OSError:
        return ''


class Broker:
    """One running broker; a context manager. `pid` is the process that does the work, `data` the
    directory with its messages, `start_s` the time the last start took."""
    name = ''

    def __init__(self, port, parent=None):
        self.port = port
        self.pid = 0
        self.helpers = []
        self.process = None
        self.start_s_max, self.start_s = START_S_MAX, 0
        self.started_at = 0
        self.directory = tempfile.TemporaryDirectory(prefix='lepus-compare-', dir=parent,
                                                     ignore_cleanup_errors=True)
        self.log_path = os.path.join(self.directory.name, 'output.log')

    def __enter__(self):
        try:
            self.start()
            self.wait_until_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()

    def path(self, name):
        return os.path.join(self.directory.name, name)

    def spawn(self, command, environment=None):
        """In a process group of its own, so that all of it can be ended."""
        self.started_at = time.monotonic()
        with open(self.log_path, 'ab') as log:
            return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                    env=environment, start_new_session=True)

    def wait_until_ready(self):
        deadline = time.monotonic() + self.start_s_max
        while not self.is_ready():
            if self.process.poll() is not None:
                raise BrokerError(f'{self.name} ended while starting: {self.log_tail()}')
            if time.monotonic() > deadline:
                raise BrokerError(f'{self.name} does not answer on port {self.port} after '
                                  f'{self.start_s_max} s: {self.log_tail()}')
            time.sleep(POLL_S)
        self.start_s = time.monotonic() - self.started_at
        self.pid = self.find_worker()

    def is_ready(self):
        return answers(self.port)

    def find_worker(self):
        return self.process.pid

    def log_tail(self):
        with open(self.log_path, encoding='utf-8', errors='replace') as log:
            return log.read()[-1000:].strip() or '(no output)'

    def halt(self, number):
        """Sends the signal to the process that does the work; all of the broker has ended when
        this returns. The seconds that took."""
        begin = time.monotonic()
        os.kill(self.pid, number)
        try:
            self.process.wait(HALT_S_MAX)
        except subprocess.TimeoutExpired as error:
            raise BrokerError(f'{self.name} is still there {HALT_S_MAX} s after signal {number}: '
                              f'{self.log_tail()}') from error
        seconds = time.monotonic() - begin
        self.stop_processes()
        return seconds

    def stop_processes(self):
        for process in [self.process] + self.helpers:
            if process is not None:
                self.end(process)

    def stop(self):
        self.stop_processes()
        self.directory.cleanup()

    @staticmethod
    def end(process):
        """Asks all processes of the group; those that do not listen are killed."""
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(STOP_S_MAX)
            except subprocess.TimeoutExpired:
                pass
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.wait()


class Lepus(Broker):
    name = 'Lepus'

    def __init__(self, port, binary, shards, parent=None):
        super().__init__(port, parent)
        self.binary = binary
        self.data = self.path('data')
        self.starts = 0
        self.settings = {'listeners.tcp.default': f'127.0.0.1:{port}', 'data_dir': self.data,
                         'shards': shards, 'management.tcp.port': 'none',
                         'prometheus.tcp.port': 'none'}

    def start(self):
        self.start_again()

    def start_again(self):
        command = [self.binary]
        for key, value in self.settings.items():
            command += ['--set', f'{key}={value}']
        self.starts += 1
        self.process = self.spawn(command, {**os.environ, 'LEPUS_CONFIG_FILE': os.devnull})

    def is_ready(self):
        """A shard that is done already accepts connections while another still loads."""
        if not answers(self.port):
            return False
        with open(self.log_path, encoding='utf-8', errors='replace') as log:
            return log.read().count('lepus ready') == self.starts

    def version(self):
        return subprocess.run([self.binary, '--version'], capture_output=True, text=True,
                              check=True).stdout.split()[-1]


class RabbitMq(Broker):
    name = 'RabbitMQ'

    def __init__(self, port, parent=None):
        super().__init__(port, parent)
        self.data = self.path('mnesia')
        self.settings = {'listeners.tcp.default': f'127.0.0.1:{port}'}
        self.plugins = ()

    def start(self):
        dist_port, mapper_port = self.port + 1, self.port + 2
        environment = {key: value for key, value in os.environ.items()
                       if not key.startswith(('RABBITMQ_', 'ERL_'))}
        for name in ('mnesia', 'log'):
            os.mkdir(self.path(name))
        settings = ''.join(f'{key} = {value}\n' for key, value in self.settings.items())
        plugins = f'[{",".join(self.plugins)}].\n'
        for name, text in (('rabbitmq-env.conf', ''), ('enabled_plugins', plugins),
                           ('rabbitmq.conf', settings)):
            with open(self.path(name), 'w', encoding='utf-8') as file:
                file.write(text)
        self.environment = environment | {
            'HOME': self.directory.name,  # the Erlang cookie is there
            'ERL_EPMD_PORT': str(mapper_port),
            'ERL_EPMD_ADDRESS': '127.0.0.1',
            'ERL_CRASH_DUMP': self.path('erl_crash.dump'),
            'RABBITMQ_NODENAME': 'lepus-compare@localhost',
            'RABBITMQ_DIST_PORT': str(dist_port),
            'RABBITMQ_CONF_ENV_FILE': self.path('rabbitmq-env.conf'),
            'RABBITMQ_CONFIG_FILE': self.path('rabbitmq.conf'),
            'RABBITMQ_ENABLED_PLUGINS_FILE': self.path('enabled_plugins'),
            'RABBITMQ_MNESIA_BASE': self.path('mnesia'),
            'RABBITMQ_LOG_BASE': self.path('log'),
        }
        self.start_again()

    def start_again(self):
        """On what start() has prepared, after both processes have ended. Started here, the port
        mapper is ours to end; started by the node it would stay."""
        self.helpers = [self.spawn(['epmd', '-port', self.environment['ERL_EPMD_PORT'], '-address',
                                    '127.0.0.1'], self.environment)]
        self.process = self.spawn([RABBITMQ_BIN], self.environment)

    def find_worker(self):
        for pid in descendants(self.process.pid):
            if process_name(pid).startswith('beam'):
                return pid
        raise BrokerError('RabbitMQ answers, but its process beam.smp is not below the one started')

    def version(self):
        """As the package tool knows it."""
        shown = subprocess.run(['dpkg-query', '-W', '-f', '${Version}', 'rabbitmq-server'],
                               capture_output=True, text=True, check=False).stdout
        return shown.partition('-')[0] or 'unknown'


def chosen_broker(arguments, port, shards=1):
    """RabbitMQ with --rabbitmq, else Lepus of --build; their data is below --build."""
    directory = os.path.abspath(arguments.build)
    if arguments.rabbitmq:
        return RabbitMq(port, directory)
    return Lepus(port, os.path.join(arguments.build, 'lepus'), shards, directory)
