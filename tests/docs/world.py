"""The machine that a page's commands are tried on: a directory with what /etc/lepus, /var/lib/lepus
and the like are on a server, a broker with ports of its own, and a stand-in for systemctl.

    with World(programs) as world:
        world.run(script)        exit code, output

Scripts are changed before they run: paths below the directories of a server lead into the world,
and the ports of a broker with its defaults become those of this one.
"""
import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
FOLDERS = ('etc/lepus/conf.d', 'etc/lepus/tls', 'var/lib', 'var/log/lepus', 'run/lepus', 'backup',
           'tmp', 'root')
PORTS = ('5672', '5671', '5673', '15672', '15671', '15692', '15691')
SERVER_PATH = re.compile(r'(?<![\w.}/-])/(etc/lepus|var/lib/lepus|var/log/lepus|run/lepus|backup|'
                         r'tmp|root)(?![\w-])')
PORT = re.compile(rf'(?<![\d.])(?:{"|".join(PORTS)})(?![\d.])')
SCRIPT_S = 30


def free_ports(count):
    """Different from each other."""
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(('127.0.0.1', 0))
        return [probe.getsockname()[1] for probe in probes]
    finally:
        for probe in probes:
            probe.close()


class World:
    def __init__(self, programs):
        self.root = tempfile.mkdtemp(prefix='lepus-docs-')
        self.ports = dict(zip(PORTS, map(str, free_ports(len(PORTS)))))
        for folder in FOLDERS:
            os.makedirs(os.path.join(self.root, folder))
        self.environment = {
            **os.environ, 'PATH': ':'.join((os.path.join(HERE, 'shims'), programs,
                                            os.environ['PATH'])),
            'DOCS_WORLD': self.root, 'DOCS_SOURCE': os.path.dirname(os.path.dirname(HERE)),
            'HOME': self.path('/root'), 'TERM': 'dumb',
            'LEPUS_CONFIG_FILE': self.path('/etc/lepus/lepus.conf'),
            'LEPUS_SOCKET': self.path('/var/lib/lepus/lepus.sock')}
        self._configure()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            with open(os.path.join(self.root, 'pid'), encoding='ascii') as stream:
                os.killpg(int(stream.read()), signal.SIGKILL)
        except (OSError, ValueError):
            pass
        shutil.rmtree(self.root, ignore_errors=True)

    def path(self, server_path):
        return self.root + server_path

    def translate(self, text):
        text = SERVER_PATH.sub(lambda match: self.path(match[0]), text)
        return PORT.sub(lambda match: self.ports[match[0]], text)

    def _configure(self):
        with open(self.path('/etc/lepus/lepus.conf'), 'w', encoding='utf-8') as stream:
            stream.write(self.translate(
                'listeners.tcp.default = 127.0.0.1:5672\nmanagement.tcp.port = 15672\n'
                'prometheus.tcp.port = 15692\ndata_dir = /var/lib/lepus\n'
                'log.dir = /var/log/lepus\nlog.file = lepus.log\n'
                'management.tcp.ip = 127.0.0.1\nprometheus.tcp.ip = 127.0.0.1\n'
                'shards = 1\npin = false\njournal.segment_size = 1MiB\n'))

    def run(self, script):
        """Returns (exit code, output); 124: it took too long."""
        with tempfile.TemporaryFile() as output:
            process = subprocess.Popen(
                ['bash', '-eu', '-o', 'pipefail', '-c', self.translate(script)], cwd=self.root,
                env=self.environment, stdin=subprocess.DEVNULL, stdout=output,
                stderr=subprocess.STDOUT, start_new_session=True)
            try:
                code = process.wait(SCRIPT_S)
            except subprocess.TimeoutExpired:
                code = 124
            # Also what the script left in the background; not the broker of systemctl.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            output.seek(0)
            return code, output.read().decode(errors='replace')

    def said(self):
        with open(os.path.join(self.root, 'said'), encoding='utf-8', errors='replace') as stream:
            return stream.read()[-3000:]
