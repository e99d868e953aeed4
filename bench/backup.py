#!/usr/bin/env python3
"""What a backup of a large backlog takes, and what it does to those who publish meanwhile.

    bench/backup.py [--size GIB] [--update-results]

A backlog of persistent messages of 16 KiB on one shard; beside it a flow of 1 000 persistent
messages a second of 1 KiB with confirms: alone, beside `lepusctl backup`, which shares the files'
blocks, and beside copies of every byte. A backup begins two seconds after the flow. RabbitMQ has no
backup of a node that runs.

Needs a release build (tools/run.sh --build-only) and room for the backlog twice in `--dir`.
"""
import argparse
import json
import os
import shutil
import subprocess
import time

from compare import put_between_marks
from compare_backlog import fill
from compare_brokers import BrokerError, Lepus
from compare_cases import say
from compare_generator import Generator, number_at, rounded
from compare_machine import machine, require_disk

PORT, SIZE = 21850, 16384
FLOW_S, BACKUP_AFTER_S, CASE_S_MAX = 20, 2, 1800
FLOW = ['throughput', '--persistent', '--size', '1k', '--rate', '1000', '--confirm', '100',
        '--prefetch', '100', '--prefix', 'flow', '--warmup', '1']
CASES = {
    'alone': None,
    'beside a backup that shares blocks': [],
    'beside `--only-bytes`': ['--only-bytes'],
    'beside `--only-bytes --rate 300MB`': ['--only-bytes', '--rate', '300MB'],
}


class Bench:
    def __init__(self, broker, build, directory):
        self.broker = broker
        self.tool = os.path.join(build, 'lepusctl')
        self.perf = os.path.join(build, 'lepus-perf')
        self.target = os.path.join(directory, 'lepus-bench-backup')

    def backup(self, options):
        """Seconds that it took."""
        start = time.monotonic()
        done = subprocess.run([self.tool, '--socket', os.path.join(self.broker.data, 'lepus.sock'),
                               '--timeout', str(CASE_S_MAX), 'backup', self.target, *options],
                              capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise BrokerError(f'backup: {done.stderr.strip()}')
        return time.monotonic() - start

    def case(self, options):
        """(report of the flow, seconds of the backup or None): the flow goes on as long as both."""
        generator = Generator(self.perf, CASE_S_MAX)
        if options is None:
            return generator.run(self.broker, [*FLOW, '--duration', str(FLOW_S)]), None
        command = [self.perf, *FLOW, '--duration', str(FLOW_S), '--json', '-', '--quiet', '--uri',
                   f'amqp://guest:guest@127.0.0.1:{self.broker.port}/']
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as flow:
            time.sleep(BACKUP_AFTER_S)
            try:
                seconds = self.backup(options)
            finally:
                shutil.rmtree(self.target, ignore_errors=True)
            text, _ = flow.communicate(timeout=CASE_S_MAX)
        return json.loads(text) if flow.returncode == 0 else {'error': 'the flow ended'}, seconds


def both(report, what):
    return ' / '.join(rounded(number_at(report, f'{what}.{name}')) for name in ('p50', 'p99'))


def measure(bench, gib):
    generator = Generator(bench.perf, CASE_S_MAX)
    count = (gib << 30) // SIZE
    begin = time.monotonic()
    fill(generator, bench.broker, ['--size', str(SIZE), '--confirm', '1000', '--producers', '2',
                                   '--prefix', 'backlog', '--messages', str(count)])
    say('Lepus', f'{count} messages in {rounded(time.monotonic() - begin)} s')
    lines = ['| flow | latency p50 / p99 | confirm p50 / p99 | the backup took |',
             '|---|--:|--:|--:|']
    for title, options in CASES.items():
        report, seconds = bench.case(options)
        if 'error' in report:
            raise BrokerError(f'{title}: {report["error"]}')
        took = '–' if seconds is None else f'{rounded(seconds)} s'
        lines.append(f'| {title} | {both(report, "latency_us")} µs | '
                     f'{both(report, "confirm_latency_us")} µs | {took} |')
        say('Lepus', lines[-1])
    return '\n'.join([*lines, '', f'{gib} GiB; {machine()}.', ''])


def main():
    parser = argparse.ArgumentParser(prog='bench/backup.py',
                                     description=__doc__.split('\n', maxsplit=1)[0])
    parser.add_argument('--size', type=int, default=30, help='GiB of the backlog')
    parser.add_argument('--dir', default='/var/tmp', help='a folder on a disk')
    parser.add_argument('--update-results', action='store_true',
                        help='puts the table into docs/RESULTS.md')
    parser.add_argument('--build', default='build/release', help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    require_disk(arguments.dir)
    build = os.path.abspath(arguments.build)
    with Lepus(PORT, os.path.join(build, 'lepus'), 1, arguments.dir) as broker:
        text = measure(Bench(broker, build, arguments.dir), arguments.size)
    print(text, end='')
    if arguments.update_results:
        put_between_marks('docs/RESULTS.md', text, 'backup')


if __name__ == '__main__':
    main()
