#!/usr/bin/env python3
"""How soon a broker whose disk is full takes messages again once consumers have emptied it.

On Lepus and on Debian's rabbitmq-server; needs root, for each broker has a file system of its own.

    bench/disk_full.py [--size MIB] [--lepus]

A publisher sends persistent messages of 64 KiB with confirms until none has come for three seconds;
it has a window of messages on the way and goes on as soon as the broker reads from it. Then a
consumer takes and acknowledges all there is. Nobody makes room from outside. Limits of free space
are the brokers' own defaults.
"""
import argparse
import contextlib
import os
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.join(os.path.dirname(HERE), 'tests')
sys.path[:0] = [os.path.join(TESTS, folder) for folder in ('crash', 'wire')]

from amqp_raw import Closed, content, method  # noqa: E402  (the paths are made above)
from compare_brokers import Lepus, RabbitMq  # noqa: E402
from compare_machine import machine  # noqa: E402
from probe import Probe  # noqa: E402
from volumes import Volume  # noqa: E402

PORT = 21830
BODY = b'.' * 65536
WINDOW, PREFETCH = 32, 200
STALLED_S, CASE_S_MAX = 3, 600


def open_probe(broker):
    return Probe(('127.0.0.1', broker.port), (0, False)).open()


class Publisher:
    """Sends without end; one thread writes, the other reads the confirms."""

    def __init__(self, broker):
        self.probe = open_probe(broker)
        self.probe.call(1, 'Queue.Declare', queue='q', durable=True)
        self.probe.call(1, 'Confirm.Select')
        self.sent = self.confirmed = 0
        self.confirmed_at = time.monotonic()
        self.changed = threading.Condition()
        for run in (self.write, self.read):
            threading.Thread(target=self.until_closed, args=[run], daemon=True).start()

    @staticmethod
    def until_closed(run):
        with contextlib.suppress(Closed, OSError):
            run()

    def write(self):
        message = method(1, 'Basic.Publish', routing_key='q') + content(
            1, BODY, {'delivery_mode': 2}, self.probe.payload_max)
        while True:
            with self.changed:
                self.changed.wait_for(lambda: self.sent - self.confirmed < WINDOW)
                self.sent += 1
            self.probe.raw(message)

    def read(self):
        while True:
            got = self.probe.receive(CASE_S_MAX)
            if got.name == 'Basic.Ack':
                with self.changed:
                    self.confirmed = got.arguments['delivery_tag']
                    self.confirmed_at = time.monotonic()
                    self.changed.notify_all()

    def wait_until_stalled(self):
        end = time.monotonic() + CASE_S_MAX
        while time.monotonic() - self.confirmed_at < STALLED_S:
            if time.monotonic() > end:
                raise SystemExit('the disk does not get full')
            time.sleep(0.1)


def take_all(broker, count):
    """Consumes so many; returns when the last one was acknowledged."""
    probe = open_probe(broker)
    probe.call(1, 'Basic.Qos', prefetch_count=PREFETCH)
    probe.call(1, 'Basic.Consume', queue='q', consumer_tag='c')
    for number in range(1, count + 1):
        probe.expect('Basic.Deliver')
        probe.content()
        if number % 50 == 0 or number == count:
            probe.raw(method(1, 'Basic.Ack', delivery_tag=number, multiple=True))
    return time.monotonic()


def measure(broker):
    publisher = Publisher(broker)
    publisher.wait_until_stalled()
    count, before = publisher.confirmed, publisher.confirmed_at
    start = time.monotonic()
    drained_at = take_all(broker, count)
    end = drained_at + CASE_S_MAX
    with publisher.changed:
        if publisher.confirmed_at == before:
            publisher.changed.wait(CASE_S_MAX)
    if time.monotonic() > end or publisher.confirmed_at == before:
        raise SystemExit(f'{broker.name}: it takes nothing any more')
    after = max(0.0, publisher.confirmed_at - drained_at)
    print(f'{broker.name}: {count * len(BODY) >> 20} MiB confirmed until the disk was full, taken '
          f'in {drained_at - start:.2f} s; the next confirm came at most {after:.2f} s after that',
          flush=True)
    time.sleep(1)
    print(f'{broker.name}: {publisher.confirmed - count} confirmed a second later', flush=True)


def main():
    parser = argparse.ArgumentParser(prog='bench/disk_full.py')
    parser.add_argument('--size', type=int, default=2048, help='of the file system, in MiB')
    parser.add_argument('--lepus', action='store_true', help='Lepus only')
    parser.add_argument('--build', default='build/release', help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    binary = os.path.abspath(os.path.join(arguments.build, 'lepus'))
    makers = [lambda parent: Lepus(PORT, binary, 1, parent)]
    if not arguments.lepus:
        makers.append(lambda parent: RabbitMq(PORT, parent))
    for make in makers:
        with Volume(arguments.size << 20) as volume, make(volume.path) as broker:
            measure(broker)
            broker.stop()
    print(machine())


if __name__ == '__main__':
    main()
