"""What lepusctl does to queues, connections, limits and definitions."""
import json
import os

from tool import Node, World, check, closed_with

CASES = []


def case(run):
    CASES.append(run)
    return run


@case
def purge_and_delete(world):
    world.start()
    probe = world.filled('q', 3)
    world.quietly('purge_queue', 'q')
    check(world.messages() == {'q': 0}, 'purged')
    probe.publish(key='q')
    probe.stored('q', 1)
    check('Queue is not empty' in world.fails(64, 'delete_queue', 'q', '--if-empty'), 'not empty')
    probe.call(1, 'Basic.Consume', queue='q', consumer_tag='t')
    probe.expect('Basic.Deliver')
    probe.content()
    check('Queue is in use' in world.fails(64, 'delete_queue', 'q', '-u'), 'in use')
    out = world.ok('-q', 'delete_queue', 'q', '-e')
    check(out == 'Queue was successfully deleted with 0 ready messages\n', out)
    check(probe.expect('Basic.Cancel').arguments['consumer_tag'] == 't', 'the consumer is told')
    check('Queue not found' in world.fails(64, 'delete_queue', 'q'), 'gone')
    check('Queue not found' in world.fails(69, 'purge_queue', 'q'), 'gone')
    check(world.messages() == {}, 'nothing is left')


@case
def a_deleted_durable_queue_stays_deleted(world):
    world.start()
    world.filled('q', 3, durable=True)
    check('with 3 ready messages' in world.ok('delete_queue', 'q'), 'messages')
    world.node.kill()
    world.start()
    check(world.messages() == {}, 'it came back')


@case
def one_connection_is_closed(world):
    world.start()
    one, two = world.probe(), world.probe()
    port = one.wire.socket.getsockname()[1]
    rows = world.rows('list_connections', 'pid', 'peer_port')
    pid = next(row['pid'] for row in rows if row['peer_port'] == port)
    world.quietly('close_connection', pid, 'go home')
    check(closed_with(one) == (320, 'CONNECTION_FORCED - go home'), 'reason')
    two.call(1, 'Channel.Flow', active=True)
    code, _, error = world.run('close_connection', pid, 'again')
    check(code == 0 and 'Warning: there is no connection' in error, error)


@case
def many_connections_are_closed(world):
    world.start(vhosts='other')
    here, there = [world.probe() for _ in range(4)], world.probe(vhost='other')
    check(world.ok('-q', 'close_all_connections', 'some', '--limit', '1')
          == 'Closed 1 connections\n', 'limit')
    check(world.ok('-q', 'close_all_connections', 'bye') == 'Closed 3 connections\n', 'vhost')
    check(sorted(closed_with(probe)[1] for probe in here)
          == ['CONNECTION_FORCED - bye'] * 3 + ['CONNECTION_FORCED - some'], 'reasons')
    there.call(1, 'Channel.Flow', active=True)
    check(world.ok('-q', 'close_all_user_connections', 'nobody', 'x') == 'Closed 0 connections\n',
          'nobody')
    check(world.ok('-q', 'close_all_connections', 'all', '--global') == 'Closed 1 connections\n',
          'global')
    check(closed_with(there) == (320, 'CONNECTION_FORCED - all'), 'global reason')
    probe = world.probe()
    check(world.ok('-q', 'close_all_user_connections', 'guest', 'you') == 'Closed 1 connections\n',
          'user')
    check(closed_with(probe) == (320, 'CONNECTION_FORCED - you'), 'user reason')
    check('limit' in world.fails(64, 'close_all_connections', 'x', '--limit', 'few'), 'limit')
    world.fails(64, 'close_all_connections', 'x', '--per-connection-delay', '5')


@case
def the_memory_limit_blocks_publishers(world):
    world.start()
    probe = world.filled('q', 3)
    world.quietly('set_vm_memory_high_watermark', 'absolute', '1')
    while world.status()['alarms'] != ['memory']:
        pass
    probe.publish(key='q')
    check(probe.expect('Connection.Blocked').arguments['reason'] == 'low on memory', 'reason')
    check(world.rows('list_connections', 'state') == [{'state': 'blocked'}], 'state')
    check(' * memory' in world.ok('status'), 'status as text')
    world.quietly('set_vm_memory_high_watermark', '0.5')
    probe.expect('Connection.Unblocked')
    probe.stored('q', 4)
    check(world.status()['vm_memory_high_watermark_setting'] == {'relative': 0.5}, 'setting')
    for value in ('0', '1.5', 'much'):
        world.fails(65, 'set_vm_memory_high_watermark', value)


@case
def the_disk_limit_blocks_publishers(world):
    world.start()
    probe = world.filled('q', 1)
    world.quietly('set_disk_free_limit', '1000TB')
    while world.status()['alarms'] != ['disk']:
        pass
    probe.publish(key='q')
    check(probe.expect('Connection.Blocked').arguments['reason'] == 'low on disk', 'reason')
    world.quietly('set_disk_free_limit', '1MB')
    probe.expect('Connection.Unblocked')
    world.quietly('set_disk_free_limit', 'mem_relative', '0.001')
    world.fails(65, 'set_disk_free_limit', 'lots')


@case
def definitions_go_from_broker_to_broker(world):
    world.start(vhosts='other')
    probe = world.probe()
    probe.call(1, 'Exchange.Declare', exchange='x', type='topic', durable=True)
    probe.call(1, 'Queue.Declare', queue='kept', durable=True, arguments={'x-max-length': 9})
    probe.call(1, 'Queue.Declare', queue='transient')
    probe.call(1, 'Queue.Declare', queue='mine', exclusive=True)
    probe.call(1, 'Queue.Bind', queue='kept', exchange='x', routing_key='a.#')
    probe.call(1, 'Queue.Bind', queue='mine', exchange='x', routing_key='b')
    path = os.path.join(world.node.directory, 'out.json')
    world.quietly('export_definitions', path)
    check(os.stat(path).st_mode & 0o077 == 0, 'others may read the password hashes')
    with open(path, encoding='utf-8') as file:
        data = json.load(file)
    check([one['name'] for one in data['queues']] == ['kept', 'transient'], f"{data['queues']}")
    check([one['destination'] for one in data['bindings']] == ['kept'], f"{data['bindings']}")
    check([one['name'] for one in data['users']] == ['guest'], f"{data['users']}")
    check(world.ok('-q', 'export_definitions', '-') == open(path, encoding='utf-8').read(), '-')
    world.quietly('import_definitions', path)
    with Node(world.node.program) as node:
        other = World(node, world.tool).start()
        other.quietly('import_definitions', path)
        check(sorted(other.messages()) == ['kept', 'transient'], 'queues')
        client = other.probe()
        client.publish(exchange='x', key='a.b')
        client.stored('kept', 1)
        check(len(other.rows('list_vhosts')) == 2, 'vhosts')
        node.kill()
        other.start()
        check(sorted(other.messages()) == ['kept'], 'the durable ones are durable')


@case
def an_import_is_all_or_nothing(world):
    world.start()
    world.filled('q', 1, durable=True)
    before = world.ok('-q', 'export_definitions', '-')
    good = {'name': 'new', 'vhost': '/', 'durable': True}
    for content, text in (
            ({'queues': [good, {'name': 'q', 'vhost': '/', 'durable': False}]}, "arg 'durable'"),
            ({'queues': [good], 'exchanges': [{'name': 'x', 'vhost': '/', 'type': 'odd'}]}, 'odd'),
            ({'users': [{'name': 'u', 'password_hash': 'zz', 'tags': ''}], 'queues': [good]},
             'users[0]')):
        error = world.fails(65, 'import_definitions', '-', text=json.dumps(content))
        check(text in error and 'definitions' in error, error)
        check(world.ok('-q', 'export_definitions', '-') == before, 'something was changed')
    world.fails(65, 'import_definitions', '-', text='{"queues": [')
    world.fails(65, 'import_definitions', '/nowhere/file.json')
    check(world.messages() == {'q': 1}, 'the queue is as it was')


@case
def imported_users_log_in_at_once(world):
    world.start()
    data = json.loads(world.ok('-q', 'export_definitions', '-'))
    user = dict(data['users'][0], name='ann')
    rights = {'user': 'ann', 'vhost': '/', 'configure': 'a.*', 'write': '.*', 'read': '.*'}
    world.ok('import_definitions', '-', text=json.dumps({'users': [user], 'permissions': [rights]}))
    probe = world.probe(user='ann')
    probe.call(1, 'Queue.Declare', queue='allowed')
    probe.send(1, 'Queue.Declare', queue='refused')
    check(probe.expect('Channel.Close').arguments['reply_code'] == 403, 'permissions count')
    check({row['user'] for row in world.rows('list_connections', 'user')} == {'ann'}, 'user')
    world.node.kill()
    world.start()
    world.probe(user='ann')
    check([row['user'] for row in world.rows('list_users')] == ['ann', 'guest'], 'users are kept')


@case
def a_file_of_one_virtual_host_goes_where_it_is_told(world):
    world.start(vhosts='v')
    text = json.dumps({'queues': [{'name': 'q', 'type': 'quorum'}], 'policies': [
        {'name': 'p', 'pattern': '^q', 'definition': {'max-length': 5}}]})
    error = world.fails(65, 'import_definitions', '-', text=text)
    check('queues[0].vhost' in error and '--vhost' in error and 'policies[0].vhost' in error, error)
    check('nowhere' in world.fails(65, 'import_definitions', '--vhost', 'nowhere', '-', text=text),
          'a virtual host that is nowhere')
    world.ok('import_definitions', '--vhost', 'v', '-', text=text)
    check(world.rows('list_queues', '--vhost', 'v', 'name', 'type', 'policy') ==
          [{'name': 'q', 'type': 'quorum', 'policy': 'p'}], 'the queue')
    other = json.dumps({'queues': [{'name': 'q', 'vhost': '/'}]})
    check("--vhost says 'v'" in world.fails(65, 'import_definitions', '-p', 'v', '-', text=other),
          'another virtual host')


@case
def names_that_are_empty_are_refused(world):
    world.start()
    policy = {'vhost': '/', 'name': '', 'pattern': '.*', 'definition': {'max-length': 10}}
    limit = {'vhost': '/', 'name': '', 'component': 'operator_policy', 'value': policy}
    error = world.fails(65, 'import_definitions', '-', text=json.dumps(
        {'policies': [policy], 'parameters': [limit], 'users': [{'name': '', 'password': 'x'}],
         'global_parameters': [{'name': '', 'value': 1}]}))
    for path in ('policies[0].name', 'parameters[0].name', 'users[0].name',
                 'global_parameters[0].name'):
        check(f'{path}: it is empty' in error, error)
    world.ok('ping')


@case
def what_has_no_effect_is_said(world):
    world.start()
    error = world.fails(65, 'set_policy', 'p', 'a(?!b)c', '{"max-length": 1}')
    check("the look-around '(?!b)'" in error, error)
    world.ok('set_policy', 'p', '^(?!amq\\.).*', '{"max-length": 1}')
    code, _, error = world.run('import_definitions', '-', text=json.dumps({'policies': [
        {'vhost': '/', 'name': 'p', 'pattern': '(a)\\1', 'definition': {'max-length': 1}}]}))
    check(code == 0 and "Warning: policy 'p' in vhost '/' has no effect" in error, error)
