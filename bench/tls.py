#!/usr/bin/env python3
"""What TLS costs, on Lepus and on Debian's rabbitmq-server, one after the other on this machine.

    bench/tls.py [--seconds N] [--update-results] [--lepus] [--help]

Messages: one producer, one queue, one consumer, auto-ack, with and without TLS 1.3; beside the rate
stands the broker's CPU for one. Handshakes: one client of openssl s_time after the other connects
and goes, with a certificate of P-256; it reads no ticket of TLS 1.3, so sessions of that version
are resumed by a client in Python, which asks for the protocol to get one. Neighbour: the latency of
1 000 messages a second without TLS, alone and while two such clients shake hands without end.

Needs a release build (tools/run.sh --build-only) and RabbitMQ (bench/install_rabbitmq.sh).
"""
import argparse
import contextlib
import os
import re
import socket
import ssl
import subprocess
import sys
import time

from bounds import consumed
from compare import put_between_marks
from compare_brokers import BrokerError, Lepus, RabbitMq
from compare_cases import say
from compare_generator import Generator, number_at, rounded
from compare_machine import machine

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), 'tests'))

from certificates import Authority  # noqa: E402  (the path is made above)

PORT = 21760
TLS_PORT_OFFSET = 4
CASE_S_MAX = 120
PACED = ['throughput', '--rate', '1000', '--auto-ack', '--prefix', 'paced', '--warmup', '0.5']


def tls_port(broker):
    return broker.port + TLS_PORT_OFFSET


def secure(broker, authority):
    """Has the broker listen with TLS, too."""
    own = authority.issue('server', 'DNS:localhost,IP:127.0.0.1')
    broker.settings.update({'listeners.ssl.default': f'127.0.0.1:{tls_port(broker)}',
                            'ssl_options.certfile': own.cert, 'ssl_options.keyfile': own.key,
                            'ssl_options.cacertfile': authority.cert})
    return broker


def cpu_s(pid):
    """User and system time of a process so far."""
    with open(f'/proc/{pid}/stat', encoding='utf-8', errors='replace') as stat:
        fields = stat.read().rpartition(')')[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')


class Bench:
    def __init__(self, broker, arguments):
        self.broker, self.seconds = broker, arguments.seconds
        self.generator = Generator(os.path.join(arguments.build, 'lepus-perf'), CASE_S_MAX)

    def run(self, words):
        report = self.generator.run(self.broker, words)
        if 'error' in report:
            raise BrokerError(f'{self.broker.name}: lepus-perf {" ".join(words)}: '
                              f'{report["error"]}')
        return report

    def rate(self, size, is_tls):
        words = ['throughput', '--auto-ack', '--body-size', size, '--duration', str(self.seconds)]
        if is_tls:
            words += ['--uri', f'amqps://guest:guest@127.0.0.1:{tls_port(self.broker)}/']
        report = self.run(words)
        return f'{consumed(report)}; {rounded(number_at(report, "broker.cpu_us_per_message"))} µs'

    def shaker(self, *words):
        command = ['openssl', 's_time', '-connect', f'127.0.0.1:{tls_port(self.broker)}', '-time',
                   str(self.seconds), *words]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                text=True)

    def handshakes(self, *words):
        """Handshakes a second of one client, and the broker's CPU for one of them in µs."""
        before = cpu_s(self.broker.pid)
        told = self.shaker(*words).communicate()[0]
        used = cpu_s(self.broker.pid) - before
        found = re.findall(r'(\d+) connections in (\d+) real seconds', told)
        if not found:
            raise BrokerError(f'{self.broker.name}: openssl s_time said {told[-300:]}')
        count, seconds = map(int, found[-1])
        return count / max(seconds, 1), used / max(count, 1) * 1e6

    def resumed(self):
        """As handshakes(), of TLS 1.3 with the ticket of the connection before; None when the
        broker gives none."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        session, count = self.resume(context, None), 0
        before, began = cpu_s(self.broker.pid), time.monotonic()
        while session and time.monotonic() < began + self.seconds:
            session = self.resume(context, session)
            count += 1
        used = cpu_s(self.broker.pid) - before
        if not session:
            return None
        return count / (time.monotonic() - began), used / max(count, 1) * 1e6

    def resume(self, context, session):
        """The session of one connection; None when it was to be resumed and was not."""
        with socket.create_connection(('127.0.0.1', tls_port(self.broker))) as plain:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with context.wrap_socket(plain, session=session) as secured:
                secured.sendall(b'AMQP\0\0\x09\x01')
                secured.recv(1)
                is_wanted = secured.session_reused or session is None
                return secured.session if is_wanted and secured.session.has_ticket else None

    def paced(self):
        report = self.run([*PACED, '--duration', str(self.seconds)])
        return tuple(number_at(report, f'latency_us.{name}') for name in ('p50', 'p99'))

    def paced_beside_handshakes(self):
        shakers = [self.shaker('-new', '-tls1_3') for _ in range(2)]
        try:
            return self.paced()
        finally:
            for shaker in shakers:
                shaker.communicate()


def measure(bench, results):
    def note(title, text):
        results.setdefault(title, {})[bench.broker.name] = text
        say(bench.broker.name, f'{title}: {text}')

    for size, title in (('128', '128 B'), ('64k', '64 KiB')):
        note(f'{title}, auto-ack, plain; CPU of one', bench.rate(size, False))
        note(f'{title}, auto-ack, TLS 1.3; CPU of one', bench.rate(size, True))
    for title, words in (('TLS 1.3, full', ('-new', '-tls1_3')),
                         ('TLS 1.2, full', ('-new', '-tls1_2')),
                         ('TLS 1.2, resumed', ('-reuse', '-tls1_2'))):
        rate, cpu_us = bench.handshakes(*words)
        note(f'handshakes of one client, {title}; CPU of one',
             f'{rounded(rate)}/s; {rounded(cpu_us)} µs')
    found = bench.resumed()
    note('handshakes of one client, TLS 1.3, resumed; CPU of one',
         f'{rounded(found[0])}/s; {rounded(found[1])} µs' if found else 'gives no tickets')
    for title, pair in (('nothing', bench.paced()),
                        ('handshakes of two clients', bench.paced_beside_handshakes())):
        note(f'1 000 msg/s without TLS beside {title}, p50 / p99',
             ' / '.join(rounded(one) for one in pair) + ' µs')


def table(results, names, arguments):
    lines = ['| | ' + ' | '.join(names) + ' |', '|---|' + '--:|' * len(names)]
    for title, row in results.items():
        lines.append(f'| {title} | ' + ' | '.join(row.get(name, '–') for name in names) + ' |')
    lines += ['', f'{machine()}; generators and broker share it; {arguments.seconds} s a case. '
              'A certificate of P-256. One thread makes the load, and TLS keeps it as busy as the '
              'broker; where it published faster than it consumed, that rate stands behind "of". '
              'CPU is the broker\'s, of all its threads.']
    return '\n'.join(lines) + '\n'


def main():
    parser = argparse.ArgumentParser(prog='bench/tls.py', description=__doc__.split('\n')[0])
    parser.add_argument('--seconds', type=int, default=5, help='of a case; the default is 5')
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
        with contextlib.suppress(KeyboardInterrupt):
            with secure(broker, Authority(broker.directory.name, 'ca')) as running:
                measure(Bench(running, arguments), results)
    text = table(results, [broker.name for broker in brokers], arguments)
    print(text, end='')
    if arguments.update_results:
        put_between_marks('docs/RESULTS.md', text, 'tls')


if __name__ == '__main__':
    main()
