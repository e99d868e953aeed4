"""The image, made by buildah from the Dockerfile and run by podman, with a storage of its own.

    with Podman(folder) as podman:
        podman.build(packages)
        with podman.container('-v', 'data:/var/lib/lepus') as broker: ...

The base is a Debian made here, under the name that the Dockerfile has for it. Containers have a
network of their own without anybody else in it (tests/package/inside.py goes there).
"""
import glob
import json
import os
import shutil
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
PROFILE = os.path.join(ROOT, 'packaging', 'container', 'seccomp.json')
TOOLS = ('mmdebstrap', 'buildah', 'podman', 'runc', 'nsenter')
BASE = 'docker.io/library/debian:12-slim'
IMAGE = 'localhost/lepus:test'
START_S = 60
TOOL_S = 900
# runc, as crun knows neither control groups of both versions side by side nor a process that may
# not raise its limits; the limits are those of this process for the same reason.
CONFIGURATION = """[containers]
default_ulimits = []
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "runc"
"""


class Failed(Exception):
    pass


def check(condition, text):
    if not condition:
        raise Failed(text)


def missing_tool():
    """What is not here, or None."""
    if os.geteuid() != 0:
        return 'root'
    return next((tool for tool in TOOLS if shutil.which(tool) is None), None)


class Podman:
    def __init__(self, folder):
        self.folder = folder
        self.storage = ['--root', f'{folder}/storage', '--runroot', f'{folder}/run']
        self.environment = {**os.environ, 'CONTAINERS_CONF': f'{folder}/containers.conf'}
        self.count = 0

    def __enter__(self):
        with open(f'{self.folder}/containers.conf', 'w', encoding='utf-8') as stream:
            stream.write(CONFIGURATION)
        return self

    def __exit__(self, *_):
        self.run('rm', '-fa')
        self.run('rmi', '-fa')
        # What is mounted for containers that are being built.
        subprocess.run(['umount', '-l', f'{self.folder}/storage/overlay'], capture_output=True,
                       check=False)

    def run(self, *words, program='podman', cwd=None, seconds=TOOL_S):
        done = subprocess.run([program, *self.storage, *words], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=cwd,
                              timeout=seconds, env=self.environment, check=False)
        return done.returncode, done.stdout, done.stderr

    def must(self, *words, **more):
        code, said, error = self.run(*words, **more)
        check(code == 0, f'{" ".join(words)}: {code} {said[-2000:]}{error[-2000:]}')
        return said.strip()

    def build(self, packages, base):
        """base: a tar of a minimal Debian, made when it is not there."""
        if not os.path.exists(base):
            subprocess.run(['mmdebstrap', '--variant=minbase', 'bookworm', base], check=True,
                           capture_output=True)
        self.must('import', '-q', base, BASE)
        context = f'{self.folder}/context'
        os.makedirs(f'{context}/build/packages')
        os.makedirs(f'{context}/packaging')
        shutil.copytree(f'{ROOT}/packaging/container', f'{context}/packaging/container')
        for path in glob.glob(f'{packages}/*.deb'):
            shutil.copy(path, f'{context}/build/packages')
        # The format of OCI has no health check.
        self.must('bud', '--format', 'docker', '--pull-never', '--network', 'host', '-f',
                  'packaging/container/Dockerfile', '-t', IMAGE, '.', program='buildah',
                  cwd=context)

    def inspect(self, *words):
        return json.loads(self.must(*words))[0]

    def container(self, *options, profile=PROFILE, arguments=()):
        self.count += 1
        return Container(self, f'lepus-{self.count}', [
            '--network', 'none', '--hostname', 'mq', '--health-interval', 'disable', '--read-only',
            '--tmpfs', '/tmp', '--cap-drop', 'all', '--security-opt', 'no-new-privileges',
            '--security-opt', f'seccomp={profile}', *options, IMAGE, *arguments])


class Container:
    """Runs until the block is left, and is removed then."""

    def __init__(self, podman, name, words):
        self.podman = podman
        self.name = name
        self.words = words

    def __enter__(self):
        self.podman.must('run', '-d', '--name', self.name, *self.words)
        try:
            self.wait_ready()
        except Failed:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.podman.run('rm', '-f', self.name)

    def wait_ready(self):
        end = time.monotonic() + START_S
        while 'lepus ready' not in self.log():
            check(self.state()['Running'] and time.monotonic() < end,
                  f'it does not start: {self.log()}')
            time.sleep(0.1)

    def state(self):
        return self.podman.inspect('inspect', self.name)['State']

    def pid(self):
        return self.state()['Pid']

    def log(self):
        code, said, error = self.podman.run('logs', self.name)
        return said + error if code == 0 else ''

    def ask(self, *words):
        """lepusctl inside: the exit code and what it says."""
        code, said, error = self.podman.run('exec', self.name, 'lepusctl', '-q', *words)
        return code, said + error

    def client(self, *words):
        return subprocess.Popen(['nsenter', '-t', str(self.pid()), '-n', sys.executable,
                                 f'{HERE}/inside.py', *words], stdout=subprocess.PIPE, text=True)

    def run_client(self, *words):
        client = self.client(*words)
        said, _ = client.communicate(timeout=TOOL_S)
        return client.returncode, said.strip()

    def stop(self):
        self.podman.must('stop', '-t', '60', self.name)
        return self.state()['ExitCode']
