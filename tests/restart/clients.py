#!/usr/bin/env python3
"""How a broker gets along with clients that do not behave, and how quickly it gets rid of them.

    tests/restart/clients.py --broker build/release/lepus [--only TEXT]

Each case has a broker and a data directory of its own. The last line is `N passed, N failed`.
"""
import json
import os
import socket
import struct
import sys
import time

from broker import check, run_cases
from amqp_raw import PROTOCOL_HEADER, Closed

CASES = []
FILES_MAX = 256
WAIT_S = 20


def case(run):
    CASES.append(run)
    return run


def dial(node):
    return socket.create_connection(('127.0.0.1', node.port))


def reset(client):
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
    client.close()


def ask_operator(node, verb):
    """The answer of the broker to lepusctl's request."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(5)
        client.connect(os.path.join(node.data, 'lepus.sock'))
        client.sendall(json.dumps({'verb': verb}).encode() + b'\n')
        return json.loads(client.makefile('rb').readline())


def wait_for(condition, text):
    deadline = time.monotonic() + WAIT_S
    while not condition():
        check(time.monotonic() < deadline, text)
        time.sleep(0.05)


def log_count(node, text):
    with open(node.log_path, encoding='utf-8', errors='replace') as log:
        return log.read().count(text)


@case
def out_of_descriptors(node):
    node.start(settings={'log.console': 'true', 'journal.segment_size': '1MiB'},
               files_max=FILES_MAX)
    check(log_count(node, '"limit of open files"') == 1, 'a low limit is warned of')
    silent = [dial(node) for _ in range(FILES_MAX + 100)]
    time.sleep(1.5)
    used = len(os.listdir(f'/proc/{node.process.pid}/fd'))
    check(used <= FILES_MAX * 3 // 4 + 8, f'{used} descriptors are used')
    check('error' not in ask_operator(node, 'ping'), 'the operator is not answered')
    lines = log_count(node, '"cannot accept connections"')
    check(1 <= lines <= 2, f'{lines} lines about it')   # One a shard.
    for client in silent:
        client.close()
    node.probe().call(1, 'Queue.Declare', queue='q')


@case
def stop_with_a_client_that_does_not_answer(node):
    node.start()
    node.probe()
    began = time.monotonic()
    node.process.terminate()
    check(node.wait() == 0, 'exit code')
    seconds = time.monotonic() - began
    check(4.5 < seconds < 7, f'the stop took {seconds:.1f} s')


@case
def handshake_timeout_is_what_it_says(node):
    node.start(settings={'handshake_timeout': 1000})
    began = time.monotonic()
    with dial(node) as client:
        client.sendall(PROTOCOL_HEADER[:4])
        check(client.recv(100) == b'', 'closed')
    seconds = time.monotonic() - began
    check(0.9 < seconds < 2.5, f'after {seconds:.1f} s')


@case
def probes_of_a_balancer_are_one_line(node):
    node.start(shards=1, settings={'log.console': 'true'})
    for i in range(60):
        client = dial(node)
        if i % 2:
            reset(client)
        else:
            client.close()
    node.probe()
    time.sleep(0.3)
    check(log_count(node, '"connections that sent nothing"') == 1, node.log())
    check(log_count(node, '"connection closed"') == 0, node.log())


@case
def who_takes_nothing_is_reset(node):
    node.start(settings={'tcp_listen_options.send_timeout': 1500})
    probe = node.probe()
    probe.call(1, 'Queue.Declare', queue='q')
    for _ in range(400):
        probe.publish(key='q', body=bytes(100_000))
    deaf = node.probe()
    deaf.send(1, 'Basic.Consume', queue='q')
    began = time.monotonic()

    def ready():
        return probe.call(1, 'Queue.Declare', queue='q', passive=True)['message_count']
    wait_for(lambda: ready() < 400, 'nothing was delivered')
    wait_for(lambda: ready() == 400, 'its messages did not come back')
    seconds = time.monotonic() - began
    check(1.2 < seconds < 6, f'after {seconds:.1f} s')
    try:
        while deaf.receive(2):
            pass
    except (Closed, ConnectionResetError):
        pass


@case
def blocked_clients_that_are_gone_do_not_keep_the_alarm(node):
    node.start(settings={'vm_memory_high_watermark.absolute': '64MB'})
    holders = [node.probe() for _ in range(4)]
    for probe in holders:
        probe.call(1, 'Tx.Select')
        probe.wire.socket.settimeout(1)
        try:
            for _ in range(600):
                probe.publish(key='nowhere', body=bytes(100_000))
        except (TimeoutError, BlockingIOError):
            pass
    publisher = node.probe()
    publisher.call(1, 'Confirm.Select')
    publisher.publish(key='nowhere')
    publisher.expect('Connection.Blocked')
    for number, probe in enumerate(holders):
        if number % 2:
            reset(probe.wire.socket)
        else:
            probe.wire.socket.close()
    check(publisher.receive(10).name == 'Connection.Unblocked', 'the alarm stays')
    publisher.expect('Basic.Ack')


if __name__ == '__main__':
    sys.exit(run_cases(__doc__, CASES))
