"""One large backlog of persistent messages through a restart; called by bench/backlog.sh.

    fill → SIGTERM or SIGKILL → start → drain → compare the counts

Prints a line for each number as soon as it is known: how fast messages were confirmed, the most
memory the process had, the disk that is used, how long it took to end and to be ready again, the
memory then, how fast all was consumed. The last line says whether each message was there once; if
not, or if a step failed, the exit code is 1 and with --keep the directory stays for a look at it.
"""
import argparse
import json
import os
import shutil
import signal
import sys

from compare_backlog import BacklogError, drain, fill, miscounted, restart
from compare_brokers import BrokerError, Lepus, RabbitMq
from compare_cases import say, thousands
from compare_generator import Generator, rounded
from compare_machine import DiskError, machine, raw_write_us, require_disk

PORT = 21680
STEP_S_MAX = 3600
SIGNALS = {'TERM': signal.SIGTERM, 'KILL': signal.SIGKILL}


def mib(kib):
    return f'{thousands(round(kib / 1024))} MiB'


def percentiles(latency):
    return '  '.join(f'{name.replace("_", ".")} {rounded(latency[name])}'
                     for name in ('p50', 'p99', 'p99_9', 'max'))


def run(generator, broker, arguments):
    """Prints the numbers; all of them as one report."""
    how = {'seconds_max': STEP_S_MAX, 'quiet': not arguments.progress}
    say('start', f'ready after {broker.start_s:.2f} s, with nothing stored')
    queues = str(arguments.queues)
    same = ['--body-size', str(arguments.body_size), '--queues', queues]
    filled = fill(generator, broker, [*same, '--producers', queues, '--messages',
                                      str(arguments.messages), '--confirm',
                                      str(arguments.confirm)], **how)
    say('fill', f'{thousands(filled["confirmed"])} messages of {arguments.body_size} B confirmed '
        f'in {filled["seconds"]:.1f} s: {rounded(filled["confirmed_per_s"])}/s, '
        f'{rounded(filled["broker"]["cpu_us_per_message"])} µs CPU for each')
    say('confirm', f'{percentiles(filled["confirm_latency_us"])} µs, with at most '
        f'{thousands(arguments.confirm)} unconfirmed a producer')
    say('memory', f'at most {mib(filled["rss_kib_max"])}, at the end '
        f'{mib(filled["broker"]["rss_kib_end"])}')
    say('disk', f'{mib(filled["disk_kib"])}, '
        f'{filled["disk_kib"] * 1024 / arguments.messages:.0f} bytes a message')
    again = restart(broker, SIGNALS[arguments.signal])
    say('end', f'{again["stop_s"]:.2f} s after SIG{arguments.signal}, exit code '
        f'{again["exit_code"]}')
    say('start', f'ready after {again["start_s"]:.2f} s, {again["start_cpu_s"]:.2f} s CPU')
    drained = drain(generator, broker, [*same, '--consumers', queues], **how)
    say('drain', f'{thousands(drained["delivered"])} messages in {drained["seconds"]:.1f} s: '
        f'{rounded(drained["delivered_per_s"])}/s, '
        f'{rounded(drained["broker"]["cpu_us_per_message"])} µs CPU for each, '
        f'{thousands(drained["redelivered"])} marked as redelivered')
    say('memory', f'{mib(drained["broker"]["rss_kib_start"])} before, at most '
        f'{mib(drained["rss_kib_max"])} since the start')
    return {'fill': filled, 'restart': again, 'drain': drained,
            'wrong': miscounted(arguments.messages, filled, drained)}


def keep(broker):
    """Out of the reach of the broker's clean-up."""
    kept = broker.directory.name + '-kept'
    broker.stop_processes()
    shutil.move(broker.directory.name, kept)
    print(f'kept: {kept}', file=sys.stderr)


def attempt(broker, arguments):
    """The report; 'wrong' is empty when all is well."""
    generator = Generator(os.path.join(arguments.build, 'lepus-perf'), STEP_S_MAX)
    try:
        report = run(generator, broker, arguments)
    except (BacklogError, BrokerError) as error:
        report = {'wrong': str(error)}
    if report['wrong'] and arguments.keep:
        keep(broker)
    return report


def parse_arguments():
    parser = argparse.ArgumentParser(prog='bench/backlog.sh', description='A large backlog of '
                                     'persistent messages through a restart.')
    parser.add_argument('--messages', type=int, default=10000000, help='default 10 000 000')
    parser.add_argument('--body-size', type=int, default=128, help='bytes (default 128)')
    parser.add_argument('--confirm', type=int, default=10000,
                        help='messages unconfirmed at most, a producer (default 10 000)')
    parser.add_argument('--queues', type=int, default=1,
                        help='with a producer and a consumer for each (default 1)')
    parser.add_argument('--signal', choices=SIGNALS, default='TERM', help='default TERM')
    parser.add_argument('--shards', type=int, default=1, help='of Lepus (default 1)')
    parser.add_argument('--set', action='append', default=[], metavar='KEY=VALUE',
                        help='a setting of Lepus')
    parser.add_argument('--rabbitmq', action='store_true', help='RabbitMQ instead of Lepus')
    parser.add_argument('--dir', help='where the data goes, on a disk (default: the build '
                        'directory)')
    parser.add_argument('--keep', action='store_true', help='keep the directory after a failure')
    parser.add_argument('--progress', action='store_true', help='a line for each second')
    parser.add_argument('--json', metavar='FILE', help='all numbers')
    parser.add_argument('--build', default='build/release', help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    arguments.dir = os.path.abspath(arguments.dir or arguments.build)
    return arguments


def main():
    arguments = parse_arguments()
    for number in (signal.SIGTERM, signal.SIGHUP):  # like Ctrl-C: the broker is stopped first
        signal.signal(number, lambda *_: sys.exit(1))
    try:
        kind = require_disk(arguments.dir)
        if arguments.rabbitmq:
            made = RabbitMq(PORT, arguments.dir)
        else:
            made = Lepus(PORT, os.path.join(arguments.build, 'lepus'), arguments.shards,
                         arguments.dir)
            made.settings.update(text.split('=', 1) for text in arguments.set)
        say('on', f'{machine()}, load {os.getloadavg()[0]:.1f}')
        say('disk', f'{kind}; a direct, synchronous write of 4 KiB takes '
            f'{rounded(raw_write_us(arguments.dir))} µs')
        say('broker', f'{made.name} {made.version()}')
        with made as broker:
            report = attempt(broker, arguments)
    except (BrokerError, DiskError) as error:
        sys.exit(f'bench/backlog.sh: {error}')
    say('count', f'wrong: {report["wrong"]}' if report['wrong'] else 'exact')
    if arguments.json:
        with open(arguments.json, 'w', encoding='utf-8') as file:
            json.dump(report, file, indent=1)
    sys.exit(1 if report['wrong'] else 0)


if __name__ == '__main__':
    main()
