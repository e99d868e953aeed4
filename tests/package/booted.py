"""A Debian with the packages that boots with systemd as its first process, in a container of
systemd-nspawn without a network."""
import glob
import os
import re
import shutil
import signal
import subprocess
import time

NAMES = ('lepus', 'lepusctl', 'lepus-perf')
TOOLS = ('mmdebstrap', 'systemd-nspawn', 'nsenter', 'dpkg-deb')
# Recent kernels have calls that nspawn's own list does not know yet.
RING_CALLS = 'io_uring_setup io_uring_enter io_uring_register'


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


def make_root(root):
    subprocess.run(['mmdebstrap', '--variant=minbase',
                    '--include=systemd-sysv,dbus,procps,ca-certificates', 'bookworm', root],
                   check=True, capture_output=True)


def install(root, packages):
    """Without systemd, as an image is made: the unit is enabled, and starts with the machine."""
    os.makedirs(f'{root}/packages', exist_ok=True)
    for name in NAMES:
        found = glob.glob(f'{packages}/{name}_*.deb')
        check(len(found) == 1, f'{packages} has {len(found)} packages {name}')
        shutil.copy(found[0], f'{root}/packages/{name}.deb')
    environment = {**os.environ, 'DEBIAN_FRONTEND': 'noninteractive', 'LC_ALL': 'C.UTF-8'}
    for command in (['apt-get', 'update', '-qq'],
                    ['apt-get', 'install', '-y', '--no-install-recommends',
                     *[f'/packages/{name}.deb' for name in NAMES]]):
        done = subprocess.run(['chroot', root, *command], env=environment, capture_output=True,
                              text=True, check=False)
        check(done.returncode == 0, f'{command}: {done.stdout[-2000:]}{done.stderr[-2000:]}')


def make_next_version(root):
    """The same programs under a newer number."""
    for name in NAMES:
        tree = f'{root}/packages/{name}'
        subprocess.run(['dpkg-deb', '-R', f'{root}/packages/{name}.deb', tree], check=True)
        with open(f'{tree}/DEBIAN/control', encoding='utf-8') as stream:
            control = stream.read()
        control = re.sub(r'^Version: (.*)$', r'Version: \1+next', control, flags=re.MULTILINE)
        control = re.sub(r'lepusctl \(= ([^)]*)\)', r'lepusctl (= \1+next)', control)
        with open(f'{tree}/DEBIAN/control', 'w', encoding='utf-8') as stream:
            stream.write(control)
        subprocess.run(['dpkg-deb', '-Znone', '-b', tree, f'{root}/packages/{name}-next.deb'],
                       check=True, capture_output=True)
        shutil.rmtree(tree)


class Machine:
    """`with Machine(root, log_path) as machine: machine.run('systemctl', ...)`."""

    def __init__(self, root, log_path):
        self.root = root
        self.log_path = log_path
        self.process = None
        self.leader = None

    def __enter__(self):
        # The container's processes are counted in the second version of control groups, whatever
        # this machine has.
        environment = {**os.environ, 'SYSTEMD_NSPAWN_UNIFIED_HIERARCHY': '1'}
        with open(self.log_path, 'wb') as log:
            self.process = subprocess.Popen(
                ['systemd-nspawn', '--quiet', '--register=no', '--keep-unit', '--private-network',
                 '--console=pipe', '--machine=lepus-test', f'--system-call-filter={RING_CALLS}',
                 '--boot', '--directory', self.root],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment)
        try:
            self.wait('the machine boots', self.is_up, 180)
        except Failed:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.leader is not None and self.process.poll() is None:
            os.kill(self.leader, signal.SIGRTMIN + 4)   # poweroff
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.terminate()
            self.process.wait()

    def is_up(self):
        check(self.process.poll() is None, f'nspawn ended: {self.said()}')
        with open(f'/proc/{self.process.pid}/task/{self.process.pid}/children',
                  encoding='utf-8') as stream:
            children = stream.read().split()
        for child in children:   # nspawn's helper has a child of its own: the container's first
            self.leader = int(child)
        return self.leader is not None and \
            self.run('systemctl', 'is-system-running')[1].strip() in ('running', 'degraded')

    def said(self):
        with open(self.log_path, encoding='utf-8', errors='replace') as stream:
            return stream.read()[-3000:]

    def run(self, *command, user=None, timeout=300):
        """The exit code, and both streams together."""
        words = ['nsenter', '-t', str(self.leader), '-m', '-u', '-i', '-n', '-p', '-C', '-r', '-w']
        if user:
            command = ('runuser', '-u', user, '--', *command)
        done = subprocess.run([*words, 'env', '-i', 'PATH=/usr/sbin:/usr/bin:/sbin:/bin',
                               'LC_ALL=C.UTF-8', 'HOME=/root', 'DEBIAN_FRONTEND=noninteractive',
                               *command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=timeout, check=False)
        return done.returncode, done.stdout.decode(errors='replace')

    def must(self, *command, **more):
        code, said = self.run(*command, **more)
        check(code == 0, f'{" ".join(command)}: {code} {said}')
        return said

    def show(self, name):
        return self.must('systemctl', 'show', '-P', name, 'lepus').strip()

    def journal(self, *options):
        self.run('journalctl', '--sync')
        return self.must('journalctl', '--no-pager', '-o', 'cat', '-u', 'lepus', *options)

    def wait(self, what, condition, seconds=90):
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                raise Failed(f'not within {seconds} s: {what}\n{self.said()}')
            time.sleep(0.1)

    def write(self, path, text):
        os.makedirs(os.path.dirname(self.root + path), exist_ok=True)
        with open(self.root + path, 'w', encoding='utf-8') as stream:
            stream.write(text)
