#!/usr/bin/env python3
"""Many delayed messages: how much memory they take, and how exactly they come.

    bench/delayed.py [--messages N] [--spread SECONDS] [--lead SECONDS] [--body-size N] [--help]

Publishes persistent messages to an x-delayed-message exchange of a broker of its own, with
confirms; their delays are such that they are due evenly over --spread seconds, beginning --lead
seconds after the start. Each carries the time when it is due. A consumer compares that with the
time when it came: how late is printed as percentiles, and a message that came early or not at all
is a failure.

Needs a release build (tools/run.sh --build-only). Publisher and consumer are this one process: its
own share of a late message is in the figures.
"""
import argparse
import os
import select
import socket
import struct
import sys
import time

from compare_brokers import BrokerError, chosen_broker
from compare_cases import say, thousands
from compare_machine import machine, memory_kib

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), 'tests', 'wire'))

from amqp_methods import Tag  # noqa: E402  (the path is made above)
from amqp_raw import content, method  # noqa: E402
from probe import Probe  # noqa: E402

PORT = 21690
FRAME_BODY = 3
BATCH = 500


def now_ms():
    return time.time_ns() / 1e6


def prepare(probe, arguments):
    probe.call(1, 'Exchange.Declare', exchange='d', type='x-delayed-message', durable=True,
               arguments={'x-delayed-type': 'direct'})
    probe.call(1, 'Queue.Declare', queue='q', durable=True)
    probe.call(1, 'Queue.Bind', queue='q', exchange='d', routing_key='q')


def fill(probe, arguments):
    """Confirmed when this returns; the seconds it took."""
    begin = now_ms()
    padding = b'.' * max(0, arguments.body_size - 8)
    publish = method(1, 'Basic.Publish', exchange='d', routing_key='q')
    probe.call(1, 'Confirm.Select')
    acked = 0
    for first in range(0, arguments.messages, BATCH):
        count = min(BATCH, arguments.messages - first)
        pieces = []
        for number in range(first, first + count):
            share = number / arguments.messages
            due = begin + (arguments.lead + arguments.spread * share) * 1000
            delay = round(due - now_ms())
            if delay <= 0:
                sys.exit('bench/delayed.py: publishing takes longer than --lead, make that more')
            due = now_ms() + delay
            body = struct.pack('>d', due) + padding
            pieces.append(publish + content(1, body, {
                'delivery_mode': 2, 'headers': {'x-delay': Tag('l', delay)}}, probe.payload_max))
        probe.raw(b''.join(pieces))
        while acked < first + count - 4 * BATCH or (first + count == arguments.messages
                                                    and acked < arguments.messages):
            acked = probe.expect('Basic.Ack').arguments['delivery_tag']
    return (now_ms() - begin) / 1000


def bodies(data):
    """The bodies of complete frames at the front, and what is left."""
    found, at = [], 0
    while len(data) - at >= 7:
        kind, _, size = struct.unpack_from('>BHI', data, at)
        if len(data) - at < size + 8:
            break
        if kind == FRAME_BODY:
            found.append(data[at + 7:at + 15])
        at += size + 8
    return found, data[at:]


def consume(port, count, seconds):
    """How late each came, milliseconds."""
    probe = Probe(('127.0.0.1', port), (0, False)).open()
    probe.call(1, 'Basic.Consume', queue='q', no_ack=True)
    raw = probe.wire.socket
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    late, data, end = [], b'', time.monotonic() + seconds
    while len(late) < count and time.monotonic() < end:
        if not select.select([raw], [], [], 1)[0]:
            continue
        data += raw.recv(1 << 20)
        came = now_ms()
        found, data = bodies(data)
        late.extend(came - struct.unpack('>d', due)[0] for due in found)
    return late


def run(broker, arguments):
    probe = Probe(('127.0.0.1', arguments.port), (0, False)).open()
    prepare(probe, arguments)
    say('memory', f'{thousands(memory_kib(broker.pid, "VmRSS"))} KiB before')
    took = fill(probe, arguments)
    say('publish', f'{thousands(arguments.messages)} messages of {arguments.body_size} B confirmed '
        f'in {took:.1f} s')
    say('memory', f'{thousands(memory_kib(broker.pid, "VmRSS"))} KiB with all of them waiting, at '
        f'most {thousands(memory_kib(broker.pid, "VmHWM"))} KiB')
    late = consume(arguments.port, arguments.messages, arguments.lead + arguments.spread + 60)
    say('memory', f'{thousands(memory_kib(broker.pid, "VmRSS"))} KiB after, at most '
        f'{thousands(memory_kib(broker.pid, "VmHWM"))} KiB')
    if len(late) < arguments.messages:
        return f'{arguments.messages - len(late)} messages did not come'
    late.sort()
    at = {name: late[min(len(late) - 1, int(len(late) * share))]
          for name, share in (('p50', 0.5), ('p99', 0.99), ('p99.9', 0.999), ('max', 1))}
    say('late', '  '.join(f'{name} {value:.2f} ms' for name, value in at.items()))
    # Delays are whole milliseconds, and so is the clock of the journal.
    return f'one came {-late[0]:.2f} ms early' if late[0] < -1 else ''


def main():
    parser = argparse.ArgumentParser(prog='bench/delayed.py',
                                     description='Delayed messages: memory and exactness.')
    parser.add_argument('--messages', type=int, default=1000000, help='default 1 000 000')
    parser.add_argument('--body-size', type=int, default=128, help='bytes, at least 8 (128)')
    parser.add_argument('--lead', type=float, default=120, help='seconds to publish in (120)')
    parser.add_argument('--spread', type=float, default=60, help='seconds they are due over (60)')
    parser.add_argument('--shards', type=int, default=1, help='of the broker (1)')
    parser.add_argument('--rabbitmq', action='store_true', help='RabbitMQ, if it has the plugin')
    parser.add_argument('--build', default=os.path.join(os.path.dirname(HERE), 'build', 'release'))
    parser.add_argument('--port', type=int, default=PORT)
    arguments = parser.parse_args()
    made = chosen_broker(arguments, arguments.port, arguments.shards)
    say('on', f'{machine()}, load {os.getloadavg()[0]:.1f}')
    try:
        with made as broker:
            say('broker', f'{made.name} {made.version()}')
            wrong = run(broker, arguments)
    except BrokerError as error:
        sys.exit(f'bench/delayed.py: {error}')
    say('result', f'wrong: {wrong}' if wrong else 'all came, none early')
    sys.exit(1 if wrong else 0)


if __name__ == '__main__':
    main()
