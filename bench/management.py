#!/usr/bin/env python3
"""What the HTTP API and the metrics cost, on Lepus and on Debian's rabbitmq-server, one after the
other on this machine.

    bench/management.py [--queues N] [--connections N] [--seconds N] [--lepus] [--update-results]

Every queue holds one message. Requests come one at a time over a connection that stays open; a
listing is read to its end. Flow: the latency of 50 000 messages a second, alone, beside two
programs of low priority that compute, and while all of these requests are made in a loop. RabbitMQ
gets a tenth of the queues and connections.

Needs a release build (tools/run.sh --build-only) and RabbitMQ (bench/install_rabbitmq.sh).
"""
import argparse
import base64
import contextlib
import http.client
import json
import os
import socket
import statistics
import subprocess
import threading
import time

from compare import put_between_marks
from compare_brokers import BrokerError, Lepus, RabbitMq
from compare_cases import say
from compare_generator import Generator, number_at, rounded
from compare_machine import machine

PORT = 21790
API_PORT_OFFSET, METRICS_PORT_OFFSET = 4, 5
CASE_S_MAX = 600
FLOW = ['throughput', '--rate', '50000', '--auto-ack', '--prefix', 'flow', '--warmup', '1']
LOGIN = 'Basic ' + base64.b64encode(b'guest:guest').decode()
PAGE = '/api/queues?page=1&page_size=100&sort=messages&sort_reverse=true'
PIPELINED = 16
IMPORTED = 20_000  # queues in one request: its body has a limit


class Client:
    """One connection to the API or to the metrics."""

    def __init__(self, port):
        self.connection = http.client.HTTPConnection('127.0.0.1', port, timeout=CASE_S_MAX)

    def request(self, path, method='GET', body=None):
        self.connection.request(method, path, body, {'Authorization': LOGIN,
                                                     'Content-Type': 'application/json'})
        answer = self.connection.getresponse()
        text = answer.read()
        if answer.status >= 300:
            raise BrokerError(f'{method} {path}: {answer.status} {text[:300]!r}')
        return text

    def times(self, path, count):
        """Milliseconds of so many requests, and the bytes of the last answer."""
        taken = []
        for _ in range(count):
            begin = time.monotonic()
            size = len(self.request(path))
            taken.append((time.monotonic() - begin) * 1000)
        return taken, size


def overviews_a_second(port, seconds):
    """With so many requests under way on one connection."""
    request = (f'GET /api/overview HTTP/1.1\r\nHost: localhost\r\n'
               f'Authorization: {LOGIN}\r\n\r\n').encode()
    with socket.create_connection(('127.0.0.1', port)) as stream:
        stream.sendall(request * PIPELINED)
        begin, answers = time.monotonic(), 0
        while time.monotonic() - begin < seconds:
            found = stream.recv(1 << 18).count(b'HTTP/1.1 200')
            answers += found
            stream.sendall(request * found)
        return answers / (time.monotonic() - begin)


def resident_mib(pid):
    with open(f'/proc/{pid}/status', encoding='utf-8') as status:
        return next(int(line.split()[1]) for line in status if line.startswith('VmRSS')) / 1024


class Bench:
    def __init__(self, broker, arguments):
        self.broker, self.seconds = broker, arguments.seconds
        self.scale = 10 if broker.name == 'RabbitMQ' else 1
        self.queues = arguments.queues // self.scale
        self.connections = arguments.connections // self.scale
        self.perf = os.path.join(arguments.build, 'lepus-perf')
        self.generator = Generator(self.perf, CASE_S_MAX)
        self.api = Client(broker.port + API_PORT_OFFSET)
        self.metrics = Client(broker.port + METRICS_PORT_OFFSET)

    def fill(self):
        """The queues with a message each, by the API."""
        names = [f'q{number}' for number in range(self.queues)]
        self.define({'exchanges': [{'name': 'all', 'vhost': '/', 'type': 'fanout', 'durable': True,
                                    'auto_delete': False, 'internal': False, 'arguments': {}}]})
        for first in range(0, len(names), IMPORTED):
            piece = names[first:first + IMPORTED]
            self.define({
                'queues': [{'name': name, 'vhost': '/', 'durable': True, 'auto_delete': False,
                            'arguments': {}} for name in piece],
                'bindings': [{'source': 'all', 'vhost': '/', 'destination': name,
                              'destination_type': 'queue', 'routing_key': '', 'arguments': {}}
                             for name in piece]})
        self.api.request('/api/exchanges/%2F/all/publish', 'POST', json.dumps({
            'properties': {}, 'routing_key': '', 'payload': 'x', 'payload_encoding': 'string'}))

    def define(self, definitions):
        self.api.request('/api/definitions', 'POST', json.dumps(definitions))

    @contextlib.contextmanager
    def idle_connections(self):
        command = [self.perf, 'connections', '--count', str(self.connections), '--duration',
                   str(CASE_S_MAX), '--uri', f'amqp://guest:guest@127.0.0.1:{self.broker.port}/']
        with open(os.devnull, 'w', encoding='utf-8') as nothing:
            process = subprocess.Popen(command, stdout=nothing, stderr=nothing)
        try:
            deadline = time.monotonic() + CASE_S_MAX
            while self.object_totals()['connections'] < self.connections:
                if time.monotonic() > deadline or process.poll() is not None:
                    raise BrokerError(f'{self.broker.name}: the connections did not come')
                time.sleep(0.5)
            yield
        finally:
            process.terminate()
            process.wait()

    def object_totals(self):
        return json.loads(self.api.request('/api/overview'))['object_totals']

    def flow(self, seconds):
        report = self.generator.run(self.broker, [*FLOW, '--duration', str(seconds)])
        if 'error' in report:
            raise BrokerError(f'{self.broker.name}: {report["error"]}')
        return tuple(number_at(report, f'latency_us.{name}') for name in ('p50', 'p99'))

    def flow_beside_programs(self, seconds):
        """What two programs that only compute do to the same flow, as far as this machine goes."""
        command = ['nice', '-n', '10', 'sh', '-c', 'while :; do :; done']
        programs = [subprocess.Popen(command, start_new_session=True) for _ in range(2)]
        try:
            return self.flow(seconds)
        finally:
            for program in programs:
                program.kill()
                program.wait()

    def flow_beside_requests(self, seconds):
        stop = threading.Event()

        def ask():
            os.nice(10)  # Of this thread: a client elsewhere takes nothing of the broker's machine.
            api = Client(self.broker.port + API_PORT_OFFSET)
            metrics = Client(self.broker.port + METRICS_PORT_OFFSET)
            while not stop.is_set():
                for path in (PAGE, '/api/queues', '/api/overview', '/api/connections'):
                    if not stop.is_set():
                        api.request(path)
                metrics.request('/metrics/per-object')
        thread = threading.Thread(target=ask)
        thread.start()
        try:
            return self.flow(seconds)
        finally:
            stop.set()
            thread.join()


def shown(taken):
    return f'{rounded(statistics.median(taken))} / {rounded(max(taken))} ms'


def measure(bench, results):
    def note(title, text):
        results.setdefault(title, {})[bench.broker.name] = text
        say(bench.broker.name, f'{title}: {text}')

    begin = time.monotonic()
    bench.fill()
    note('queues; imported, bound and published to in',
         f'{rounded(bench.queues)}; {rounded(time.monotonic() - begin)} s')
    note('connections', rounded(bench.connections))
    before = resident_mib(bench.broker.pid)
    with bench.idle_connections():
        note('a page of 100 queues by messages, median / most', shown(bench.api.times(PAGE, 20)[0]))
        taken, size = bench.api.times('/api/queues', 3)
        note('all queues, median / most; size', f'{shown(taken)}; {rounded(size / 1e6)} MB')
        taken, size = bench.api.times('/api/connections', 3)
        note('all connections, median / most; size', f'{shown(taken)}; {rounded(size / 1e6)} MB')
        taken, size = bench.metrics.times('/metrics/per-object', 3)
        note('/metrics/per-object, median / most; size',
             f'{shown(taken)}; {rounded(size / 1e6)} MB')
        note('/metrics, median / most', shown(bench.metrics.times('/metrics', 10)[0]))
        note('/api/overview of one client',
             f'{rounded(overviews_a_second(bench.api.connection.port, bench.seconds))}/s')
        note('50 000 msg/s alone, p50 / p99',
             ' / '.join(rounded(one) for one in bench.flow(bench.seconds)) + ' µs')
        note('50 000 msg/s beside two programs that compute, p50 / p99',
             ' / '.join(rounded(one) for one in bench.flow_beside_programs(bench.seconds)) + ' µs')
        note('50 000 msg/s beside these requests, p50 / p99',
             ' / '.join(rounded(one) for one in bench.flow_beside_requests(bench.seconds)) + ' µs')
        note('resident memory before connections / at the end',
             f'{rounded(before)} / {rounded(resident_mib(bench.broker.pid))} MiB')


def table(results, names, footer):
    lines = ['| | ' + ' | '.join(names) + ' |', '|---|' + '--:|' * len(names)]
    for title, row in results.items():
        lines.append(f'| {title} | ' + ' | '.join(row.get(name, '–') for name in names) + ' |')
    return '\n'.join([*lines, '', f'{machine()}; {footer}', ''])


def with_api(broker):
    api, metrics = broker.port + API_PORT_OFFSET, broker.port + METRICS_PORT_OFFSET
    broker.settings.update({'management.tcp.port': api, 'management.tcp.ip': '127.0.0.1',
                            'prometheus.tcp.port': metrics, 'prometheus.tcp.ip': '127.0.0.1'})
    broker.plugins = ('rabbitmq_management', 'rabbitmq_prometheus')
    return broker


def main():
    parser = argparse.ArgumentParser(prog='bench/management.py',
                                     description=__doc__.split('\n', maxsplit=1)[0])
    parser.add_argument('--queues', type=int, default=100_000)
    parser.add_argument('--connections', type=int, default=10_000)
    parser.add_argument('--seconds', type=int, default=8, help='of a case; the default is 8')
    parser.add_argument('--lepus', action='store_true', help='Lepus only')
    parser.add_argument('--update-results', action='store_true',
                        help='puts the table into docs/RESULTS.md')
    parser.add_argument('--build', default='build/release', help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    directory = os.path.abspath(arguments.build)
    brokers = [Lepus(PORT, os.path.join(directory, 'lepus'), 'auto', directory)]
    if not arguments.lepus:
        brokers.append(RabbitMq(PORT + 10, directory))
    results = {}
    for broker in brokers:
        with with_api(broker) as running:
            measure(Bench(running, arguments), results)
    text = table(results, [broker.name for broker in brokers],
                 'generators, clients and broker share it. RabbitMQ has a tenth of the queues and '
                 'connections.')
    print(text, end='')
    if arguments.update_results:
        put_between_marks('docs/RESULTS.md', text, 'management')


if __name__ == '__main__':
    main()
