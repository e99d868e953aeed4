#!/usr/bin/env python3
"""Kills a broker again and again under load and checks that nothing it had confirmed is lost.

    tests/crash/run.py --broker build/release/lepus --rounds 100 [--seconds S] [--seed N]
                       [--shards N] [--segment-size SIZE] [--set KEY=VALUE]... [--keep DIR]
                       [--forbid REGEX] [--stop] [--power-cut]
    tests/crash/run.py --rabbitmq --rounds 3         the same against a private RabbitMQ

A round: load, then SIGKILL at a random moment (sometimes SIGTERM), sometimes further kills while
starting, a restart on the same directory (sometimes with another number of shards), and the check
of everything in every queue (verify.py) against what is owed (model.py has the rules). All rounds
work on one directory. A round is one test. One more test at the end: no delivery that had certainly
been made before a restart came back without the flag `redelivered`.

With --power-cut (needs root for a loop mount, else skipped) the data is on a disk of its own that
loses with each kill what had not been synced (volumes.py).

The plan of a round follows from the seed; the moments of the kills do not exactly, since the broker
is a real process. --keep DIR keeps a copy of the data directory as it was when the failed round's
broker was killed. --forbid REGEX makes a line of the broker's log a failure. When the broker makes
trouble (does not start, ends by itself, does not answer) TROUBLES_MAX rounds in a row, the rest is
not run. The last line is `N passed, N failed`.
"""
import argparse
import contextlib
import os
import random
import re
import shutil
import signal
import sys
import time
from dataclasses import dataclass, field

import libraries
import roles
import roles_control
import topology
import verify
from loop import Connection, Gone, Loop, Refused
from model import Model
from server import ROOT, BrokerTrouble, Lepus, RabbitMq
from volumes import CannotMount, Volume

PYTHON = os.path.join(ROOT, 'build', 'e2e', 'python', 'bin', 'python')
EVENTS_MIN, EVENTS_MAX = 30, 9000
LIBRARY_S = 0.5
VOLUME_SIZE = 2 << 30    # sparse, in memory
LIBRARY_EVERY = 5       # rounds: a Python process with a library takes half a second to start
PUBLISHERS = 3
AFTER_DEATH_S = 5
TROUBLES_MAX = 3
STAKE, STAKE_S = 5, 20


@dataclass
class Plan:
    """What a round does, drawn from the seed before it begins."""
    events: int            # that the clients count until the broker is ended,
    seconds: float         # unless this time is over before
    clean: bool
    start_kills: list      # shares of the usual start time after which a starting broker is killed
    shards: int
    drain: bool
    library: str

    @staticmethod
    def draw(chance, number, options):
        return Plan(
            events=int(EVENTS_MIN * (EVENTS_MAX / EVENTS_MIN) ** chance.random()),
            seconds=chance.uniform(0.5, 1) * options.seconds,
            clean=chance.random() < 0.1,
            start_kills=[chance.uniform(0, 1.3) for _ in range(chance.choice(
                (0, 0, 0, 0, 0, 1, 1, 2)))],
            shards=chance.choice((1, 2, 3)) if chance.random() < 0.1 else options.shards,
            drain=chance.random() < 0.2,
            library=chance.choice(('pika', 'amqp')) if number % LIBRARY_EVERY == 0 else '')

    def __str__(self):
        text = ('SIGTERM' if self.clean else 'SIGKILL') + f' at event {self.events}'
        if self.start_kills:
            text += f', {len(self.start_kills)} kills while starting'
        return text + f', {self.shards} shards' + (', drained' if self.drain else '')


@dataclass
class Suite:
    options: argparse.Namespace
    broker: object
    chance: random.Random
    volume: object = None
    model: Model = field(default_factory=Model)
    passed: int = 0
    failed: int = 0
    redelivered: int = 0
    torn: int = 0

    # ---- one round ---------------------------------------------------------------------------

    def clients(self, loop, number):
        """Everything that runs at once, each on a connection of its own."""
        model, chance, door = self.model, self.chance, self.broker.door()

        def connect():
            return Connection(loop, *door)
        topology.declare(connect(), model)
        self.stake(loop, connect())
        made = [roles.Publisher(connect(), model, chance) for _ in range(PUBLISHERS)]
        multiple = roles.Consumer(connect(), model, chance, 'fan.1')
        multiple.multiple = True
        made += [multiple,
                 roles.Consumer(connect(), model, chance, 'direct.a'),
                 roles.Consumer(connect(), model, chance, topology.PRIORITY),
                 roles.Getter(connect(), model, 'lazy', False),
                 roles.Getter(connect(), model, 'fan.2', True),
                 roles_control.Transactor(connect(), model, chance),
                 roles_control.Purger(connect(), model, chance),
                 roles_control.Cycler(connect(), model, chance),
                 roles_control.Declarer(connect(), model, chance, number)]
        return made

    def stake(self, loop, connection):
        """Something that is owed even when the kill comes before any other confirm."""
        publishing = roles.Publishing(connection, self.model)
        for _ in range(STAKE):
            publishing.publish('', 'direct.b', publishing.new(self.chance, ('direct.b',)))
        if not loop.run(lambda: not publishing.open or connection.gone, STAKE_S) or publishing.open:
            raise Gone(f'{len(publishing.open)} of {STAKE} first messages were not confirmed')

    def load(self, plan, number):
        """Runs the clients and ends the broker under them."""
        loop, library = Loop(), None
        try:
            clients = self.clients(loop, number)
            if plan.library and os.path.exists(self.options.python):
                library = libraries.LibraryClient(self.options.python, plan.library,
                                                  self.broker.port, self.model)
            for client in clients:
                client.start()
                loop.steppers.append(client.step)
            self.run_clients(loop, plan, library)
            self.watch_channels(clients)
            self.end_broker(plan, loop)
            if library:
                library.finish()
        finally:
            loop.close()
            if library:
                library.kill()

    def run_clients(self, loop, plan, library):
        """With a library the time counts alone: it takes a while to start."""
        last = self.model.clock + plan.events

        def enough():
            return not loop.connections or (self.model.clock >= last and not library)
        loop.run(enough, plan.seconds + (LIBRARY_S if library else 0))
        if not loop.connections:
            self.model.violations.add('broker', 'ended all connections under load')
        for reason in loop.closings:
            self.model.violations.add('broker', f'closed a connection under load: {reason}')

    def watch_channels(self, clients):
        """A channel the broker closed under load: a client did nothing wrong here."""
        for client in clients:
            channel = getattr(client, 'channel', None) or client.publishing.channel
            if channel.refused:
                self.model.violations.add('broker', f'{type(client).__name__}: {channel.refused}')

    def end_broker(self, plan, loop):
        if self.broker.wait(0) is not None:
            self.model.violations.add('broker', f'ended by itself\n{self.broker.log()}')
        if not plan.clean:
            self.kill(lambda: loop.drain(AFTER_DEATH_S))
            return
        # The clients go on until the broker has closed their connections.
        self.broker.terminate()
        loop.run(lambda: not loop.connections, AFTER_DEATH_S)
        loop.close()
        self.broker.wait_stopped()

    def kill(self, before_restore=lambda: None):
        """SIGKILL; with --power-cut the disk goes first, and comes back without what was not
        synced. The broker is frozen before: without power nobody answers to a failed write
        (faults.py has the broker that sees its disk fail)."""
        if self.volume:
            self.broker.freeze()
            self.volume.cut()
        self.broker.kill()
        try:
            before_restore()
        finally:
            if self.volume:
                self.volume.restore()

    def restart(self, plan):
        if self.broker.can_change_shards:
            self.broker.settings['shards'] = plan.shards
        for share in plan.start_kills:
            self.broker.launch()
            code = self.broker.wait(share * self.broker.start_s)
            if code is not None:
                raise BrokerTrouble(f'ended with {code} while starting\n{self.broker.log()}')
            self.kill()
        self.broker.start()

    def check_log(self):
        """--forbid: a kill never damages what the kernel has, so the broker must not say so."""
        for line in self.broker.new_log().splitlines():
            if self.options.forbid and re.search(self.options.forbid, line):
                self.model.violations.add('log', line)

    def keep(self, number, before):
        """--keep: a copy of the data directory, taken when the broker is dead."""
        if not self.options.keep or self.options.rabbitmq:
            return
        copy = os.path.join(self.options.keep, f'round-{number}')
        if before:
            shutil.copytree(self.broker.data, copy, dirs_exist_ok=True,
                            ignore=shutil.ignore_patterns('*.sock'))
        else:
            shutil.rmtree(copy, ignore_errors=True)

    def round(self, number):
        plan = Plan.draw(self.chance, number, self.options)
        begin, confirmed = time.monotonic(), self.model.counts['confirmed']
        violations = self.model.violations
        violations.lines.clear()
        try:
            if self.volume and self.options.rabbitmq and number == 1:
                os.sync()    # it does not sync its Erlang cookie, without which it cannot start
            self.load(plan, number)
            self.keep(number, before=True)
            self.restart(plan)
            clean = plan.clean and not plan.start_kills
            self.torn += verify.verify(self.broker.port, self.model, clean, plan.drain)
        except (BrokerTrouble, Gone, Refused, ValueError, OSError) as error:
            violations.add('broker', str(error) + '\n' + self.broker.log())
        self.check_log()
        topology.forget_absent(self.model)
        self.redelivered += violations.count('redelivered')
        good = not violations
        self.passed, self.failed = self.passed + good, self.failed + (not good)
        print(f'round {number}: {"ok" if good else "FAILED"} ({plan}; '
              f'{self.model.counts["confirmed"] - confirmed} confirmed, '
              f'{time.monotonic() - begin:.1f} s)', flush=True)
        if violations.lines:
            print('\n'.join(f'  {line}' for line in violations.report()), flush=True)
        if good:
            self.keep(number, before=False)

    # ---- all rounds --------------------------------------------------------------------------

    def revive(self):
        """After trouble the next round begins with a broker that runs, if it can be had."""
        if self.broker.process is None or self.broker.wait(0) is not None:
            self.broker.kill()
            self.broker.start()

    def run(self):
        troubles = 0
        for number in range(1, self.options.rounds + 1):
            try:
                self.revive()
            except BrokerTrouble as trouble:
                self.failed += 1
                print(f'round {number}: the broker does not start: {trouble}')
                break
            self.round(number)
            troubles = troubles + 1 if 'broker' in self.model.violations.lines else 0
            if (self.failed and self.options.stop) or troubles == TROUBLES_MAX:
                print(f'{self.options.rounds - number} rounds are not run')
                break
        counts = ', '.join(f'{count} {name}' for name, count in self.model.counts.items())
        print(f'{counts}; {self.torn} commits on the way came through in part')
        good = self.redelivered == 0 and self.model.counts['flags checked'] > 0
        print(f'redelivered flag: {self.redelivered} missing: {"ok" if good else "FAILED"}')
        self.passed, self.failed = self.passed + good, self.failed + (not good)


def parse():
    parser = argparse.ArgumentParser(description='kill a broker under load, check what it owes')
    parser.add_argument('--broker', help='the lepus program')
    parser.add_argument('--rabbitmq', action='store_true', help='a private RabbitMQ instead')
    parser.add_argument('--rounds', type=int, default=100)
    parser.add_argument('--seconds', type=float, default=1.5, help='longest load of a round')
    parser.add_argument('--seed', type=int, default=None)
    parser.add_argument('--shards', type=int, default=2)
    parser.add_argument('--segment-size', help='sets journal.segment_size')
    parser.add_argument('--set', action='append', default=[], metavar='KEY=VALUE')
    parser.add_argument('--keep', help='folder for the data directories of failed rounds')
    parser.add_argument('--power-cut', action='store_true', help='the disk goes with the broker')
    parser.add_argument('--tls', action='store_true', help='clients speak TLS')
    parser.add_argument('--forbid', metavar='REGEX', help='no line of the log may match this')
    parser.add_argument('--stop', action='store_true', help='stop at the first failed round')
    parser.add_argument('--python', default=PYTHON, help='with pika and amqp; tests/e2e/setup.sh')
    options = parser.parse_args()
    if bool(options.broker) == options.rabbitmq:
        parser.error('either --broker PROGRAM or --rabbitmq')
    if options.tls and options.rabbitmq:
        parser.error('--tls is for --broker')
    return options


def main():
    options = parse()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(1 << 32)
    print(f'seed {seed}')
    if not os.path.exists(options.python):
        print(f'without client libraries: there is no {options.python} (tests/e2e/setup.sh)')
    settings = dict(text.split('=', 1) for text in options.set)
    if options.segment_size:
        settings['journal.segment_size'] = options.segment_size
    settings['shards'] = options.shards
    with contextlib.ExitStack() as stack:
        try:
            volume = stack.enter_context(Volume(VOLUME_SIZE)) if options.power_cut else None
        except CannotMount as reason:
            print(f'skipped: {reason}\n0 passed, 0 failed, {options.rounds} skipped')
            return 0
        directory = volume.path if volume else None
        broker = stack.enter_context(RabbitMq(directory) if options.rabbitmq
                                     else Lepus(options.broker, settings, directory,
                                                options.tls))
        suite = Suite(options, broker, random.Random(seed), volume)
        suite.run()
    print(f'{suite.passed} passed, {suite.failed} failed')
    return 1 if suite.failed or not suite.passed else 0


if __name__ == '__main__':
    sys.exit(main())
