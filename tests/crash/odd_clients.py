#!/usr/bin/env python3
"""Clients that send anything the protocol can say, with odd arguments, headers and order, while
policies and the firehose work on it: the broker must not end, and must start again on what they
left, after a kill as after a clean stop.

    tests/crash/odd_clients.py --broker build/release/lepus [--tool build/release/lepusctl]
                               [--rounds N] [--seconds S] [--seed N]

A round is a start, a while of clients, and an end: SIGKILL, or SIGTERM each third time. What the
clients do follows from the seed; when they are answered does not, so a failed round may not fail
again. Its data directory stays with --keep.
"""
import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
for folder in ('restart', 'wire'):
    sys.path.insert(0, os.path.join(os.path.dirname(HERE), folder))

from amqp_methods import Tag  # noqa: E402  (the paths are made above)
from amqp_raw import Closed, Frame, Late  # noqa: E402
from broker import Failed, Node, check  # noqa: E402
from probe import Probe, Unexpected  # noqa: E402

NUMBERS = (0, 1, 2, 3, 5, 10, 255, 256, 65535, 2**31 - 1, 2**32, 2**53, 2**62, 2**63 - 1, -1,
           -2**31, -2**63)
TEXTS = ('', 'a', '1h', '99999999999999999999Y', '-1h', 'x' * 255, 'x' * 256, 'x' * 4000, 'true',
         'first', 'last', 'next', 'topic', 'headers', 'x-consistent-hash', '\0', 'ž')
SCALARS = (True, False, None, Tag('d', float('nan')), Tag('d', 1e308), Tag('f', 2.5),
           Tag('T', 2**64 - 1), Tag('D', (255, -2**31)), Tag('x', b'\xff\0'), Tag('b', -128),
           Tag('B', 255), Tag('s', -32768), Tag('u', 65535), Tag('i', 2**32 - 1))
# Argument: values that are good for it. Any argument may also get any value.
QUEUE_ARGUMENTS = {
    'x-expires': (300, 5000, 2**63 - 1), 'x-message-ttl': (0, 1, 50, 2**63 - 1),
    'x-dead-letter-exchange': ('', 'e0', 'e1', 'e2', 'nowhere', 'amq.topic'),
    'x-dead-letter-routing-key': ('q0', 'q1', 'k', 'k' * 255),
    'x-dead-letter-strategy': ('at-least-once',), 'x-max-length': (0, 1, 3, 2**63 - 1),
    'x-max-length-bytes': (0, 1, 100, 2**63 - 1), 'x-max-priority': (0, 1, 10, 255),
    'x-overflow': ('drop-head', 'reject-publish', 'reject-publish-dlx'),
    'x-queue-type': ('classic', 'quorum', 'stream'), 'x-single-active-consumer': (True,),
    'x-delivery-limit': (-1, 0, 1, 2**63 - 1), 'x-consumer-timeout': (1, 100, 2**63 - 1),
    'x-delayed-retry-type': ('all', 'failed', 'returned'),
    'x-delayed-retry-min': (0, 1, 100, 2**62), 'x-delayed-retry-max': (0, 1, 1000, 2**63 - 1),
    'x-max-age': ('1s', '1h'), 'x-message-deduplication': (True,), 'x-cache-size': (1, 2**63 - 1),
    'x-cache-ttl': (1, 2**63 - 1), 'x-deduplication-header': ('a', 'id'), 'x-lepus-shard': (0, 1),
    'x-queue-mode': ('lazy',), 'x-max-in-memory-length': (0, 1),
}
EXCHANGE_ARGUMENTS = {
    'alternate-exchange': ('e0', 'e1', 'e2', 'nowhere', ''), 'hash-header': ('a', 'h'),
    'x-delayed-type': ('topic', 'fanout', 'x-consistent-hash', 'headers'),
    'hash-property': ('message_id', 'timestamp'), 'x-recent-history-length': (1, 2**63 - 1),
    'x-message-deduplication': (True,), 'x-cache-size': (1, 2), 'x-cache-ttl': (1,),
}
BINDING_ARGUMENTS = {'x-match': ('all', 'any', 'all-with-x', 'any-with-x'), 'a': ('1',), 'h': (1,)}
CONSUMER_ARGUMENTS = {
    'x-priority': (1, -1, 2**63 - 1, -2**63), 'x-consumer-timeout': (1, 100),
    'x-stream-offset': ('first', 'last', 'next', 0, 3, 2**63 - 1, '1h'),
    'x-stream-filter': ('a',), 'x-stream-match-unfiltered': (True,),
    'x-stream-automatic-offset-tracking': (True,),
}
HEADERS = {
    'x-delay': (0, 1, 50, 2**63 - 1, -5, -2**63), 'CC': (['q0', 'q1'],), 'BCC': (['q2'],),
    'x-death': ([{'queue': 'q0', 'reason': 'expired', 'count': 2**31 - 1}],), 'a': ('1',),
    'x-first-death-queue': ('q1',), 'x-stream-filter-value': ('a',), 'id': ('1', '2'), 'h': (1,),
    'x-cache-ttl': (1, 2**63 - 1),
}
QUEUES = ('q0', 'q1', 'q2', 'q3', 'q4', 'q5')
EXCHANGES = ('e0', 'e1', 'e2', 'e3')
SOURCES = (*EXCHANGES, 'amq.topic', 'amq.headers', 'amq.rabbitmq.trace', 'amq.rabbitmq.event')
KEYS = ('', 'a', 'a.b', '#', '*', '1', '2', 'k', *QUEUES)
TYPES = ('direct', 'fanout', 'topic', 'headers', 'x-consistent-hash', 'x-random',
         'x-delayed-message', 'x-recent-history', 'x-modulus-hash', 'none such')
POLICIES = [
    {'name': 'short', 'pattern': '^q[0-2]', 'apply-to': 'queues',
     'definition': {'max-length': 2, 'message-ttl': 200, 'dead-letter-exchange': 'e1'}},
    {'name': 'other', 'pattern': '^e', 'apply-to': 'exchanges',
     'definition': {'alternate-exchange': 'e2'}},
]


class Odd:
    """Makes up values and commands."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def value(self, depth=0):
        chance, kind = self.random, self.random.randrange(12 if depth < 3 else 9)
        if kind < 4:
            return Tag('l', chance.choice(NUMBERS))
        if kind < 7:
            return chance.choice(TEXTS)
        if kind < 9:
            return chance.choice(SCALARS)
        if kind < 11:
            return [self.value(depth + 1) for _ in range(chance.randrange(4))]
        return {f'x-{at}': self.value(depth + 1) for at in range(chance.randrange(4))}

    def table(self, known, size_max=4):
        made = {}
        for _ in range(self.random.randrange(size_max + 1)):
            name = self.random.choice(list(known))
            good = self.random.choice(known[name]) if self.random.random() < 0.8 else self.value()
            made[name] = Tag('l', good) if type(good) is int else good
        return made

    def maybe(self, chance):
        return self.random.random() < chance

    def properties(self):
        pick, made = self.random.choice, {}
        for name, values in (('delivery_mode', (1, 2, 2, 0, 255)), ('priority', (0, 1, 10, 255)),
                             ('expiration', ('0', '1', '50', '315360000000', 'abc')),
                             ('timestamp', (0, 2**64 - 1)), ('message_id', 'abc'),
                             ('reply_to', ('amq.rabbitmq.reply-to', 'q0'))):
            if self.maybe(0.3):
                made[name] = pick(values)
        if self.maybe(0.7):
            made['headers'] = self.table(HEADERS)
        return made

    def publish(self, client):
        pick = self.random.choice
        client.publish(pick((*SOURCES, '', '', '', '', '', '')), pick(KEYS),
                       b'x' * pick((0, 1, 10, 5000, 70_000)), self.properties(),
                       mandatory=self.maybe(0.3))

    def commands(self):
        """(weight, method, arguments) of everything but publishing; the arguments are made anew."""
        pick, maybe = self.random.choice, self.maybe
        queue, tag = pick(QUEUES), pick(('', 'a', 'b', 'c'))
        settled = {'delivery_tag': pick((0, 1, 2, 3, 4, 5, 9))}
        multiple, requeue = {'multiple': maybe(0.5)}, {'requeue': maybe(0.6)}
        return (
            (10, 'Queue.Declare', {'queue': pick((*QUEUES, '')), 'durable': maybe(0.7),
                                   'exclusive': maybe(0.1), 'auto_delete': maybe(0.1),
                                   'arguments': self.table(QUEUE_ARGUMENTS)}),
            (4, 'Exchange.Declare', {'exchange': pick(EXCHANGES), 'type': pick(TYPES),
                                     'durable': maybe(0.6), 'auto_delete': maybe(0.2),
                                     'internal': maybe(0.1),
                                     'arguments': self.table(EXCHANGE_ARGUMENTS)}),
            (10, 'Queue.Bind', {'queue': queue, 'exchange': pick(SOURCES),
                                'routing_key': pick(KEYS),
                                'arguments': self.table(BINDING_ARGUMENTS)}),
            (4, 'Exchange.Bind', {'destination': pick(EXCHANGES), 'source': pick(SOURCES),
                                  'routing_key': pick(KEYS),
                                  'arguments': self.table(BINDING_ARGUMENTS, 1)}),
            (2, 'Queue.Unbind', {'queue': queue, 'exchange': pick(SOURCES),
                                 'routing_key': pick(KEYS)}),
            (1, 'Exchange.Delete', {'exchange': pick(EXCHANGES)}),
            (2, 'Queue.Delete', {'queue': queue}),
            (2, 'Queue.Purge', {'queue': queue}),
            (5, 'Basic.Consume', {'queue': pick((*QUEUES, 'amq.rabbitmq.reply-to')),
                                  'consumer_tag': tag, 'no_ack': maybe(0.4),
                                  'exclusive': maybe(0.05),
                                  'arguments': self.table(CONSUMER_ARGUMENTS, 2)}),
            (2, 'Basic.Cancel', {'consumer_tag': tag}),
            (4, 'Basic.Get', {'queue': queue, 'no_ack': maybe(0.5)}),
            (2, 'Basic.Ack', {**settled, **multiple}),
            (2, 'Basic.Reject', {**settled, **requeue}),
            (2, 'Basic.Nack', {**settled, **multiple, **requeue}),
            (3, 'Basic.Qos', {'prefetch_count': pick((0, 1, 5, 65535)), 'global': maybe(0.4)}),
            (1, pick(('Tx.Select', 'Tx.Commit', 'Tx.Rollback', 'Confirm.Select')), {}),
            (2, 'Basic.Recover', {'requeue': True}),
            (1, 'Channel.Flow', {'active': maybe(0.7)}),
            (1, 'Channel.Close', {'reply_code': 200}),
        )

    def step(self, client):
        if self.maybe(0.4):
            return self.publish(client)
        commands = self.commands()
        weights = [weight for weight, _, _ in commands]
        _, method, arguments = self.random.choices(commands, weights)[0]
        return client.send(1, method, **arguments)


def read_some(client):
    """What has come; a closed channel is opened again. Closed when the connection is."""
    for _ in range(200):
        try:
            got = client.receive(0.003)
        except Late:
            return
        name = got.name if isinstance(got, Frame) else None
        if name == 'Connection.Close':
            raise Closed
        if name == 'Channel.Close':
            client.send(1, 'Channel.CloseOk')
        if name in ('Channel.Close', 'Channel.CloseOk'):
            client.send(1, 'Channel.Open')


def one_client(odd, port):
    client = Probe(('127.0.0.1', port), (0, False))
    try:
        client.open()
        for _ in range(odd.random.randrange(5, 80)):
            odd.step(client)
            if odd.maybe(0.25):
                read_some(client)
    except (Closed, Late, Unexpected):
        pass
    finally:
        client.close()


def run_round(node, number, options):
    definitions = os.path.join(node.directory, 'policies.json')
    with open(definitions, 'w', encoding='utf-8') as out:
        json.dump({'vhosts': [{'name': '/'}], 'policies': [
            {'vhost': '/', 'priority': 0, **policy} for policy in POLICIES]}, out)
    node.start(shards=1 + number % 3, settings={'load_definitions': definitions})
    if options.tool:
        socket = os.path.join(node.data, 'lepus.sock')
        subprocess.run([options.tool, '--quiet', '--socket', socket, 'trace_on'], check=True)
    odd, end = Odd(options.seed + number), time.monotonic() + options.seconds
    while time.monotonic() < end and node.process.poll() is None:
        try:
            one_client(odd, node.port)
        except OSError:
            break
    code = node.process.poll()
    check(code is None, f'the broker ended with {code}:\n{node.log()}')
    if number % 3 == 0:
        node.stop()
    else:
        node.kill()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--broker', required=True, help='the program')
    parser.add_argument('--tool', help='lepusctl, to turn the firehose on')
    parser.add_argument('--rounds', type=int, default=10)
    parser.add_argument('--seconds', type=float, default=3, help='clients of each round')
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--keep', help='where the data directory of a failed round goes')
    options = parser.parse_args()
    with Node(options.broker) as node:
        for number in range(options.rounds):
            try:
                run_round(node, number, options)
            except Failed as error:
                print(f'FAIL round {number} of seed {options.seed}: {error}')
                if options.keep:
                    shutil.copytree(node.data, options.keep)
                print(f'{number} passed, 1 failed')
                return 1
    print(f'{options.rounds} passed, 0 failed')
    return 0


if __name__ == '__main__':
    sys.exit(main())
