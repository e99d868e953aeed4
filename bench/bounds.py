"""What one client's load does to others; called by bench/bounds.sh.

Consumers: publishers at full speed beside consumers with a prefetch that acknowledge each message.
Shown is what they consumed and, where the publishers were faster, what was published.
Neighbours: the latency of 1 000 messages a second through a queue of their own, p50 and p99, while
something large happens on the same broker: a publisher at full speed, messages that are requeued
without end, a purge, a policy for all queues of a virtual host, its deletion, an import.

Each broker in turn; Lepus with its default number of shards and with two. The relay
(bench/relay.cpp) rewrites frames and keeps nothing: what the kernel's way costs. It has no queues
to do something to. RabbitMQ gets a tenth of the messages and a fiftieth of the queues in what takes
it too long else.
"""
import argparse
import json
import os
import subprocess
import sys
import threading

from compare import put_between_marks
from compare_brokers import Broker, BrokerError, Lepus, RabbitMq
from compare_cases import say, thousands
from compare_generator import Generator, number_at, rounded
from compare_machine import machine
from requeue_storm import storm

PORT = 21720
CASE_S_MAX = 400
MESSAGES, QUEUES = 10_000_000, 100_000
RABBITMQCTL = '/usr/lib/rabbitmq/bin/rabbitmqctl'
PACED = ['throughput', '--rate', '1000', '--auto-ack', '--prefix', 'paced', '--warmup', '0.5']

FOUR = ['--producers', '4', '--queues', '4', '--consumers', '4']
CONSUMERS = [  # title, what lepus-perf is told, whether the relay can do it
    ('1×1, auto-ack', ['--auto-ack'], True),
    ('1×1, prefetch 1 000', ['--prefetch', '1000'], True),
    ('1×1, prefetch 100', ['--prefetch', '100'], True),
    ('1×1, prefetch 10', ['--prefetch', '10'], True),
    ('1×1, prefetch 100, confirms (window 1 000)', ['--prefetch', '100', '--confirm', '1000'],
     False),
    ('1×1, prefetch 10, confirms (window 1 000)', ['--prefetch', '10', '--confirm', '1000'],
     False),
    ('4×4×4, prefetch 1 000', ['--prefetch', '1000', *FOUR], True),
]

FEW = ('1×1, prefetch 1 000', '1×1, prefetch 10 ', '4×4×4', '1 000 msg/s beside a p')  # begin so


class Relay(Broker):
    name = 'relay'

    def __init__(self, port, binary):
        super().__init__(port)
        self.binary = binary

    def start(self):
        self.process = self.spawn([self.binary, str(self.port)])


class Bench:
    """One broker and what is done to it."""

    def __init__(self, broker, arguments):
        self.broker, self.arguments = broker, arguments
        self.generator = Generator(os.path.join(arguments.build, 'lepus-perf'), CASE_S_MAX)
        self.is_rabbitmq = broker.name == 'RabbitMQ'
        scale = arguments.scale
        self.messages = MESSAGES // (10 if self.is_rabbitmq else 1) // scale
        self.queues = QUEUES // (50 if self.is_rabbitmq else 1) // scale

    def run(self, arguments):
        report = self.generator.run(self.broker, arguments)
        if 'error' in report:
            raise BrokerError(f'{self.broker.name}: lepus-perf {" ".join(arguments)}: '
                              f'{report["error"]}')
        return report

    def control(self, *words):
        """The operator's command; both brokers have the same ones."""
        if self.is_rabbitmq:
            command, environment = [RABBITMQCTL], self.broker.environment
        else:
            command = [os.path.join(self.arguments.build, 'lepusctl'), '--socket',
                       os.path.join(self.broker.data, 'lepus.sock'), '--timeout', '300']
            environment = os.environ
        done = subprocess.run([*command, *words], env=environment, capture_output=True, text=True,
                              check=False)
        if done.returncode != 0:
            raise BrokerError(f'{self.broker.name}: {words[0]}: {done.stderr or done.stdout}')

    # --- Neighbours

    def paced(self, seconds, action=None):
        """Latency in µs of the paced flow while the action runs: p50, p99."""
        failures = []

        def act():
            try:
                action()
            except BrokerError as error:
                failures.append(error)
        thread = threading.Timer(1, act) if action else None
        if thread:
            thread.start()
        report = self.run([*PACED, '--duration', str(seconds)])
        if thread:
            thread.join()
        if failures:
            raise failures[0]
        return tuple(number_at(report, f'latency_us.{name}') for name in ('p50', 'p99'))

    def hot(self):
        self.run(['--auto-ack', '--prefix', 'hot', '--duration', str(self.arguments.seconds)])

    def requeue(self):
        storm(self.broker.port, self.arguments.seconds)

    def purge(self):
        self.control('purge_queue', 'full.q0')

    def set_policy(self):
        self.control('set_policy', '-p', 'many', 'p', '.*', '{"max-length": 1000000}')

    def delete_vhost(self):
        self.control('delete_vhost', 'many')

    def import_queues(self, vhost):
        path = self.broker.path('definitions.json')
        with open(path, 'w', encoding='utf-8') as file:
            json.dump({'vhosts': [{'name': vhost}], 'queues': [
                {'name': f'q{number}', 'vhost': vhost, 'durable': True, 'auto_delete': False,
                 'arguments': {}} for number in range(self.queues)]}, file)
        self.control('import_definitions', path)

    def neighbours(self):
        """Title, preparation, action; seconds as long as the action may take."""
        seconds = self.arguments.seconds
        yield 'nothing', None, None, seconds
        yield 'a publisher and a consumer at full speed', None, self.hot, seconds
        if self.broker.name == 'relay':
            return
        yield 'messages requeued without end', None, self.requeue, seconds
        fill = ['--prefix', 'full', '--consumers', '0', '--keep', '--messages',
                str(self.messages), '--confirm', '1000']
        yield (f'a purge of {thousands(MESSAGES // self.arguments.scale)} messages',
               lambda: self.run(fill), self.purge, seconds)
        queues = thousands(QUEUES // self.arguments.scale)
        yield (f'a policy for {queues} queues', lambda: self.import_queues('many'), self.set_policy,
               2 * seconds)
        yield 'deletion of their virtual host', None, self.delete_vhost, 4 * seconds
        yield (f'an import of {queues} durable queues', None,
               lambda: self.import_queues('imported'), 8 * seconds)


def consumed(report):
    """A cell: what was consumed and, when publishers were faster, published."""
    got, sent = (number_at(report, name) for name in ('delivered_per_s', 'published_per_s'))
    text = f'{rounded(got)}/s'
    return text if sent is None or got >= 0.95 * sent else f'{text} of {rounded(sent)}'


def measure(bench, results):
    name = bench.broker.label
    for title, arguments, is_for_relay in CONSUMERS:
        if bench.arguments.only not in title or (name == 'relay' and not is_for_relay):
            continue
        report = bench.run(['throughput', *arguments, '--duration',
                            str(bench.arguments.seconds)])
        results.setdefault(title, {})[name] = consumed(report)
        say(name, f'{title}: {results[title][name]}')
    for what, prepare, action, seconds in bench.neighbours():
        title = f'1 000 msg/s beside {what}, p50 / p99'
        if bench.arguments.only not in title:
            continue
        if prepare:
            prepare()
        p50, p99 = bench.paced(seconds, action)
        results.setdefault(title, {})[name] = f'{rounded(p50)} / {rounded(p99)} µs'
        say(name, f'{title}: {results[title][name]}')


def table(results, names, arguments):
    lines = ['| | ' + ' | '.join(names) + ' |', '|---|' + '--:|' * len(names)]
    for title, row in results.items():
        cells = [row.get(name, '–') for name in names]
        lines.append(f'| {title} | ' + ' | '.join(cells) + ' |')
    lines += ['', f'{machine()}; generators and broker share it; {arguments.seconds} s a case. '
              '128 B, transient, each message acknowledged singly. Where publishers were faster, '
              'their rate stands behind "of". RabbitMQ had a tenth of the messages to purge and a '
              'fiftieth of the queues.']
    return '\n'.join(lines) + '\n'


def few_rows(text):
    """The head of the table and the rows that the README shows."""
    lines = text.split('\n')
    shown = [line for line in lines[2:] if any(f'| {title}' in line for title in FEW)]
    return '\n'.join(lines[:2] + shown) + '\n'


def make_brokers(build):
    binary, directory = os.path.join(build, 'lepus'), os.path.abspath(build)
    for label, broker in (('Lepus', Lepus(PORT, binary, 'auto', directory)),
                          ('Lepus, 2 shards', Lepus(PORT + 5, binary, 2, directory)),
                          ('relay', Relay(PORT + 10, os.path.join(build, 'bench-relay'))),
                          ('RabbitMQ', RabbitMq(PORT + 15, directory))):
        broker.label = label
        yield broker


def main():
    parser = argparse.ArgumentParser(prog='bench/bounds.sh', description=__doc__.split('\n')[0])
    parser.add_argument('--quick', action='store_true', help='2 s a case, a tenth of the rest')
    parser.add_argument('--only', metavar='TEXT', default='', help='rows whose title contains it')
    parser.add_argument('--brokers', metavar='TEXT', default='',
                        help='brokers whose name contains it')
    parser.add_argument('--json', metavar='FILE', help='all cells')
    parser.add_argument('--update-results', action='store_true',
                        help='puts the table into docs/RESULTS.md, a few rows into README.md')
    parser.add_argument('--build', default='build/release', help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    arguments.seconds, arguments.scale = (2, 10) if arguments.quick else (5, 1)
    results, names, is_whole = {}, [], True
    for broker in make_brokers(arguments.build):
        if arguments.brokers not in broker.label:
            continue
        names.append(broker.label)
        try:
            with broker:
                measure(Bench(broker, arguments), results)
        except BrokerError as error:
            print(f'bench/bounds.sh: {error}', file=sys.stderr)
            is_whole = False
    text = table(results, names, arguments)
    print(text, end='')
    if arguments.json:
        with open(arguments.json, 'w', encoding='utf-8') as file:
            json.dump({'machine': machine(), 'results': results}, file, indent=1)
    if arguments.update_results:
        put_between_marks('docs/RESULTS.md', text, 'bounds')
        put_between_marks('README.md', few_rows(text), 'bounds')
    sys.exit(0 if is_whole else 1)


if __name__ == '__main__':
    main()
