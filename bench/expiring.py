#!/usr/bin/env python3
"""Many messages that expire: how much memory they take, and how long a queue needs to drop them.

    bench/expiring.py [--messages N] [--ttl SECONDS] [--rabbitmq] [--help]

Fills a durable queue that has x-message-ttl with confirmed persistent messages and waits. All must
be there when the last one is confirmed (else --ttl is too short) and gone in the end; how much
later than its own time the last one went is printed.

Needs a release build (tools/run.sh --build-only).
"""
import argparse
import os
import sys
import time

from compare_backlog import BacklogError, fill
from compare_brokers import BrokerError, chosen_broker
from compare_cases import say, thousands
from compare_generator import Generator, rounded
from compare_machine import machine, memory_kib

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), 'tests', 'wire'))

from probe import Probe  # noqa: E402  (the path is made above)

PORT = 21700
POLL_S = 0.02


def count_of(probe):
    """Of the queue that lepus-perf filled."""
    return probe.call(1, 'Queue.Declare', queue='expiring.q0', passive=True)['message_count']


def run(broker, arguments):
    generator = Generator(os.path.join(arguments.build, 'lepus-perf'), 3600)
    begin = time.monotonic()
    filled = fill(generator, broker, [
        '--body-size', str(arguments.body_size), '--queues', '1', '--producers', '1', '--messages',
        str(arguments.messages), '--confirm', '10000', '--prefix', 'expiring', '--queue-arg',
        f'x-message-ttl={round(arguments.ttl * 1000)}'], seconds_max=3600, quiet=True)
    confirmed_at = time.monotonic()
    say('fill', f'{thousands(arguments.messages)} messages of {arguments.body_size} B confirmed in '
        f'{filled["seconds"]:.1f} s: {rounded(filled["confirmed_per_s"])}/s')
    say('memory', f'at most {thousands(filled["rss_kib_max"])} KiB')
    probe = Probe(('127.0.0.1', broker.port), (0, False)).open()
    count = count_of(probe)
    if count < arguments.messages and confirmed_at - begin < arguments.ttl:
        return f'only {count} messages are there'
    while (count := count_of(probe)) > 0:
        if time.monotonic() > confirmed_at + arguments.ttl + 600:
            return f'{count} messages are still there'
        time.sleep(POLL_S)
    late = time.monotonic() - confirmed_at - arguments.ttl
    say('late', f'the last one went {late:.2f} s after its time')
    say('memory', f'at most {thousands(memory_kib(broker.pid, "VmHWM"))} KiB, '
        f'{thousands(memory_kib(broker.pid, "VmRSS"))} KiB at the end')
    return ''


def main():
    parser = argparse.ArgumentParser(prog='bench/expiring.py',
                                     description='Expiring messages: memory and exactness.')
    parser.add_argument('--messages', type=int, default=5000000, help='default 5 000 000')
    parser.add_argument('--body-size', type=int, default=128, help='bytes (128)')
    parser.add_argument('--ttl', type=float, default=30, help='seconds, longer than the fill (30)')
    parser.add_argument('--rabbitmq', action='store_true', help='RabbitMQ instead of Lepus')
    parser.add_argument('--build', default=os.path.join(os.path.dirname(HERE), 'build', 'release'))
    arguments = parser.parse_args()
    made = chosen_broker(arguments, PORT)
    say('on', f'{machine()}, load {os.getloadavg()[0]:.1f}')
    try:
        with made as broker:
            say('broker', f'{made.name} {made.version()}')
            wrong = run(broker, arguments)
    except (BacklogError, BrokerError) as error:
        sys.exit(f'bench/expiring.py: {error}')
    say('result', f'wrong: {wrong}' if wrong else 'all expired')
    sys.exit(1 if wrong else 0)


if __name__ == '__main__':
    main()
