#!/usr/bin/env python3
"""What docs/MIGRATION.md says, done with a real RabbitMQ: its definitions are loaded, its messages
moved by its own shovel plugin, and moved back again.

    tests/migration/setup.sh build/rabbitmq
    tests/migration/run.py --broker build/release/lepus --rabbitmq build/rabbitmq [--only TEXT]

Each case has a Lepus of its own; one RabbitMQ serves them all. Without a rabbitmq-server or without
Erlang all cases are skipped, and the last line says so.
"""
import argparse
import base64
import hashlib
import json
import os
import subprocess
import sys
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
SHOVELS = os.path.join(HERE, '..', '..', 'tools', 'migration', 'shovels.py')
for folder in ('restart', 'wire'):
    sys.path.insert(0, os.path.join(os.path.dirname(HERE), folder))

import rabbitmq  # noqa: E402  (the paths are made above)
from amqp_methods import Tag  # noqa: E402
from broker import Failed, Node, check  # noqa: E402
from probe import Probe  # noqa: E402

MOVED_S = 120
FRAMES = (0, False)   # Probe.observe() is not used here
MOVER = 'mover'       # its password too

# name: arguments; each is durable
QUEUES = {
    'classic': {},
    'classic v2': {'x-queue-version': 2},
    'lazy': {'x-queue-mode': 'lazy'},
    'priority': {'x-max-priority': 5},
    'quorum': {'x-queue-type': 'quorum'},
    'quorum limited': {'x-queue-type': 'quorum', 'x-delivery-limit': 5, 'x-max-length': 1_000_000},
    'dead letters': {'x-dead-letter-exchange': 'dlx', 'x-dead-letter-routing-key': 'dead'},
    'ttl': {'x-message-ttl': 86_400_000, 'x-expires': 86_400_000, 'x-overflow': 'reject-publish',
            'x-max-length': 1_000_000},
}
STREAM = {'x-queue-type': 'stream'}
HEADERS = {'text': 'žluťoučký', 'bytes': Tag('x', b'\0\xff'), 'flag': True, 'int': 7,
           'long': Tag('l', -2**60), 'double': Tag('d', 0.5), 'time': Tag('T', 1_700_000_000),
           'decimal': Tag('D', (2, 314)), 'nothing': None, 'list': ['a', 1, {'b': False}],
           'table': {'x-match': 'any', 'deep': {'er': 'x'}}}


# --- messages ---

def message(number):
    """Properties and body of the message with this number: every fifth has them all."""
    properties = {'delivery_mode': 2, 'message_id': f'm{number}', 'priority': number % 7}
    if number % 5 == 0:
        properties |= {'content_type': 'application/json', 'content_encoding': 'utf-8',
                       'correlation_id': f'c{number}', 'reply_to': 'answers',
                       'expiration': '86400000', 'timestamp': 1_700_000_000 + number,
                       'type': 'order', 'user_id': 'guest', 'app_id': 'shop', 'headers': HEADERS}
    sizes = (0, 8, 100, 4096, 20_000, 300_000 if number % 100 == 53 else 64)
    return properties, bytes((number + at) % 251 for at in range(8)) * (sizes[number % 6] // 8)


def expected(queue, wanted):
    """What read() must give. A priority queue gives the higher ones first; 6 counts as its 5."""
    numbers = list(range(wanted))
    if queue == 'priority':
        numbers.sort(key=lambda number: -min(number % 7, 5))
    return [message(number) for number in numbers]


def plain(value):
    """Values as a reader sees them: without explicit tags, and text as bytes."""
    if isinstance(value, Tag):
        return plain(value.value)
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    return value.encode() if isinstance(value, str) else value


# --- clients of either broker ---

def session(port):
    return Probe(('127.0.0.1', port), FRAMES).open()


def publish(port, queue, count, make=message):
    """Publishes messages 0 … count-1 and waits until all are confirmed."""
    client = session(port)
    client.call(1, 'Confirm.Select')
    for number in range(count):
        properties, body = make(number)
        client.publish('', queue, body, properties)
    unconfirmed = set(range(1, count + 1))
    while unconfirmed:
        answer = client.expect('Basic.Ack').arguments
        tag = answer['delivery_tag']
        unconfirmed -= set(range(1, tag + 1)) if answer['multiple'] else {tag}
    client.close()


def depth(port, queue):
    client = session(port)
    found = client.call(1, 'Queue.Declare', queue=queue, passive=True)['message_count']
    client.close()
    return found


def read(port, queue, wanted):
    """The messages of the queue in their order: [(properties, body)]. They are taken out."""
    client = session(port)
    client.call(1, 'Basic.Consume', queue=queue, consumer_tag='reader')
    found = []
    for _ in range(wanted):
        tag = client.expect('Basic.Deliver').arguments['delivery_tag']
        found.append(client.content())
    if wanted:
        client.send(1, 'Basic.Ack', delivery_tag=tag, multiple=True)
    client.call(0, 'Connection.Close')
    client.close()
    return found


# --- the migration ---

def user_and_policy():
    """Definitions of the shovels' user, who may pass on what others published, and of a policy."""
    salt = b'salt'
    digest = hashlib.sha256(salt + MOVER.encode()).digest()
    return {'users': [{'name': MOVER, 'tags': 'impersonator',
                       'password_hash': base64.b64encode(salt + digest).decode(),
                       'hashing_algorithm': 'rabbit_password_hashing_sha256'}],
            'permissions': [{'user': MOVER, 'vhost': '/', 'configure': '', 'write': '.*',
                             'read': '.*'}],
            'policies': [{'vhost': '/', 'name': 'limits', 'pattern': '^tmp', 'apply-to': 'queues',
                          'priority': 1, 'definition': {'max-length': 10}}]}


class Move:
    """What the cases share: the running RabbitMQ and how many messages a queue gets."""

    def __init__(self, old, broker, messages):
        self.old, self.broker, self.messages = old, broker, messages
        self.definitions = os.path.join(old.folder, 'definitions.json')

    def declare(self):
        """The queues of the table, on RabbitMQ, with an exchange for dead letters, a stream, a
        binding, a user and a policy; and their export."""
        client = session(self.old.port)
        client.call(1, 'Exchange.Declare', exchange='dlx', type='fanout', durable=True)
        for name, arguments in {**QUEUES, 'stream': STREAM}.items():
            client.call(1, 'Queue.Declare', queue=name, durable=True, arguments=arguments)
        client.call(1, 'Queue.Bind', queue='classic', exchange='amq.topic', routing_key='a.#')
        client.close()
        self._import(user_and_policy())
        self.old.ctl('export_definitions', self.definitions)

    def _import(self, definitions):
        path = os.path.join(self.old.folder, 'import.json')
        with open(path, 'w', encoding='utf-8') as out:
            out.write(definitions if isinstance(definitions, str) else json.dumps(definitions))
        self.old.ctl('import_definitions', path)

    def start_shovels(self, source, target, *options):
        """Those of the tool, between the brokers on these ports. What it says beside."""
        uris = [f'amqp://{MOVER}:{MOVER}@127.0.0.1:{port}?heartbeat=10'
                for port in (source, target)]
        command = [sys.executable, SHOVELS, self.definitions, '--source', uris[0],
                   '--target', uris[1], *options]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        self._import(done.stdout)
        return done.stderr

    def run(self, source, target):
        """Moves all messages of the queues."""
        began = time.monotonic()
        said = self.start_shovels(source, target)
        check("stream 'stream'" in said, f'the stream that is left out is not said: {said}')
        deadline = time.monotonic() + MOVED_S
        while self.old.ctl('list_parameters').strip():   # one that is done takes itself away
            if time.monotonic() > deadline:
                raise Failed(f"shovels did not end:\n{self.old.ctl('shovel_status')[:4000]}")
        print(f'  {len(QUEUES)} queues of {self.messages} messages moved in '
              f'{time.monotonic() - began:.1f} s', flush=True)

    def check_moved(self, source, target):
        """Everything is at the target, nothing at the source, in order and as it was."""
        for queue in QUEUES:
            left, here = depth(source, queue), depth(target, queue)
            check((left, here) == (0, self.messages),
                  f'{queue}: {here} of {self.messages} messages arrived, {left} are left')
            found = read(target, queue, self.messages)
            for at, (got, want) in enumerate(zip(found, expected(queue, self.messages))):
                got, want = plain(got), plain(want)
                check(got == want, f'{queue}: message {at} is not the one that was published:\n'
                      f'{got}\n{want}'[:5000])


def definitions_load(move, node):
    """The export of RabbitMQ is taken as it is, and its objects are there."""
    node.start(settings={'load_definitions': move.definitions})
    client = node.probe()
    for name, arguments in {**QUEUES, 'stream': STREAM}.items():
        client.call(1, 'Queue.Declare', queue=name, durable=True, arguments=arguments)
    client.call(1, 'Exchange.Declare', exchange='dlx', type='fanout', durable=True)


def to_lepus(move, node):
    """RabbitMQ's shovels push its messages."""
    node.start(settings={'load_definitions': move.definitions})
    for queue in QUEUES:
        publish(move.old.port, queue, move.messages)
    move.run(move.old.port, node.port)
    move.check_moved(move.old.port, node.port)


def stream_is_copied(move, node):
    """From its first message, by a shovel that goes on until it is told to end."""
    node.start(settings={'load_definitions': move.definitions})
    publish(move.old.port, 'stream', move.messages,
            lambda number: ({'message_id': f'm{number}'}, b'%d' % number))
    move.start_shovels(move.old.port, node.port, '--streams')
    deadline = time.monotonic() + MOVED_S
    while depth(node.port, 'stream') < move.messages:
        check(time.monotonic() < deadline, 'the stream was not copied')
        time.sleep(0.1)   # neither side says when
    move.old.ctl('clear_parameter', 'shovel', 'move stream')
    reader = node.probe()
    reader.call(1, 'Basic.Qos', prefetch_count=move.messages)
    reader.call(1, 'Basic.Consume', queue='stream', consumer_tag='r',
                arguments={'x-stream-offset': 'first'})
    for number in range(move.messages):
        reader.expect('Basic.Deliver')
        body = reader.content()[1]
        check(body == b'%d' % number, f'message {number} is {body}')


def back_to_rabbitmq(move, node):
    """RabbitMQ's shovels pull them out again."""
    node.start(settings={'load_definitions': move.definitions})
    for queue in QUEUES:
        publish(node.port, queue, move.messages)
    move.run(node.port, move.old.port)
    move.check_moved(node.port, move.old.port)


def ctl(node, *words):
    """lepusctl, which lies beside the broker."""
    tool = os.path.join(os.path.dirname(node.program), 'lepusctl')
    done = subprocess.run([tool, '--socket', os.path.join(node.data, 'lepus.sock'), '-q', *words],
                          capture_output=True, text=True, check=False)
    check(done.returncode == 0, f'{words}: {done.stdout}{done.stderr}')
    return done.stdout


def run_own_shovels(move, node, source, target):
    """Moves all queues by shovels that run in Lepus, one after the other begun, all at once."""
    began = time.monotonic()
    for queue in QUEUES:
        ctl(node, 'set_parameter', 'shovel', f'move {queue}', json.dumps({
            'src-uri': source, 'src-queue': queue, 'src-delete-after': 'queue-length',
            'dest-uri': target, 'dest-queue': queue, 'ack-mode': 'on-confirm'}))
    deadline = time.monotonic() + MOVED_S
    while ctl(node, '-s', 'list_parameters').strip():
        check(time.monotonic() < deadline,
              f"shovels did not end:\n{ctl(node, 'shovel_status')[:4000]}")
        time.sleep(0.05)   # neither side says when
    print(f'  {len(QUEUES)} queues of {move.messages} messages moved by Lepus in '
          f'{time.monotonic() - began:.1f} s', flush=True)


def lepus_pulls(move, node):
    """Lepus' own shovels take RabbitMQ's messages."""
    node.start(settings={'load_definitions': move.definitions})
    for queue in QUEUES:
        publish(move.old.port, queue, move.messages)
    run_own_shovels(move, node, f'amqp://{MOVER}:{MOVER}@127.0.0.1:{move.old.port}', 'amqp://')
    move.check_moved(move.old.port, node.port)


def lepus_gives_back(move, node):
    """And they bring messages to RabbitMQ."""
    node.start(settings={'load_definitions': move.definitions})
    for queue in QUEUES:
        publish(node.port, queue, move.messages)
    run_own_shovels(move, node, 'amqp://', f'amqp://{MOVER}:{MOVER}@127.0.0.1:{move.old.port}')
    move.check_moved(node.port, move.old.port)


CASES = (definitions_load, to_lepus, back_to_rabbitmq, stream_is_copied, lepus_pulls,
         lepus_gives_back)


def run(case, move):
    began = time.monotonic()
    with Node(move.broker) as node:
        try:
            case(move, node)
        except Failed as error:
            print(f'FAIL {case.__name__}: {error}', flush=True)
            return False
        except Exception:  # pylint: disable=broad-except
            print(f'FAIL {case.__name__}:\n{traceback.format_exc()}{node.log()}{move.old.log()}',
                  flush=True)
            return False
    print(f'pass {case.__name__} ({time.monotonic() - began:.1f} s)', flush=True)
    return True


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--broker', required=True, help='the program')
    parser.add_argument('--rabbitmq', help='the folder of setup.sh; default: an installed one')
    parser.add_argument('--only', default='', help='cases whose name contains this')
    parser.add_argument('--messages', type=int, default=300, help='how many each queue gets')
    options = parser.parse_args()
    cases = [case for case in CASES if options.only in case.__name__]
    scripts = rabbitmq.find_scripts(options.rabbitmq)
    if scripts is None:
        print('skipped: no rabbitmq-server or no Erlang here; tools/deps.sh --test and '
              'tests/migration/setup.sh put them there')
        print(f'0 passed, 0 failed, {len(cases)} skipped')
        return 0
    with rabbitmq.RabbitMq(scripts) as old:
        move = Move(old.start(), options.broker, options.messages)
        move.declare()
        passed = sum(run(case, move) for case in cases)
    print(f'{passed} passed, {len(cases) - passed} failed')
    return 1 if passed < len(cases) or not cases else 0


if __name__ == '__main__':
    sys.exit(main())
