#!/usr/bin/env python3
"""Ways in besides a TCP port: unix sockets, proxies that say for whom they connect, and what the
log says of clients that came to the wrong door.

    tests/restart/listeners.py --broker build/release/lepus
"""
import contextlib
import os
import socket
import stat
import struct
import sys
import time

from broker import FRAMES, Node, Probe, check, run_cases

CASES = []
LOG_S = 10
V2_SIGNATURE = b'\r\n\r\n\0\r\nQUIT\n'


def case(run):
    CASES.append(run)
    return run


def await_log(node, *texts):
    """A line of the log with all texts; the log has a thread of its own."""
    deadline = time.monotonic() + LOG_S
    while True:
        for line in node.log().splitlines():
            if all(text in line for text in texts):
                return line
        check(time.monotonic() < deadline, f'no line with {texts}:\n{node.log()}')
        time.sleep(0.01)


class DoorProbe(Probe):
    """Says `first` before anything else."""

    def __init__(self, target, first=b''):
        super().__init__(target, FRAMES)
        self.first = first

    def dial(self):
        super().dial()
        for part in (self.first[:3], self.first[3:20], self.first[20:]):
            self.raw(part)


def opened(node, target, first=b''):
    probe = DoorProbe(target, first)
    node.probes.append(probe)
    return probe.open()


def ends(node, first):
    """What comes back until the broker closes."""
    with socket.create_connection(('127.0.0.1', node.port), 10) as client:
        client.sendall(first)
        answer = b''
        with contextlib.suppress(ConnectionError):
            while part := client.recv(4096):
                answer += part
    return answer


def v2(command, family, rest):
    return V2_SIGNATURE + bytes((command, family)) + struct.pack('>H', len(rest)) + rest


def v2_tcp4(source):
    return v2(0x21, 0x11, socket.inet_aton(source) + socket.inet_aton('198.51.100.1')
              + struct.pack('>HH', 51234, 5672))


# --- Unix sockets ---

@case
def a_unix_socket_is_a_way_in(node):
    path = os.path.join(node.directory, 'amqp.sock')
    settings = {'listeners.unix.local': path, 'listeners.unix.other': path + '2',
                'listeners.unix.other.mode': '0600'}
    node.start(settings=settings)
    check(stat.S_IMODE(os.stat(path).st_mode) == 0o660, 'the mode is not 0660')
    check(stat.S_IMODE(os.stat(path + '2').st_mode) == 0o600, 'the mode is not 0600')
    for target in ((path,), (path + '2',), ('127.0.0.1', node.port)):
        probe = opened(node, target)
        name = probe.call(1, 'Queue.Declare', queue='', exclusive=True)['queue']
        probe.publish(key=name, body=b'x' * 300_000)
        check(probe.call(1, 'Basic.Get', queue=name, no_ack=True).name == 'Basic.GetOk', name)
    who = f'pid {os.getpid()} uid {os.geteuid()} -> {path}'
    await_log(node, '"connection opened"', who, 'listeners.unix.local')
    await_log(node, '"connection opened"', '127.0.0.1', 'listeners.tcp.default')
    node.stop()
    check(not os.path.exists(path) and not os.path.exists(path + '2'), 'the files are still there')


@case
def many_clients_of_a_unix_socket_reach_every_shard(node):
    path = os.path.join(node.directory, 'amqp.sock')
    node.start(shards=3, settings={'listeners.unix.local': path})
    probes = [opened(node, (path,)) for _ in range(40)]
    for probe in probes:
        probe.call(1, 'Queue.Declare', queue='shared')


@case
def a_stale_file_is_replaced_a_live_one_is_not(node):
    path = os.path.join(node.directory, 'amqp.sock')
    settings = {'listeners.unix.local': path}
    node.start(settings=settings)
    with Node(node.program) as other:
        line = other.fails_to_start(settings=settings)
        check(f'cannot listen on {path}' in line, line)
        check(f'lepus (pid {node.process.pid}, data_dir {node.data})' in line, line)
    node.kill()
    check(os.path.exists(path), 'a killed broker removes nothing')
    node.start(settings=settings)
    opened(node, (path,))
    node.stop()
    with open(path, 'w', encoding='utf-8') as file:
        file.write('mine')
    line = node.fails_to_start(settings=settings)
    check(path in line, line)
    check(os.path.getsize(path) == 4, 'a file that is no socket was touched')


@case
def guest_may_log_in_over_a_unix_socket(node):
    path = os.path.join(node.directory, 'amqp.sock')
    node.start(settings={'listeners.tcp.default': 'none', 'listeners.unix.local': path})
    opened(node, (path,))
    node.stop()


# --- Proxies ---

@case
def a_proxy_says_for_whom(node):
    node.start(settings={'proxy_protocol': 'true', 'loopback_users': 'none'})
    target = ('127.0.0.1', node.port)
    for number, first in ((1, b'PROXY TCP4 192.0.2.1 198.51.100.1 51234 5672\r\n'),
                          (2, v2_tcp4('192.0.2.2')), (3, v2_tcp4('192.0.2.3'))):
        opened(node, target, first)
        await_log(node, '"connection opened"',
                  f'192.0.2.{number}:51234 -> 198.51.100.1:5672')
    opened(node, target, v2(0x20, 0, b''))
    opened(node, target, b'PROXY UNKNOWN\r\n')
    await_log(node, '"connection opened"', f'127.0.0.1:{node.port}')


@case
def only_the_header_makes_a_loopback_user(node):
    node.start(settings={'proxy_protocol': 'true'})
    target = ('127.0.0.1', node.port)
    opened(node, target, v2_tcp4('127.0.0.1'))
    for first in (v2_tcp4('192.0.2.1'), v2(0x20, 0, b''), b'PROXY UNKNOWN\r\n'):
        probe = DoorProbe(target, first)
        node.probes.append(probe)
        probe.start()
        probe.start_ok()
        probe.expect('Connection.Close')
    await_log(node, '"login refused"', '192.0.2.1:51234', 'loopback')


@case
def a_bad_header_ends_the_connection(node):
    node.start(settings={'proxy_protocol': 'true'})
    check(ends(node, b'AMQP\0\0\x09\x01') == b'', 'it was answered')
    await_log(node, 'PROXY protocol: connection refused', 'does not begin with one',
              'listeners.tcp.default', '127.0.0.1')
    check(ends(node, v2(0x2f, 0x11, bytes(12))) == b'', 'it was answered')
    opened(node, ('127.0.0.1', node.port), v2_tcp4('127.0.0.1'))


@case
def a_header_from_elsewhere_ends_the_connection(node):
    node.start(settings={'proxy_protocol': 'true',
                         'proxy_protocol.trusted_sources': '10.0.0.0/8, fc00::/7'})
    check(ends(node, v2_tcp4('127.0.0.1') + b'AMQP\0\0\x09\x01') == b'', 'it was answered')
    await_log(node, 'PROXY protocol: connection refused', 'proxy_protocol.trusted_sources')


@case
def a_header_that_does_not_come_has_a_time_limit(node):
    node.start(settings={'proxy_protocol': 'true', 'handshake_timeout': '300'})
    check(ends(node, b'PROXY TCP4 1') == b'', 'it was answered')


# --- The wrong door ---

@case
def clients_of_other_protocols_are_named(node):
    node.start(shards=1)
    hello = b'\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03' + b'r' * 32
    for first, answer, text in ((hello, b'AMQP\0\0\x09\x01', 'a TLS client on a plain listener'),
                                (b'POST /api HTTP/1.1\r\n\r\n', b'HTTP/1.1 400 Bad Request\r\n',
                                 'an HTTP client on an AMQP listener'),
                                (b'AMQP\0\x01\0\0', b'AMQP\0\0\x09\x01',
                                 'a client of another version of AMQP (0-1-0-0)')):
        for _ in range(3):
            got = ends(node, first)
            check(got.startswith(answer), f'{first} was answered {got}')
        await_log(node, text, 'listeners.tcp.default', f'127.0.0.1:{node.port}')
        event = f'"{text.split(" (")[0]}"'
        check(node.log().count(event) == 1, f'one line with {event} wanted:\n{node.log()}')


if __name__ == '__main__':
    sys.exit(run_cases(__doc__, CASES))
