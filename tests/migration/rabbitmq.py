"""A RabbitMQ server of its own for a test: node name, ports, cookie, plugins and files are its own.

    with RabbitMq(find_scripts()) as old:
        old.start()
        old.ctl('export_definitions', path)

Nothing of an installed RabbitMQ is touched: no file of /etc/rabbitmq and /var/lib/rabbitmq is read
or written, and the port mapper (epmd) is one of its own, which ends with it. The node is named
…@localhost, so no other host name has to be resolvable.
"""
import contextlib
import glob
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time

START_S = 90
STOP_S = 20
CTL_S = 60


class RabbitMqFailed(Exception):
    """It could not do what the test needs: text for the reader."""


def find_scripts(folder=None):
    """Where rabbitmq-server and rabbitmqctl are: below `folder` (tests/migration/setup.sh), else
    in an installed one; None when they, or Erlang, are missing. /usr/sbin has wrappers, which use
    the system's files and user."""
    if not shutil.which('erl') or not shutil.which('epmd'):
        return None
    places = [os.path.join(folder, 'usr/lib/rabbitmq/bin')] if folder else []
    places += ['/usr/lib/rabbitmq/bin', '/opt/rabbitmq/sbin',
               *sorted(glob.glob('/usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin'))]
    return next((place for place in places
                 if os.access(os.path.join(place, 'rabbitmq-server'), os.X_OK)), None)


def free_port():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


class RabbitMq:
    def __init__(self, scripts, plugins=('rabbitmq_shovel',), settings=()):
        """`settings`: further lines of its rabbitmq.conf."""
        self.scripts = os.path.abspath(scripts)
        self.folder = tempfile.mkdtemp(prefix='lepus-rabbitmq-')
        self.port, self.process, self.mapper = free_port(), None, None
        self.environment = self._environment()
        self._write('enabled_plugins', f"[{','.join(plugins)}].\n")
        self._write('rabbitmq.conf', f'listeners.tcp.1 = 127.0.0.1:{self.port}\n'
                    'vm_memory_high_watermark.absolute = 1GB\ndisk_free_limit.absolute = 10MB\n'
                    + ''.join(f'{line}\n' for line in settings))

    def _environment(self):
        def path(name):
            return os.path.join(self.folder, name)
        kept = {name: value for name, value in os.environ.items()
                if not name.startswith(('RABBITMQ_', 'ERL_'))}
        return {**kept, 'HOME': self.folder, 'LC_ALL': 'C.UTF-8',
                'RABBITMQ_NODENAME': f'lepus{os.getpid()}-{self.port}@localhost',
                'RABBITMQ_DIST_PORT': str(free_port()),
                'RABBITMQ_MNESIA_BASE': path('data'), 'RABBITMQ_LOG_BASE': path('log'),
                'RABBITMQ_CONFIG_FILE': path('rabbitmq.conf'),
                'RABBITMQ_CONFIG_FILES': path('conf.d'),
                'RABBITMQ_ADVANCED_CONFIG_FILE': path('advanced.config'),
                'RABBITMQ_ENABLED_PLUGINS_FILE': path('enabled_plugins'),
                'RABBITMQ_CONF_ENV_FILE': path('rabbitmq-env.conf'),
                'RABBITMQ_PID_FILE': path('pid'),
                'ERL_EPMD_PORT': str(free_port()), 'ERL_EPMD_ADDRESS': '127.0.0.1',
                'ERL_CRASH_DUMP_SECONDS': '0'}

    def _write(self, name, text):
        with open(os.path.join(self.folder, name), 'w', encoding='utf-8') as out:
            out.write(text)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in (self.process, self.mapper):
            if process is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self):
        """Returns when clients can connect."""
        self.mapper = self._run('epmd', [shutil.which('epmd')])
        self.process = self._run('server', [os.path.join(self.scripts, 'rabbitmq-server')])
        deadline = time.monotonic() + START_S
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RabbitMqFailed(f'RabbitMQ did not start within {START_S} s:\n{self.log()}')
            time.sleep(0.1)   # it says nothing that could be waited for
        # The listener opens at the end of the start, but plugins may still be at work.
        self.ctl('await_startup')
        return self

    def _run(self, name, command):
        with open(os.path.join(self.folder, f'{name}.out'), 'ab') as out:
            return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out,
                                    stderr=subprocess.STDOUT, start_new_session=True,
                                    cwd=self.folder, env=self.environment)

    def _answers(self):
        """Whether the port talks AMQP."""
        with contextlib.suppress(OSError), \
                socket.create_connection(('127.0.0.1', self.port), 5) as link:
            link.settimeout(5)
            link.sendall(b'AMQP\0\0\x09\x01')
            return link.recv(1) == b'\x01'
        return False

    def ctl(self, *arguments):
        """Standard output of rabbitmqctl."""
        done = subprocess.run([os.path.join(self.scripts, 'rabbitmqctl'), '--silent', *arguments],
                              env=self.environment, cwd=self.folder, timeout=CTL_S,
                              capture_output=True, text=True, check=False)
        if done.returncode:
            raise RabbitMqFailed(f"rabbitmqctl {' '.join(arguments)}: exit code {done.returncode}\n"
                                 f'{done.stdout}{done.stderr}')
        return done.stdout

    def log(self):
        text = ''
        for path in [os.path.join(self.folder, 'server.out'),
                     *glob.glob(os.path.join(self.folder, 'log', '*.log'))]:
            with contextlib.suppress(OSError), open(path, encoding='utf-8',
                                                    errors='replace') as log:
                text += f'{path}:\n{log.read()[-6000:]}\n'
        return text
