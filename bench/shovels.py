#!/usr/bin/env python3
"""How fast shovels move messages: from a RabbitMQ to Lepus by Lepus' shovel and by RabbitMQ's, and
dead letters within Lepus.

    bench/shovels.py [--messages N] [--letters N] [--help]

Persistent messages of 128 B, on-confirm, prefetch 1 000, one queue; both brokers and the shovel are
on this machine. Each direction is measured in the same run, one after the other. Then N messages
are moved from one queue of Lepus to another, as a job that moves dead letters does: time, and how
much memory that takes.

Needs a release build (tools/run.sh --build-only), and an installed rabbitmq-server for the first
part.
"""
import argparse
import json
import os
import subprocess
import sys
import time

from compare_cases import say, thousands
from compare_generator import rounded
from compare_machine import machine, memory_kib

HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.join(os.path.dirname(HERE), 'tests')
for folder in ('wire', 'restart', 'migration'):
    sys.path.insert(0, os.path.join(TESTS, folder))

import rabbitmq  # noqa: E402  (the paths are made above)
from broker import Node  # noqa: E402
from probe import Probe  # noqa: E402

MOVED_S = 3600
POLL_S = 0.05
QUEUE = 'shovels.q0'   # as lepus-perf names it


class Bench:
    def __init__(self, build):
        self.build = build

    def fill(self, port, messages):
        subprocess.run([os.path.join(self.build, 'lepus-perf'), '--uri',
                        f'amqp://guest:guest@127.0.0.1:{port}/', '--messages', str(messages),
                        '--producers', '1', '--consumers', '0', '--persistent', '--keep',
                        '--confirm', '5000', '--prefix', 'shovels', '--quiet'],
                       check=True, stdout=subprocess.DEVNULL)

    def ctl(self, node, *words):
        tool = os.path.join(self.build, 'lepusctl')
        socket = os.path.join(node.data, 'lepus.sock')
        return subprocess.run([tool, '--socket', socket, '-q', *words], check=True,
                              capture_output=True, text=True).stdout


def depth(port, queue):
    client = Probe(('127.0.0.1', port), (0, False)).open()
    count = client.call(1, 'Queue.Declare', queue=queue, durable=True)['message_count']
    client.close()
    return count


def purge(port, queue):
    client = Probe(('127.0.0.1', port), (0, False)).open()
    client.call(1, 'Queue.Purge', queue=queue)
    client.close()


def wait_until(port, queue, wanted):
    """Seconds until the queue has so many messages."""
    began = time.monotonic()
    while depth(port, queue) < wanted:
        if time.monotonic() - began > MOVED_S:
            sys.exit(f'bench/shovels.py: {queue} has {depth(port, queue)} of {wanted} messages')
        time.sleep(POLL_S)
    return time.monotonic() - began


def value(source, target, queue):
    return json.dumps({'src-uri': source, 'src-queue': QUEUE, 'dest-uri': target,
                       'dest-queue': queue, 'src-delete-after': 'queue-length',
                       'src-prefetch-count': 1000, 'ack-mode': 'on-confirm'})


def between_brokers(bench, node, old, messages):
    there, here = (f'amqp://guest:guest@127.0.0.1:{port}' for port in (old.port, node.port))
    for who in ('RabbitMQ', 'Lepus'):
        bench.fill(old.port, messages)
        if who == 'Lepus':
            bench.ctl(node, 'set_parameter', 'shovel', 's', value(there, 'amqp://', 'moved'))
        else:
            old.ctl('set_parameter', 'shovel', 's', value(there, here, 'moved'))
        seconds = wait_until(node.port, 'moved', messages)
        say(f'pull, {who}', f'{thousands(messages)} messages from RabbitMQ to Lepus in '
            f'{seconds:.1f} s: {rounded(messages / seconds)}/s')
        purge(node.port, 'moved')
    for who in ('RabbitMQ', 'Lepus'):
        bench.fill(node.port, messages)
        if who == 'Lepus':
            bench.ctl(node, 'set_parameter', 'shovel', 't', value('amqp://', there, 'back'))
        else:
            old.ctl('set_parameter', 'shovel', 't', value(here, there, 'back'))
        seconds = wait_until(old.port, 'back', messages)
        say(f'push, {who}', f'{thousands(messages)} messages from Lepus to RabbitMQ in '
            f'{seconds:.1f} s: {rounded(messages / seconds)}/s')
        purge(old.port, 'back')


def within(bench, node, letters):
    bench.fill(node.port, letters)
    depth(node.port, 'moved')
    before = memory_kib(node.process.pid, 'VmRSS')
    bench.ctl(node, 'move_messages', '--from', QUEUE, '--to', 'moved')
    seconds = wait_until(node.port, 'moved', letters)
    say('move', f'{thousands(letters)} messages from queue to queue in {seconds:.1f} s: '
        f'{rounded(letters / seconds)}/s')
    say('memory', f'{thousands(before)} KiB before, at most '
        f"{thousands(memory_kib(node.process.pid, 'VmHWM'))} KiB")


def main():
    parser = argparse.ArgumentParser(prog='bench/shovels.py', description='How fast shovels move.')
    parser.add_argument('--messages', type=int, default=100000, help='between brokers (100 000)')
    parser.add_argument('--letters', type=int, default=1000000, help='within Lepus (1 000 000)')
    parser.add_argument('--build', default=os.path.join(os.path.dirname(HERE), 'build', 'release'))
    arguments = parser.parse_args()
    bench = Bench(os.path.abspath(arguments.build))
    say('on', f'{machine()}, load {os.getloadavg()[0]:.1f}')
    with Node(os.path.join(bench.build, 'lepus')) as node:
        node.start(shards=1)
        scripts = rabbitmq.find_scripts()
        if scripts is None:
            say('skipped', 'between brokers: there is no rabbitmq-server')
        elif arguments.messages > 0:
            with rabbitmq.RabbitMq(scripts) as old:
                between_brokers(bench, node, old.start(), arguments.messages)
        if arguments.letters > 0:
            within(bench, node, arguments.letters)


if __name__ == '__main__':
    main()
