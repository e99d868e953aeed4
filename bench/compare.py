"""Lepus against RabbitMQ on this machine in one run; called by bench/compare.sh.

Each broker in turn is driven by lepus-perf through the same list of cases (compare_cases.py): one
generator thread, transient queues unless the row says persistent, everything else the generator's
defaults. Rows about memory and a backlog start a fresh broker. Both brokers keep their data in the
same directory, which must be on a disk.
The table shows what consumers got per second; CPU is the broker process's time per message (per
round trip, per connection). A case that fails is shown as "failed", with its reason on standard
error, and the exit code is 1.
"""
import argparse
import json
import os
import re
import resource
import signal
import subprocess
import sys

from compare_backlog import measure_backlog
from compare_brokers import BrokerError, Lepus, RabbitMq
from compare_cases import FULL, QUICK, cases
from compare_generator import Generator, number_at, rounded
from compare_machine import DiskError, machine, raw_write_us, require_disk

PORT = 21650  # of Lepus; RabbitMQ takes 21660 to 21662
CASE_S_MAX = 300  # a backlog takes a slow broker so long
LOAD_QUIET_MAX = 0.5  # 1-minute load average; above it the table says so
FEW = ('auto-ack', 'confirm', 'latency', 'persist-128', 'backlog')  # cases of the README


def log(text):
    print(text, file=sys.stderr, flush=True)


def run_case(generator, broker, case):
    return generator.run(broker, case.arguments)


def measure(generator, make_broker, wanted):
    """Reports of all cases by key. Those that need a fresh broker come last."""
    reports = {}

    def record(broker, case):
        log(f'{broker.name}: {case.key}')
        run = measure_backlog if case.backlog else run_case
        reports[case.key] = run(generator, broker, case)
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


def ratio(row, ours, theirs):
    if not ours or not theirs or ours < 0 or theirs < 0:
        return '–'
    times = theirs / ours if row.lower_is_better else ours / theirs
    return f'{times:.2g} ×' if times < 10 else f'{times:.0f} ×'


def piled_up(report, case):
    """A producer outran the consumers: messages were left in the queues."""
    copies = 10 if case.key == 'fanout' else 1
    received = report.get('delivered_per_s', 0) / copies
    return 0 < 1.1 * received < report.get('published_per_s', 0)


def scaled(report, row):
    value = number_at(report, row.path)
    return None if value is None else value * row.scale


def cell(report, case, row):
    if report is None:
        return '–'
    if 'error' in report:
        return 'failed'
    text = f'{rounded(scaled(report, row))} {row.unit}'.replace(' /s', '/s')
    return text + (' \\*' if piled_up(report, case) else '')


def disk_note(arguments):
    raw = [f'{rounded(value)} µs' for value in arguments.raw_us if value is not None]
    return ('Persistent: durable queues, delivery mode 2, data on '
            f'{arguments.file_system} on the same disk. A confirm of Lepus means that the message '
            'is on the disk (journal.sync = always: one direct write and an fdatasync for all that '
            'came together); one of RabbitMQ that it has called fsync on its queue index or store, '
            'also for all that came together. '
            + (f'One raw direct, synchronous write of 4 KiB took {" and ".join(raw)} '
               '(before and after these cases): the least a confirm can take. ' if raw else '')
            + 'Start: from the start of the process until it is ready to work with all that is '
            'stored; files were dropped from the page cache before.')


def scale(arguments):
    return QUICK if arguments.quick else FULL


def shards_text(arguments):
    """How many shards were measured, and whether that is what one gets without asking."""
    placement = subprocess.run(
        [os.path.join(arguments.build, 'lepus'), '--print-placement', '--set',
         f'shards={arguments.shards}'], env={**os.environ, 'LEPUS_CONFIG_FILE': os.devnull},
        capture_output=True, text=True, check=True).stdout
    count = sum(line.startswith('shard-') for line in placement.splitlines())
    origin = 'its default here of ' if arguments.shards == 'auto' else ''
    return f'{origin}{count} shard{"s" if count != 1 else ""}'


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
    duration = scale(arguments)['duration']
    lines += ['', f'{machine()}; generator and broker share it. Lepus with '
              f'{shards_text(arguments)}; {duration} s a case. Rates are '
              'deliveries per second, without a consumer confirms per second; CPU is the '
              'broker\'s time per message, round trip, connection or declare; memory is resident '
              'memory of the process. Ratio: how many times better Lepus is.']
    if any(case.on_disk for case in wanted):
        lines += ['', disk_note(arguments)]
    if any(case.is_scenario for case in wanted):
        lines += ['', f'Scenarios of `lepus-perf list` in {scale(arguments)["time_scale"]} of '
                  'their time.']
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


def few_rows(text, wanted):
    """The head of the table and the first row of each case that the README shows."""
    titles = [case.rows[0].title for case in wanted if case.key in FEW]
    lines = text.split('\n')
    rows = [line for line in lines[2:] if line[2:].split(' |')[0] in titles]
    return '\n'.join(lines[:2] + rows) + '\n'


def put_between_marks(path, text, mark='results'):
    """Replaces what stands between the lines <!-- mark --> and <!-- /mark -->."""
    with open(path, encoding='utf-8') as file:
        old = file.read()
    new, count = re.subn(rf'(<!-- {mark} -->\n).*?(<!-- /{mark} -->)',
                         lambda found: found[1] + text + found[2], old, flags=re.DOTALL)
    if count != 1:
        sys.exit(f'{path} lacks the lines <!-- {mark} --> and <!-- /{mark} -->; '
                 'put them back and run again')
    with open(path, 'w', encoding='utf-8') as file:
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
    parser.add_argument('--scenarios', action='store_true', help='only clients of several kinds at '
                        'once, which have a table of their own')
    parser.add_argument('--json', metavar='FILE', help='all reports of the generator')
    parser.add_argument('--shards', default='auto', help='of Lepus: a number or auto (default)')
    parser.add_argument('--dir', metavar='DIR',
                        help='where the brokers keep their data, on a disk (default: the build '
                        'directory)')
    parser.add_argument('--update-results', action='store_true',
                        help='puts the table into docs/RESULTS.md, a few rows into README.md')
    parser.add_argument('--build', default='build/release', help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    arguments.dir = os.path.abspath(arguments.dir or arguments.build)
    arguments.raw_us = []
    return arguments


def measure_raw(arguments, wanted):
    if any(case.on_disk for case in wanted):
        arguments.raw_us.append(raw_write_us(arguments.dir))


def main():
    arguments = parse_arguments()
    wanted = [case for case in cases(scale(arguments))
              if arguments.only in case.key and case.is_scenario >= arguments.scenarios]
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
        brokers['Lepus'] = lambda: Lepus(PORT, binary, arguments.shards, arguments.dir)
    if not arguments.lepus:
        brokers['RabbitMQ'] = lambda: RabbitMq(PORT + 10, arguments.dir)
    results, versions = {}, {}
    generator = Generator(os.path.join(arguments.build, 'lepus-perf'), CASE_S_MAX)
    try:
        arguments.file_system = require_disk(arguments.dir)
        measure_raw(arguments, wanted)
        for name, make_broker in brokers.items():
            versions[name] = make_broker().version()
            results[name] = measure(generator, make_broker, wanted)
        measure_raw(arguments, wanted)
    except (BrokerError, DiskError) as error:
        sys.exit(f'bench/compare.sh: {error}')
    tables = {mark: table(results, versions, some, arguments) for mark, some in (
        ('results', [case for case in wanted if not case.is_scenario]),
        ('scenarios', [case for case in wanted if case.is_scenario])) if some}
    print('\n'.join(tables.values()), end='')
    if arguments.json:
        with open(arguments.json, 'w', encoding='utf-8') as file:
            json.dump({'machine': machine(), 'raw_write_us': arguments.raw_us,
                       'versions': versions, 'results': results}, file, indent=1)
    if arguments.update_results:
        for mark, text in tables.items():
            put_between_marks('docs/RESULTS.md', text, mark)
        if 'results' in tables:
            put_between_marks('README.md', few_rows(tables['results'], wanted))
    failed = any('error' in report for reports in results.values() for report in reports.values())
    sys.exit(1 if failed else 0)


if __name__ == '__main__':
    main()
