#!/usr/bin/env python3
"""Kinds of queues: ten priorities beside none, and a stream that ten consumers read from the start.

    bench/kinds.py [--messages N] [--readers N] [--rabbitmq] [--help]

Priorities: throughput through one queue, and a backlog that is filled and drained, plain and with
x-max-priority=9 and messages of all ten priorities, in turn, three times; the middle run counts.
Stream: confirmed persistent messages of 1 KiB, then all readers at once, each from the first one.

Needs a release build (tools/run.sh --build-only).
"""
import argparse
import os
import statistics
import sys
import time

from compare_brokers import BrokerError, chosen_broker
from compare_cases import say, thousands
from compare_generator import Generator, rounded
from compare_machine import machine

HERE = os.path.dirname(os.path.abspath(__file__))
PORT = 21720
ROUNDS = 3
STREAM_BODY = 1024
COUNT_S = 60
KINDS = {'plain': [], 'ten priorities': ['--priorities', '10', '--queue-arg', 'x-max-priority=9']}


class KindsError(Exception):
    pass


def measure(generator, broker, arguments):
    report = generator.run(broker, arguments)
    if 'error' in report:
        raise KindsError(f'lepus-perf {" ".join(arguments)}: {report["error"]}')
    return report


def backlog(generator, broker, kind, messages):
    """Fills a queue, then drains it; what was drained a second."""
    common = ['--prefix', 'kinds', '--messages', str(messages), '--keep']
    measure(generator, broker, ['throughput', '--consumers', '0', *common, *KINDS[kind]])
    drained = measure(generator, broker, ['drain', '--prefix', 'kinds', '--prefetch', '1000',
                                          '--ack-batch', '100', *KINDS[kind][2:]])
    return drained['delivered_per_s']


def priorities(generator, broker, messages):
    through = {kind: [] for kind in KINDS}
    drained = {kind: [] for kind in KINDS}
    for _ in range(ROUNDS):
        for kind, options in KINDS.items():
            report = measure(generator, broker, [
                'throughput', '--auto-ack', '--duration', '3', '--prefix', 'through', *options])
            through[kind].append(report['delivered_per_s'])
            drained[kind].append(backlog(generator, broker, kind, messages))
    for name, runs in (('through', through), ('drained', drained)):
        middle = {kind: statistics.median(values) for kind, values in runs.items()}
        ratio = middle['ten priorities'] / middle['plain']
        say(name, ', '.join(f'{kind} {rounded(value)}/s' for kind, value in middle.items())
            + f': {ratio:.2f} of plain')


def await_count(generator, broker, messages, common):
    """RabbitMQ counts the messages of a stream seconds later; a drain ends at that count."""
    end = time.monotonic() + COUNT_S
    while True:
        waiting = measure(generator, broker, [
            'drain', '--messages', '1', '--keep', '--prefetch', '1',
            '--consumer-arg', 'x-stream-offset=first', *common])['waiting']
        if waiting >= messages:
            return
        if time.monotonic() > end:
            raise KindsError(f'the stream says {waiting} messages, {messages} were confirmed')
        time.sleep(0.5)


def stream(generator, broker, messages, readers):
    common = ['--prefix', 'kinds.stream', '--persistent', '--queue-arg', 'x-queue-type=stream']
    filled = measure(generator, broker, [
        'throughput', '--consumers', '0', '--confirm', '1000', '--messages', str(messages),
        '--body-size', str(STREAM_BODY), '--keep', *common])
    say('stream', f'{thousands(messages)} messages of {STREAM_BODY} B confirmed: '
        f'{rounded(filled["confirmed_per_s"])}/s')
    await_count(generator, broker, messages, common)
    read = measure(generator, broker, [
        'drain', '--consumers', str(readers), '--consumer-arg', 'x-stream-offset=first',
        '--prefetch', '1000', '--ack-batch', '100', *common])
    all_mb = read['delivered_per_s'] * STREAM_BODY / 1e6
    say('stream', f'{readers} readers from the start: {rounded(all_mb / readers)} MB/s each, '
        f'{rounded(all_mb)} MB/s in all, {rounded(read["delivered_per_s"])} messages/s')


def main():
    parser = argparse.ArgumentParser(prog='bench/kinds.py',
                                     description='Priority queues and streams.')
    parser.add_argument('--messages', type=int, default=500000, help='of a backlog, of the stream')
    parser.add_argument('--readers', type=int, default=10, help='of the stream (10)')
    parser.add_argument('--rabbitmq', action='store_true', help='RabbitMQ instead of Lepus')
    parser.add_argument('--build', default=os.path.join(os.path.dirname(HERE), 'build', 'release'))
    arguments = parser.parse_args()
    made = chosen_broker(arguments, PORT)
    say('on', f'{machine()}, load {os.getloadavg()[0]:.1f}')
    generator = Generator(os.path.join(arguments.build, 'lepus-perf'), 1800)
    try:
        with made as broker:
            say('broker', f'{made.name} {made.version()}')
            priorities(generator, broker, arguments.messages)
            stream(generator, broker, arguments.messages, arguments.readers)
    except (KindsError, BrokerError) as error:
        sys.exit(f'bench/kinds.py: {error}')


if __name__ == '__main__':
    main()
