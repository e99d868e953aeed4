"""What lepusctl lists, and in which forms."""
import subprocess

from tool import HERE, check
from amqp_raw import content, method

CASES = []


def case(run):
    CASES.append(run)
    return run


@case
def queues_with_columns(world):
    world.start()
    probe = world.filled('q1', 3, durable=True, arguments={'x-max-length': 5})
    probe.call(1, 'Queue.Declare', queue='q2', exclusive=True)
    out = world.ok('list_queues')
    check(out == 'Timeout: 60.0 seconds ...\nListing queues for vhost / ...\nname\tmessages\n'
          'q1\t3\nq2\t0\n', out)
    check(world.ok('-q', 'list_queues') == 'name\tmessages\nq1\t3\nq2\t0\n', 'quiet')
    check(world.ok('-s', 'list_queues', 'name') == 'q1\nq2\n', 'silent')
    check(world.ok('-q', 'list_queues', '--no-table-headers', 'name', 'durable', 'arguments')
          == 'q1\ttrue\t[{"x-max-length",5}]\nq2\tfalse\t[]\n', 'arguments')
    check(world.ok('list_queues', 'name', '--formatter', 'csv') == '"name"\n"q1"\n"q2"\n', 'csv')
    check('│ q1   │ 3        │' in world.ok('list_queues', '--formatter', 'pretty_table'), 'pretty')
    check(world.ok('-q', 'list_queues', '--offline') == '', 'all queues are online')
    rows = world.rows('list_queues', 'name', 'owner_pid', 'exclusive', 'arguments',
                      'messages_ready', 'message_bytes_ready')
    connection = world.rows('list_connections', 'pid')[0]['pid']
    check(rows == [{'name': 'q1', 'owner_pid': '', 'exclusive': False, 'messages_ready': 3,
                    'arguments': [['x-max-length', 'signedint', 5]], 'message_bytes_ready': 9},
                   {'name': 'q2', 'owner_pid': connection, 'exclusive': True, 'arguments': [],
                    'messages_ready': 0, 'message_bytes_ready': 0}], f'{rows}')


@case
def what_queues_counted(world):
    world.start()
    probe = world.filled('q', 3, durable=True)
    probe.call(1, 'Basic.Consume', queue='q', consumer_tag='alone', exclusive=True)
    channel = world.rows('list_channels', 'pid')[0]['pid']
    row = world.rows('list_queues', 'message_bytes', 'message_bytes_unacknowledged',
                     'message_bytes_ram', 'messages_persistent', 'message_bytes_persistent',
                     'exclusive_consumer_pid', 'exclusive_consumer_tag', 'consumer_capacity',
                     'disk_reads', 'head_message_timestamp', 'slave_pids', 'members',
                     'single_active_consumer_tag', 'messages_delayed', 'oldest_ready_age_ms')[0]
    check(row == {'message_bytes': 9, 'message_bytes_unacknowledged': 9, 'message_bytes_ram': 9,
                  'messages_persistent': 0, 'message_bytes_persistent': 0,
                  'exclusive_consumer_pid': channel, 'exclusive_consumer_tag': 'alone',
                  'consumer_capacity': 1, 'disk_reads': 0, 'head_message_timestamp': '',
                  'slave_pids': '', 'members': '', 'single_active_consumer_tag': '',
                  'messages_delayed': 0, 'oldest_ready_age_ms': 0}, f'{row}')
    stats = world.rows('list_queues', 'message_stats')[0]['message_stats']
    check(stats['publish'] == 3 and stats['deliver'] == 3 and stats['deliver_get'] == 3, f'{stats}')
    check(int(world.ok('-s', 'list_queues', 'oldest_unacknowledged_age_ms')) > 0, 'the age')
    check('are not supported' in world.fails(64, 'list_queues', 'messages_ready_ram'), 'absent')


@case
def names_that_want_to_be_seen_otherwise(world):
    world.start()
    probe = world.probe()
    for name in ('tab\tq', 'quote"q', 'esc\x1b[2J', 'ä, b'):
        probe.call(1, 'Queue.Declare', queue=name)
    check(world.ok('-s', 'list_queues', 'name').splitlines()
          == ['tab\\tq', 'quote"q', 'esc\\x1b[2J', 'ä, b'], world.ok('-s', 'list_queues', 'name'))
    names = [row['name'] for row in world.rows('list_queues', 'name')]
    check(names == ['tab\tq', 'quote"q', 'esc\x1b[2J', 'ä, b'], f'{names}')


@case
def virtual_hosts_are_apart(world):
    world.start(vhosts='other')
    world.probe().call(1, 'Queue.Declare', queue='here')
    world.probe(vhost='other').call(1, 'Queue.Declare', queue='there')
    check([row['name'] for row in world.rows('-p', 'other', 'list_queues')] == ['there'], 'queues')
    check([row['name'] for row in world.rows('list_vhosts')] == ['/', 'other'], 'vhosts')
    check(len(world.rows('list_connections')) == 2, 'connections of all virtual hosts')
    check("Virtual host 'no' does not exist" in world.fails(65, '-p', 'no', 'list_queues'), 'no')
    warning = world.run('-p', 'other', 'list_users')[2]
    check('--vhost has no effect on list_users' in warning, warning)


@case
def exchanges_and_bindings(world):
    world.start()
    probe = world.probe()
    probe.call(1, 'Exchange.Declare', exchange='x', type='topic', durable=True,
               arguments={'alternate-exchange': 'amq.fanout'})
    probe.call(1, 'Queue.Declare', queue='q')
    probe.call(1, 'Queue.Bind', queue='q', exchange='x', routing_key='a.*', arguments={'h': 1})
    probe.call(1, 'Exchange.Bind', source='x', destination='amq.direct', routing_key='k')
    bindings = world.ok('-q', 'list_bindings').splitlines()
    check(bindings == [
        'source_name\tsource_kind\tdestination_name\tdestination_kind\trouting_key\targuments',
        '\texchange\tq\tqueue\tq\t[]', 'x\texchange\tq\tqueue\ta.*\t[{"h",1}]',
        'x\texchange\tamq.direct\texchange\tk\t[]'], f'{bindings}')
    exchanges = {row['name']: row for row in world.rows('list_exchanges', 'name', 'type', 'durable',
                                                       'internal', 'arguments')}
    check(len(exchanges) == 9, f'{exchanges}')
    check(exchanges['x'] == {
        'name': 'x', 'type': 'topic', 'durable': True, 'internal': False,
        'arguments': [['alternate-exchange', 'longstr', 'amq.fanout']]}, f'{exchanges}')


@case
def what_an_exchange_holds_is_counted(world):
    world.start()
    probe = world.probe()
    probe.call(1, 'Confirm.Select')
    probe.call(1, 'Exchange.Declare', exchange='d', type='x-delayed-message',
               arguments={'x-delayed-type': 'direct'})
    for _ in range(3):
        probe.raw(method(1, 'Basic.Publish', exchange='d', routing_key='k')
                  + content(1, b'', {'headers': {'x-delay': 100000}}, probe.payload_max))
        probe.expect('Basic.Ack')
    rows = {row['name']: row for row in world.rows('list_exchanges', 'name', 'messages_delayed')}
    check(rows['d']['messages_delayed'] == 3, f'{rows}')
    check(rows['amq.direct']['messages_delayed'] == 0, f'{rows}')
    check(world.rows('list_queues', 'name') == [], 'the store of an exchange is listed')


@case
def connections_channels_consumers(world):
    world.start()
    probe = world.filled('q', 2)
    probe.call(2, 'Channel.Open')
    probe.call(2, 'Basic.Qos', prefetch_count=1, prefetch_size=0, **{'global': False})
    probe.call(2, 'Basic.Consume', queue='q', consumer_tag='t', arguments={'x-priority': 4})
    probe.expect('Basic.Deliver')
    probe.content()
    probe.call(2, 'Confirm.Select')
    connection, = world.rows('list_connections', 'pid', 'user', 'vhost', 'state', 'channels',
                             'peer_port', 'port', 'protocol', 'frame_max', 'timeout',
                             'auth_mechanism', 'recv_oct', 'send_oct', 'connected_at')
    peer = probe.wire.socket.getsockname()[1]
    for name, value in {'user': 'guest', 'vhost': '/', 'state': 'running', 'channels': 2,
                        'peer_port': peer, 'port': world.node.port, 'protocol': '{0,9,1}',
                        'frame_max': 131072, 'timeout': 0, 'auth_mechanism': 'PLAIN'}.items():
        check(connection[name] == value, f'{name}: {connection}')
    check(connection['recv_oct'] > 300 and connection['send_oct'] > 300, f'{connection}')
    check(connection['connected_at'] > 1_700_000_000_000, f'{connection}')
    one, two = world.rows('list_channels', 'connection', 'number', 'confirm', 'consumer_count',
                          'messages_unacknowledged', 'prefetch_count', 'pid')
    one, two = (one, two) if one['number'] == 1 else (two, one)
    check(one['connection'] == connection['pid'] and not one['confirm'], f'{one}')
    check((two['confirm'], two['consumer_count'], two['messages_unacknowledged'],
           two['prefetch_count']) == (True, 1, 1, 0 + 1), f'{two}')
    consumer, = world.rows('list_consumers')
    check(consumer == {'queue_name': 'q', 'channel_pid': two['pid'], 'consumer_tag': 't',
                       'ack_required': True, 'prefetch_count': 1, 'active': True,
                       'arguments': [['x-priority', 'signedint', 4]]}, f'{consumer}')
    check(world.rows('list_queues', 'messages_unacknowledged', 'consumers')
          == [{'messages_unacknowledged': 1, 'consumers': 1}], 'queue')


@case
def turns_of_threads(world):
    world.start()
    world.filled('q', 2)
    rows = {row['name']: row for row in world.rows(
        'runtime_thread_stats', 'name', 'turns', 'sleeps', 'busy_ms', 'longest_us', 'longest_job',
        'turns_by_us')}
    check('control' in rows and 'shard-0' in rows, f'{rows}')
    for row in rows.values():
        check(row['turns'] == sum(row['turns_by_us']) > 0, f'{row}')
        check(row['sleeps'] > 0 and row['longest_us'] > 0, f'{row}')
    check('longest_job' in world.ok('-q', 'runtime_thread_stats').splitlines()[0], 'columns')


@case
def thousands_of_queues(world):
    world.start()
    probe = world.probe()
    names = [f'q{number}' for number in range(3000)]
    for name in names:
        probe.send(1, 'Queue.Declare', queue=name, nowait=True)
    other = world.probe()
    for number in range(10):
        other.call(1, 'Queue.Declare', queue=f'other{number}')
    probe.call(1, 'Channel.Flow', active=True)
    listed = [row['name'] for row in world.rows('list_queues', 'name')]
    check(sorted(listed) == sorted(names + [f'other{number}' for number in range(10)]),
          f'{len(listed)} queues')
    check(len(world.rows('list_bindings')) == 3010, 'bindings')
    check(world.status()['totals']['queue_count'] == 3010, 'status')


@case
def users(world):
    world.start()
    check(world.ok('list_users') == 'Listing users ...\nuser\ttags\nguest\t[administrator]\n', '')
    check(world.rows('list_users') == [{'user': 'guest', 'tags': ['administrator']}], 'json')


@case
def pika_is_listed_by_the_name_it_gave(world):
    world.start()
    program = [world.python, f'{HERE}/pika_client.py', str(world.node.port)]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          text=True) as client:
        try:
            check(client.stdout.readline() == 'ready\n', 'the client did not start')
            row, = world.rows('list_connections', 'client_properties', 'pid')
            names = {name: value for name, _, value in row['client_properties']}
            check(names['connection_name'] == 'shop' and 'Pika' in names['product'], f'{names}')
            check([one['consumer_tag'] for one in world.rows('list_consumers')] == ['till'], 'tag')
            world.ok('close_connection', row['pid'], 'closing time')
            check(client.stdout.readline() == "320 CONNECTION_FORCED - closing time\n", 'told')
        finally:
            client.kill()


@case
def words_that_are_wrong(world):
    for words, text in (
            (('list_queues', 'nme'), 'Info key(s) nme (did you mean name?) are not supported'),
            (('list_queus',), "Did you mean 'list_queues'?"),
            (('delete_queue',), 'not enough arguments'),
            (('status', 'now'), 'too many arguments'),
            (('list_queues', '--if-empty'), 'Invalid options for this command'),
            (('list_queues', '--formatter', 'erlang'), "Formatter 'erlang' is not supported"),
            (('list_queues', '-t', 'soon'), "Timeout 'soon'"),
            (('close_connection', 'x'), 'not enough arguments')):
        error = world.fails(64, *words)
        check(text in error, f'{words}: {error}')
    for verb in ('force_reset', 'list_ciphers', 'join_cluster'):
        check(f"command '{verb}' is not there" in world.fails(69, verb, 'x'), verb)
    check('not on this machine' in world.fails(69, '-n', 'rabbit@elsewhere', 'ping'), 'node')
    check('Usage' in world.ok('help', 'list_queues'), 'help')
    check('Usage' in world.ok('list_queues', '--help'), '--help')
    check('list_queues' in world.ok('help'), 'help of all')
    world.fails(64)
    world.start()
    error = world.fails(64, 'close_connection', '<lepus@nowhere.0.1.0>', 'why')
    check('is not the pid of a connection' in error, error)

