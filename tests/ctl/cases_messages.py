"""What lepusctl publishes and shows of queues."""
import base64
import json
import os

from tool import check

CASES = []
FULL = {'x-max-length': 1, 'x-overflow': 'reject-publish'}


def case(run):
    CASES.append(run)
    return run


def shown(world, queue, *words):
    return world.rows('get', queue, *words)


def payloads(world, queue, *words):
    return [row['payload'] for row in shown(world, queue, *words)]


@case
def a_message_goes_in_and_comes_out_as_it_was(world):
    world.start()
    world.probe().call(1, 'Queue.Declare', queue='q')
    properties = {'delivery_mode': 2, 'content_type': 'text/plain', 'priority': 3,
                  'headers': {'a': 1, 'deep': {'list': [1, 'two', True]}}, 'timestamp': 1700000000}
    out = world.ok('publish', '--routing-key', 'q', '--properties', json.dumps(properties), 'hello')
    check('Message published' in out and 'NOT' not in out, out)
    row, = shown(world, 'q')
    check(row == {'payload_bytes': 5, 'redelivered': False, 'exchange': '', 'routing_key': 'q',
                  'message_count': 0, 'properties': properties, 'payload': 'hello',
                  'payload_encoding': 'string'}, f'{row}')
    row, = shown(world, 'q', '--encoding', 'base64')
    check((row['payload'], row['payload_encoding'], row['redelivered'])
          == (base64.b64encode(b'hello').decode(), 'base64', True), f'{row}')
    table = world.ok('-q', 'get', 'q')
    check(table.splitlines()[0].split('\t')[:3] == ['payload_bytes', 'redelivered', 'exchange'],
          table)


@case
def the_body_comes_from_an_argument_a_file_or_the_input(world):
    world.start()
    world.probe().call(1, 'Queue.Declare', queue='q')
    path = os.path.join(world.node.directory, 'body')
    with open(path, 'wb') as file:
        file.write(bytes(range(256)))
    world.ok('publish', '--routing-key', 'q', '--file', path)
    world.ok('publish', '--routing-key', 'q', text='typed')
    world.ok('publish', '--routing-key', 'q', '')
    rows = shown(world, 'q', '--count', '5')
    check([row['payload_bytes'] for row in rows] == [256, 5, 0], f'{rows}')
    check(base64.b64decode(rows[0]['payload']) == bytes(range(256)), 'bytes')
    check([row['payload_encoding'] for row in rows] == ['base64', 'string', 'string'], f'{rows}')
    check('cannot read' in world.fails(65, 'publish', '--routing-key', 'q', '--file', '/no/file'),
          'file')
    check('once' in world.fails(64, 'publish', '--routing-key', 'q', '--file', path, 'text'),
          'two bodies')


@case
def queues_of_every_shard_are_reached(world):
    world.start(vhosts='other')
    names = [f'q{i}' for i in range(8)]
    for name in names:
        world.probe(vhost='other').call(1, 'Queue.Declare', queue=name)
    for name in names:
        world.ok('-p', 'other', 'publish', '--routing-key', name, name)
    for name in names:
        check(payloads(world, name, '-p', 'other') == [name], name)
    rows = world.rows('-p', 'other', 'list_queues', 'pid')
    homes = {row['pid'].rsplit('.', 3)[1] for row in rows}
    check(homes == {'0', '1'}, f'homes: {homes}')


@case
def a_peek_leaves_the_order_and_an_ack_takes(world):
    world.start()
    world.probe().call(1, 'Queue.Declare', queue='q')
    for text in 'abc':
        world.ok('publish', '--routing-key', 'q', text)
    check(payloads(world, 'q', '--count', '2') == ['a', 'b'], 'peek')
    check(payloads(world, 'q', '--count', '9') == ['a', 'b', 'c'], 'all are still there, in order')
    check([row['message_count'] for row in shown(world, 'q', '--count', '2')] == [2, 1], 'count')
    check(payloads(world, 'q', '--ack-mode', 'ack') == ['a'], 'ack')
    check(world.messages() == {'q': 2}, 'taken')
    check(payloads(world, 'q', '--ack-mode', 'reject', '--count', '2') == ['b', 'c'], 'reject')
    check(world.messages() == {'q': 0} and payloads(world, 'q') == [], 'empty')
    world.ok('publish', '--routing-key', 'q', 'x' * 100)
    row, = shown(world, 'q', '--truncate', '10')
    check((row['payload'], row['payload_bytes']) == ('x' * 10, 100), f'{row}')


@case
def where_it_goes_is_told(world):
    world.start()
    world.probe().call(1, 'Queue.Declare', queue='full', arguments=FULL)
    out = world.ok('publish', '--exchange', 'amq.direct', '--routing-key', 'nobody', 'x')
    check('NOT routed' in out, out)
    check(world.rows('publish', '--exchange', 'amq.direct', '--routing-key', 'nobody', 'x')
          == {'routed': False}, 'JSON')
    check(world.rows('publish', '--routing-key', 'full', 'x') == {'routed': True}, 'JSON')
    check('is full' in world.fails(69, 'publish', '--routing-key', 'full', 'y'), 'full')
    check(world.messages() == {'full': 1}, 'refused')


@case
def what_is_published_is_durable(world):
    world.start()
    world.probe().call(1, 'Queue.Declare', queue='q', durable=True)
    world.ok('publish', '--routing-key', 'q', '--properties', '{"delivery_mode":2}', 'kept')
    world.node.kill()
    world.start()
    check(payloads(world, 'q') == ['kept'], 'it was confirmed')


@case
def what_cannot_be_is_told_why(world):
    world.start()
    mine = world.probe()
    mine.call(1, 'Queue.Declare', queue='mine', exclusive=True)
    mine.call(1, 'Queue.Declare', queue='s', durable=True, arguments={'x-queue-type': 'stream'})
    mine.call(1, 'Queue.Declare', queue='q')
    check('Queue not found' in world.fails(65, 'get', 'missing'), 'queue')
    check("Virtual host 'no' does not exist" in world.fails(65, '-p', 'no', 'get', 'q'), 'vhost')
    check("no exchange 'no' in vhost '/'"
          in world.fails(65, 'publish', '--exchange', 'no', '--routing-key', 'q', 'x'), 'exchange')
    check('exclusive' in world.fails(69, 'get', 'mine'), 'exclusive')
    check("'s' is a stream" in world.fails(69, 'get', 's'), 'stream')
    check('ack_mode' in world.fails(65, 'get', 'q', '--ack-mode', 'eat'), 'mode')
    check('count' in world.fails(65, 'get', 'q', '--count', '0'), 'count')
    check('encoding' in world.fails(65, 'get', 'q', '--encoding', 'hex'), 'encoding')
    for wrong in ('[]', '{"delivery_mode":3}', '{"color":"red"}', '{"headers":5}', 'none',
                  '{"expiration":"soon"}', '{"content_type":7}'):
        world.fails(65, 'publish', '--routing-key', 'q', '--properties', wrong, 'x')
    check('256 bytes' in world.fails(65, 'publish', '--routing-key', 'k' * 256, 'x'), 'key')
    check(world.messages() == {'mine': 0, 's': 0, 'q': 0}, 'nothing of that')
    world.ok('eval', 'rabbit_alarm:set_alarm({{resource_limit, memory, node()}, []}).')
    check('low on memory' in world.fails(69, 'publish', '--routing-key', 'q', 'x'), 'alarm')


@case
def a_body_may_be_as_large_as_a_clients(world):
    world.start(max_message_size=2 << 20)
    world.probe().call(1, 'Queue.Declare', queue='q')
    path = os.path.join(world.node.directory, 'body')
    for size in (2 << 20, (2 << 20) + 1):
        with open(path, 'wb') as file:
            file.write(b'x' * size)
        if size == 2 << 20:
            world.ok('publish', '--routing-key', 'q', '--file', path)
        else:
            check('larger than configured max size'
                  in world.fails(65, 'publish', '--routing-key', 'q', '--file', path), 'size')
    check([row['payload_bytes'] for row in shown(world, 'q', '--truncate', '1', '--count', '3')]
          == [2 << 20], 'one')


@case
def a_change_is_logged_without_its_body(world):
    world.start()
    world.probe().call(1, 'Queue.Declare', queue='q')
    world.ok('publish', '--routing-key', 'q', 'secret words')
    world.ok('get', 'q', '--ack-mode', 'ack')
    for verb in ('verb=publish', 'verb=get'):
        world.logs(verb)
    check('secret' not in world.node.log(), 'the body is in the log')
