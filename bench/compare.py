"""Lepus against RabbitMQ on this machine in one run; called by bench/compare.sh.

Each broker in turn is driven by lepus-perf through the same list of cases: one generator thread,
transient queues, everything else the generator's defaults. Rows about memory start a fresh broker.
The table shows what consumers got per second; CPU is the broker process's time per message (per
round trip, per connection). A case that fails is shown as "failed", with its reason on standard
error, and the exit code is 1.
"""
import argparse
import json
import os
import platform
import re
import resource
import signal
import subprocess
import sys
from dataclasses import dataclass, field

from compare_brokers import BrokerError, Lepus, RabbitMq

PORT = 21650  # of Lepus; RabbitMQ takes 21660 to 21662
FULL = {'duration': 3, 'warmup': 1, 'connections': 2000, 'queues': 20000}
QUICK = {'duration': 1, 'warmup': 0.5, 'connections': 500, 'queues': 2000}
CASE_S_MAX = 120
LOAD_QUIET_MAX = 0.5  # 1-minute load average; above it the table says so
README_MARKS = re.compile(r'(<!-- results -->\n).*?(<!-- /results -->)', re.DOTALL)


@dataclass(frozen=True)
class Row:
    """One line of the table, taken from a case's JSON."""
    title: str
    path: str                 # of the number: keys joined by dots
    unit: str = '/s'
    lower_is_better: bool = False
    cpu_path: str = 'broker.cpu_us_per_message'  # empty: no such number


@dataclass(frozen=True)
class Case:
    key: str
    arguments: list
    rows: list = field(default_factory=list)
    fresh: bool = False       # needs a broker that did nothing yet


def delivered(title):
    return [Row(title, 'delivered_per_s')]


def throughput(key, title, text):
    return Case(key, ['throughput'] + text.split(), delivered(title))


def cases(scale):
    time = ['--duration', str(scale['duration']), '--warmup', str(scale['warmup'])]
    confirms = '--confirm 1000 --prefetch 1000 --ack-batch 10'
    routed = '--queues 4 --consumers 4 --auto-ack'
    listed = [
        throughput('auto-ack', '128 B, 1 producer, 1 queue, 1 consumer, auto-ack', '--auto-ack'),
        throughput('confirm', '128 B, confirms (window 1 000), manual ack (every 10th)', confirms),
        Case('latency', ['throughput', '--rate', '5000', '--auto-ack'], [
            Row('latency p50 at 5 000 msg/s', 'latency_us.p50', 'µs', True),
            Row('latency p99 at 5 000 msg/s', 'latency_us.p99', 'µs', True, '')]),
        throughput('4x4x4', '128 B, 4 producers, 4 queues, 4 consumers, auto-ack',
                   '--producers 4 --queues 4 --consumers 4 --auto-ack'),
        throughput('1k', '1 KiB, auto-ack', '--body-size 1k --auto-ack'),
        throughput('64k', '64 KiB, auto-ack', '--body-size 64k --auto-ack'),
        throughput('1m', '1 MiB, auto-ack', '--body-size 1m --auto-ack'),
        throughput('fanout', 'fanout to 10 queues, deliveries',
                   '--exchange fanout --queues 10 --consumers 10 --auto-ack'),
        throughput('direct', 'direct exchange, 4 queues', f'--exchange direct {routed}'),
        throughput('topic', 'topic exchange, 4 queues', f'--exchange topic {routed}'),
        throughput('topic-1000', 'topic exchange, 4 queues, 1 000 non-matching bindings each',
                   f'--exchange topic {routed} --bindings 1000'),
        Case('rpc', ['rpc'], delivered('request/reply round trips, one at a time')),
        Case('churn', ['churn'], delivered('connections opened and closed')),
    ]
    listed = [Case(case.key, case.arguments + time, case.rows) for case in listed]
    count, queue_count = scale['connections'], scale['queues']
    return listed + [
        Case('connections', ['connections', '--count', str(count), '--duration', '1'],
             [Row(f'memory per idle connection (of {count:,})'.replace(',', ' '),
                  'broker.rss_kib_each', 'KiB', True, '')], True),
        Case('queues', ['queues', '--count', str(queue_count)],
             [Row(f'memory per idle queue (of {queue_count:,})'.replace(',', ' '),
                  'broker.rss_kib_each', 'KiB', True, ''),
              Row('queue declares, pipelined', 'created_per_s', '/s', False,
                  'broker.cpu_us_each')], True),
    ]


def log(text):
    print(text, file=sys.stderr, flush=True)


def run_case(generator, broker, case):
    """The generator's report, or {'error': why}."""
    command = [generator, *case.arguments, '--quiet', '--json', '-', '--pid', str(broker.pid),
               '--uri', f'amqp://guest:guest@127.0.0.1:{broker.port}/']
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=CASE_S_MAX,
                              check=False)
    except subprocess.TimeoutExpired:
        return {'error': f'not finished after {CASE_S_MAX} s'}
    if done.returncode != 0:
        return {'error': done.stderr.strip() or f'exit code {done.returncode}'}
    return json.loads(done.stdout)


def measure(generator, make_broker, wanted):
    """Reports of all cases by key. Those that need a fresh broker come last."""
    reports = {}

    def record(broker, case):
        log(f'{broker.name}: {case.key}')
        reports[case.key] = run_case(generator, broker, case)
        if 'error' in reports[case.key]:
            log(f'{broker.name}: {case.key} failed: {reports[case.key]["error"]}')

    shared = [case for case in wanted if not case.fresh]
    if shared:
        with make_broker() as broker:
            for case in shared:
                record(broker, case)
    for case in wanted:
        if case.fresh:
            with make_broker() as broker:
                record(broker, case)
    return reports


def number_at(report, path):
    """None when it is not there."""
    for key in path.split('.') if path else ['']:
        report = report.get(key) if isinstance(report, dict) else None
    return report


def rounded(value):
    """Three significant digits, thousands apart."""
    if value is None:
        return '–'
    if abs(value) < 100:
        return f'{value:.3g}'
    digits = max(len(str(int(abs(value)))) - 3, 0)
    return f'{round(value, -digits):,.0f}'.replace(',', ' ')


def ratio(row, ours, theirs):
    if not ours or not theirs or ours < 0 or theirs < 0:
        return '–'
    times = theirs / ours if row.lower_is_better else ours / theirs
    return f'{times:.2g} ×' if times < 10 else f'{times:.0f} ×'


def piled_up(report, case):
    """A producer outran the consumers: messages were left in the queues."""
    copies = 10 if case.key == 'fanout' else 1
    return report.get('published_per_s', 0) * copies > 1.1 * report.get('delivered_per_s', 0)


def cell(report, case, row):
    if report is None:
        return '–'
    if 'error' in report:
        return 'failed'
    text = f'{rounded(number_at(report, row.path))} {row.unit}'.replace(' /s', '/s')
    return text + (' \\*' if piled_up(report, case) else '')


def machine():
    model = 'unknown CPU'
    with open('/proc/cpuinfo', encoding='utf-8') as info:
        for line in info:
            if line.startswith('model name'):
                model = line.partition(':')[2].strip()
                break
    memory = os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') / 2 ** 30
    return (f'{os.cpu_count()} CPUs ({model}), {memory:.0f} GiB, '
            f'Linux {platform.release().partition("-")[0]}')


def table(results, versions, wanted, arguments):
    def head(name):
        return f'{name} {versions[name]}' if name in versions else name

    lines = [
        f'| | {head("Lepus")} | {head("RabbitMQ")} | ratio | CPU Lepus | CPU RabbitMQ |',
        '|---|--:|--:|--:|--:|--:|']
    for case in wanted:
        ours, theirs = (results.get(name, {}).get(case.key) for name in ('Lepus', 'RabbitMQ'))
        for row in case.rows:
            values = [number_at(report or {}, row.path) for report in (ours, theirs)]
            cpu = [number_at(report or {}, row.cpu_path) for report in (ours, theirs)]
            lines.append(
                f'| {row.title} | {cell(ours, case, row)} | {cell(theirs, case, row)} '
                f'| {ratio(row, *values)} | '
                + ' | '.join('–' if value is None else f'{rounded(value)} µs' for value in cpu)
                + ' |')
    duration = (QUICK if arguments.quick else FULL)['duration']
    lines += ['', f'{machine()}; generator and broker share it. Lepus with {arguments.shards} '
              f'shard{"s" if arguments.shards != 1 else ""}; {duration} s a case. Rates are '
              'deliveries per second; CPU is the broker\'s time per delivery, round trip, '
              'connection or declare; memory is resident memory of the process. Ratio: how many '
              'times better Lepus is.']
    if arguments.quick or arguments.load > LOAD_QUIET_MAX:
        why = ' and '.join(
            (['short cases (--quick)'] if arguments.quick else [])
            + ([f'other work on the machine (load {arguments.load:.1f} before the start)']
               if arguments.load > LOAD_QUIET_MAX else []))
        lines += ['', f'Orders of magnitude only: {why}.']
    if any('\\*' in line for line in lines):
        lines += ['', '\\* The producer was faster than the consumers: messages piled up in the '
                  'broker meanwhile.']
    return '\n'.join(lines) + '\n'


def update_readme(text):
    with open('README.md', encoding='utf-8') as file:
        old = file.read()
    new, count = README_MARKS.subn(lambda found: found[1] + text + found[2], old)
    if count != 1:
        sys.exit('README.md lacks the lines <!-- results --> and <!-- /results -->; '
                 'put them back and run again')
    with open('README.md', 'w', encoding='utf-8') as file:
        file.write(new)


def parse_arguments():
    parser = argparse.ArgumentParser(prog='bench/compare.sh',
                                     description='Measures Lepus and RabbitMQ on this machine.')
    parser.add_argument('--quick', action='store_true', help='1 s a case, fewer queues')
    only = parser.add_mutually_exclusive_group()
    only.add_argument('--lepus', action='store_true', help='Lepus only')
    only.add_argument('--rabbitmq', action='store_true', help='RabbitMQ only')
    parser.add_argument('--only', metavar='TEXT', default='',
                        help='cases whose key contains the text: '
                        + ', '.join(case.key for case in cases(FULL)))
    parser.add_argument('--json', metavar='FILE', help='all reports of the generator')
    parser.add_argument('--shards', type=int, default=1, help='of Lepus (default 1)')
    parser.add_argument('--update-readme', action='store_true', help='puts the table into it')
    parser.add_argument('--build', default='build/release', help=argparse.SUPPRESS)
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    wanted = [case for case in cases(QUICK if arguments.quick else FULL)
              if arguments.only in case.key]
    if not wanted:
        sys.exit(f'bench/compare.sh: no case contains "{arguments.only}"; --help lists them')
    for number in (signal.SIGTERM, signal.SIGHUP):  # like Ctrl-C: brokers are stopped first
        signal.signal(number, lambda *_: sys.exit(1))
    arguments.load = os.getloadavg()[0]
    _, files_max = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (files_max, files_max))
    brokers = {}
    if not arguments.rabbitmq:
        binary = os.path.join(arguments.build, 'lepus')
        brokers['Lepus'] = lambda: Lepus(PORT, binary, arguments.shards)
    if not arguments.lepus:
        brokers['RabbitMQ'] = lambda: RabbitMq(PORT + 10)
    results, versions = {}, {}
    try:
        for name, make_broker in brokers.items():
            versions[name] = make_broker().version()
            results[name] = measure(os.path.join(arguments.build, 'lepus-perf'), make_broker,
                                    wanted)
    except BrokerError as error:
        sys.exit(f'bench/compare.sh: {error}')
    text = table(results, versions, wanted, arguments)
    print(text, end='')
    if arguments.json:
        with open(arguments.json, 'w', encoding='utf-8') as file:
            json.dump({'machine': machine(), 'versions': versions, 'results': results}, file,
                      indent=1)
    if arguments.update_readme:
        update_readme(text)
    failed = any('error' in report for reports in results.values() for report in reports.values())
    sys.exit(1 if failed else 0)


if __name__ == '__main__':
    main()
