#!/usr/bin/env python3
"""What a broker does when its disk is full or fails, on file systems made for it (volumes.py).

    tests/crash/faults.py --broker build/release/lepus [--set KEY=VALUE]... [--only TEXT]
    tests/crash/faults.py --rabbitmq [--only TEXT]

Each test runs publishers against a broker whose data directory is on such a volume:

    full disk       no confirm is given that is not true: the broker blocks publishers, keeps
                    confirms back, or ends with exit code 1 or 73 and says why; with room it goes
                    on (or starts again), and all that was confirmed is there after a kill
    drained disk    the broker has filled the disk by itself: consumers that take everything make
                    room, and publishers go on, with no help from outside, although it was killed
                    before they came
    start on a      it starts, or ends with exit code 1 or 73 and says why; with room all that was
    full disk       confirmed is there
    thin disk       writes to blocks it has already get ENOSPC: as above; on a copy of the
                    directory all that was confirmed is there
    power cut       all accesses get EIO: it ends with exit code 1 and says why. What was not synced
                    is lost; what was confirmed is there. Several times on one directory.
    lost writes     a kill, then what was written and not synced is taken from the files, some or
                    all of it (lost_writes.py); no root needed, nor for the next two
    missing sync    the same with a journal that is never synced: that must be noticed
    backups         made under load, each becomes the data directory

--rabbitmq runs the same against a private RabbitMQ, which checks the tests; how it ends is its own.

Where volumes cannot be mounted the tests are skipped, with the reason, and count for nothing. The
last line is `N passed, N failed, N skipped`.
"""
import argparse
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import roles
import topology
import verify
from loop import Connection, Gone, Loop, Refused
from lost_writes import CannotBuild, LostWrites
from model import Model
from server import BrokerTrouble, Lepus, RabbitMq
from volumes import CannotMount, Volume

MEBIBYTE = 1 << 20
VOLUME_SIZE = 256 * MEBIBYTE    # RabbitMQ stops below 50 MB free
BACKUPS = 6
CUTS = 6
LOST_CUTS = 8
SETTINGS = {'shards': 2, 'journal.segment_size': '1MiB'}
PUBLISHERS = 3
CONFIRMED_FIRST = 400    # before the fault: something to lose
STALL_S = 3              # without a confirm: the broker has stopped confirming
STALL_S_MAX = 30         # by then it must have, or have ended
DRAINED_LEFT = 24 * MEBIBYTE
END_S = 20
CUT_CONFIRMS_MAX = 2000  # before a power cut
RESUME_S = 30
SAYS_FULL = re.compile(r'no space left|disk (is )?full|out of (disk )?space', re.I)
SAYS_FAILED = re.compile(r'input/output error|i/o error|\bEIO\b', re.I)


class Wrong(Exception):
    """The broker did something else than it should; text for the reader."""


class Load:
    """Publishers that never stop by themselves."""

    def __init__(self, broker, seed):
        self.broker, self.model, self.chance = broker, Model(), random.Random(seed)
        self.loop, self.publishers = Loop(), []

    def connect(self):
        self.loop = Loop()
        topology.declare(Connection(self.loop, self.broker.port), self.model)
        self.publishers = [roles.Publisher(Connection(self.loop, self.broker.port), self.model,
                                           self.chance) for _ in range(PUBLISHERS)]
        for publisher in self.publishers:
            publisher.limit = 1 << 62
        self.resume()

    def pause(self):
        self.loop.steppers.clear()

    def resume(self):
        self.loop.steppers = [publisher.step for publisher in self.publishers]

    def confirmed(self):
        return self.model.counts['confirmed']

    def until_confirmed(self, more, seconds):
        wanted = self.confirmed() + more
        self.loop.run(lambda: self.confirmed() >= wanted or not self.loop.connections, seconds)
        if self.confirmed() < wanted:
            raise Wrong(f'{self.confirmed()} messages confirmed, {wanted} wanted, within '
                        f'{seconds} s\n{self.broker.log()}')

    def until_all_confirmed(self):
        self.pause()
        done = self.loop.run(lambda: not any(one.publishing.open for one in self.publishers), END_S)
        if not done:
            raise Wrong('confirms are missing before the fault')

    def until_stalled(self):
        """Goes on until no confirm comes any more; True when the broker still runs."""
        end, seen, since = time.monotonic() + STALL_S_MAX, self.confirmed(), time.monotonic()
        while time.monotonic() < end:
            before = seen
            self.loop.run(lambda: self.confirmed() > before or not self.loop.connections, STALL_S)
            seen = self.confirmed()
            if not self.loop.connections:
                return False
            if seen == before and time.monotonic() - since >= STALL_S:
                return self.broker.wait(0) is None
            since = time.monotonic()
        raise Wrong(f'still confirming {STALL_S_MAX} s after the disk was full')

    def check(self):
        """Everything that is owed, after a restart."""
        violations = self.model.violations
        verify.verify(self.broker.port, self.model, clean=False, drain=False)
        if violations:
            raise Wrong('\n'.join(violations.report()))


def make_broker(options, directory):
    if options.rabbitmq:
        return RabbitMq(directory)
    return Lepus(options.broker, options.settings, directory)


def must_have_ended(options, broker, pattern, when):
    """Exit code 1, or 73 on a full disk, and a reason; never a crash."""
    if options.rabbitmq:
        return
    code, said = broker.wait(END_S), broker.log()
    if code not in (1, 73):
        raise Wrong(f'exit code {code} {when}, 1 or 73 was due\n{said}')
    if not pattern.search(said):
        raise Wrong(f'it ended {when} without saying why\n{said}')


def begin(options, broker):
    """A broker under load that has confirmed something."""
    load = Load(broker, options.seed)
    broker.start()
    load.connect()
    load.until_confirmed(CONFIRMED_FIRST, END_S)
    return load


def full_disk(options, volume):
    with make_broker(options, volume.path) as broker:
        load = begin(options, broker)
        volume.make_full()
        if load.until_stalled():
            volume.make_room()
            load.until_confirmed(1, RESUME_S)
            broker.kill()
            load.loop.drain(END_S)
        else:
            load.loop.close()
            must_have_ended(options, broker, SAYS_FULL, 'on a full disk')
            broker.kill()
            volume.make_room()
        broker.start()
        load.check()


def drained_disk(options, volume):
    """Killed and started again while it is full, so that the model knows what is owed."""
    options = argparse.Namespace(**vars(options))
    options.settings = options.settings | {'disk_free_limit.absolute': '1000'}
    with make_broker(options, volume.path) as broker:
        load = begin(options, broker)
        volume.make_full(left=DRAINED_LEFT)
        for _ in range(2):
            if not load.until_stalled():
                raise Wrong(f'it ended on a full disk\n{broker.log()}')
            broker.kill()
            load.loop.drain(END_S)
            broker.start()
            verify.verify(broker.port, load.model, clean=False, drain=True)
            load.connect()
            load.until_confirmed(CONFIRMED_FIRST, RESUME_S)
        broker.kill()
        load.loop.drain(END_S)
        broker.start()
        load.check()


def start_on_full_disk(options, volume):
    with make_broker(options, volume.path) as broker:
        load = begin(options, broker)
        broker.kill()
        load.loop.drain(END_S)
        volume.make_full()
        try:
            broker.start()
        except BrokerTrouble:
            must_have_ended(options, broker, SAYS_FULL, 'starting on a full disk')
        broker.kill()
        volume.make_room()
        broker.start()
        load.check()


def thin_disk(options, volume):
    with make_broker(options, volume.path) as broker:
        load = begin(options, broker)
        load.until_all_confirmed()
        broker.freeze()
        if not volume.make_thin():
            raise Wrong('there was no empty block left to fail on')
        os.killpg(broker.process.pid, signal.SIGCONT)
        load.resume()
        if not load.until_stalled():
            must_have_ended(options, broker, SAYS_FULL, 'after a failed write')
        broker.kill()
        load.loop.drain(END_S)
        with tempfile.TemporaryDirectory(prefix='lepus-copy-') as healthy:
            shutil.copytree(broker.data, os.path.join(healthy, 'data'),
                            ignore=shutil.ignore_patterns('*.sock'))
            with Lepus(options.broker, options.settings, healthy) as again:
                load.broker = again
                again.start()
                load.check()


def power_cut(options, volume):
    with make_broker(options, volume.path) as broker:
        load = Load(broker, options.seed)
        for _ in range(CUTS):
            broker.start()
            if options.rabbitmq:
                os.sync()    # it does not sync its Erlang cookie, without which it cannot start
            load.connect()
            load.until_confirmed(load.chance.randint(1, CUT_CONFIRMS_MAX), END_S)
            volume.cut()
            if load.until_stalled() and not options.rabbitmq:
                raise Wrong(f'it runs on after its disk failed\n{broker.log()}')
            must_have_ended(options, broker, SAYS_FAILED, 'after its disk failed')
            broker.kill()
            load.loop.drain(END_S)
            volume.restore()
            broker.start()
            load.check()
            broker.kill()


def lepusctl(options, broker, *words):
    tool = os.path.join(os.path.dirname(os.path.abspath(options.broker)), 'lepusctl')
    done = subprocess.run([tool, '--socket', os.path.join(broker.data, 'lepus.sock'), *words],
                          capture_output=True, text=True, timeout=END_S, check=False)
    if done.returncode != 0:
        raise Wrong(f'{words}: exit code {done.returncode}\n{done.stdout}{done.stderr}')


def backups(options):
    """Clients wait while a backup is made, the broker does not: what it does is in their sockets.
    So the model owes what was confirmed before, and may get what was under way."""
    if options.rabbitmq:
        raise CannotMount('it has no such verb')
    with tempfile.TemporaryDirectory(prefix='lepus-backups-') as directory:
        with Lepus(options.broker, options.settings, directory) as broker:
            load = begin(options, broker)
            for number in range(BACKUPS):
                load.until_confirmed(load.chance.randint(1, CUT_CONFIRMS_MAX), END_S)
                target = os.path.join(directory, f'backup-{number}')
                lepusctl(options, broker, 'backup', target, *(['--only-bytes'] * (number % 2)))
                broker.kill()
                load.loop.close()
                shutil.rmtree(broker.data)
                lepusctl(options, broker, 'restore', target, broker.data)
                shutil.rmtree(target)
                broker.start()
                load.check()
                load.connect()


def lost_writes_rounds(options, without_syncs=''):
    """Violations of some power cuts that take what was not synced."""
    with tempfile.TemporaryDirectory(prefix='lepus-lost-data-') as directory:
        settings = options.settings | {'io.driver': 'epoll'}
        with Lepus(options.broker, settings, directory) as broker:
            load = Load(broker, options.seed)
            with LostWrites(directory, load.chance, without_syncs) as shim:
                broker.environment = shim.environment()
                for _ in range(LOST_CUTS):
                    broker.start()
                    load.connect()
                    load.until_confirmed(load.chance.randint(1, CUT_CONFIRMS_MAX), END_S)
                    broker.kill()
                    load.loop.drain(END_S)
                    shim.cut()
                    broker.start()
                    verify.verify(broker.port, load.model, clean=False, drain=False)
                    if load.model.violations:
                        return load.model.violations
                    broker.kill()
                    shim.cut()
                if not shim.lost_sectors:
                    raise Wrong('nothing was ever lost: the shim saw no writes')
                return load.model.violations


def lost_writes(options):
    if options.rabbitmq:
        raise CannotMount('it would need another list of files')
    if violations := lost_writes_rounds(options):
        raise Wrong('\n'.join(violations.report()))


def missing_sync(options):
    """The same with a journal that is never synced must be noticed."""
    if options.rabbitmq:
        raise CannotMount('it would need another list of files')
    try:
        if not lost_writes_rounds(options, '.seg'):
            raise Wrong('nobody noticed that the journal was not synced')
    except BrokerTrouble:
        pass    # It did not start: that is noticed as well.


TESTS = {'lost writes': lost_writes, 'missing sync': missing_sync, 'backups': backups,
         'full disk': full_disk, 'drained disk': drained_disk,
         'start on a full disk': start_on_full_disk,
         'thin disk': thin_disk, 'power cut': power_cut}
WITHOUT_VOLUME = {lost_writes, missing_sync, backups}


def run(options):
    counts = dict.fromkeys(('passed', 'failed', 'skipped'), 0)
    for name, test in TESTS.items():
        if options.only not in name:
            continue
        start, verdict, text = time.monotonic(), 'passed', ''
        try:
            if options.rabbitmq and test is thin_disk:
                raise CannotMount('a copy of its directory would not be this node')
            if options.rabbitmq and test is drained_disk:
                raise CannotMount('it has no such limit')
            if test in WITHOUT_VOLUME:
                test(options)
            else:
                with Volume(VOLUME_SIZE) as volume:
                    test(options, volume)
        except (CannotMount, CannotBuild) as reason:
            verdict, text = 'skipped', str(reason)
        except (Wrong, BrokerTrouble, Gone, Refused, ValueError, OSError) as error:
            verdict, text = 'failed', str(error)
        counts[verdict] += 1
        print(f'{name}: {verdict} ({time.monotonic() - start:.1f} s)'
              + ''.join(f'\n  {line}' for line in text.splitlines()), flush=True)
    return counts


def main():
    parser = argparse.ArgumentParser(description='a broker on disks that are full or fail')
    parser.add_argument('--broker')
    parser.add_argument('--rabbitmq', action='store_true')
    parser.add_argument('--set', action='append', default=[], metavar='KEY=VALUE')
    parser.add_argument('--bare', action='store_true', help='without journal.segment_size')
    parser.add_argument('--only', default='')
    parser.add_argument('--seed', type=int, default=1)
    options = parser.parse_args()
    if bool(options.broker) == options.rabbitmq:
        parser.error('either --broker PROGRAM or --rabbitmq')
    options.settings = dict(SETTINGS)
    if options.bare:
        del options.settings['journal.segment_size']
    options.settings |= dict(text.split('=', 1) for text in options.set)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    counts = run(options)
    print(', '.join(f'{count} {verdict}' for verdict, count in counts.items()))
    return 1 if counts['failed'] or not sum(counts.values()) else 0


if __name__ == '__main__':
    sys.exit(main())
