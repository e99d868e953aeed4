"""Verbs of rabbitmq-diagnostics, -queues, -streams and -upgrade on one node, the names the tool is
called by, and forms of output that scripts read."""
import json
import os
import select
import subprocess
import time

from tool import TOOL_S, check, closed_with

CASES = []


def case(run):
    CASES.append(run)
    return run


def called(world, name, *words):
    """The tool by a link of that name."""
    link = os.path.join(world.node.directory, name)
    if not os.path.islink(link):
        os.symlink(world.tool, link)
    return subprocess.run([link, *words], env={'LEPUS_SOCKET': world.socket},
                          capture_output=True, text=True, timeout=TOOL_S, check=False)


@case
def what_is_true_of_one_node(world):
    world.start()
    node = 'lepus@' + os.uname().nodename
    probe = world.filled('orders', 3, durable=True, arguments={'x-queue-type': 'quorum'})
    probe.call(1, 'Queue.Declare', queue='events', durable=True,
               arguments={'x-queue-type': 'stream'})
    check(world.rows('quorum_status', 'orders')[0]['Raft State'] == 'leader', 'quorum_status')
    status = world.rows('stream_status', 'events')[0]
    check((status['role'], status['node']) == ('writer', node), f'{status}')
    error = world.fails(65, 'quorum_status', 'events')
    check("queue 'events' in vhost '/' is a stream queue, not a quorum one" in error, error)
    check('does not exist' in world.fails(65, 'stream_status', 'none'), 'a queue that is not there')
    check_leaders = 'check_for_quorum_queues_without_an_elected_leader'
    for words in (('check_if_node_is_quorum_critical',), ('await_online_quorum_plus_one',),
                  (check_leaders, '--across-all-vhosts', '.*'),
                  ('rebalance', 'all'), ('post_upgrade',), ('reconcile_vhosts',),
                  ('restart_vhost',), ('check_if_any_deprecated_features_are_used',),
                  ('erlang_version',), ('tls_versions',), ('coordinator_status',)):
        check(world.ok('-q', *words) != '', f'{words} says nothing')
    check(world.rows('list_unresponsive_queues') == [], 'list_unresponsive_queues')
    check(world.rows('metadata_store_status')[0]['Node Name'] == node, 'metadata_store_status')
    check('does not exist' in world.fails(65, 'restart_vhost', '-p', 'none'), 'restart_vhost')
    world.fails(64, 'rebalance', 'nothing')
    check('federation is not there' in world.fails(69, 'federation_status'), 'federation')


@case
def feature_flags_are_enabled(world):
    world.start()
    flags = world.rows('list_feature_flags')
    check(len(flags) > 20 and all(flag['state'] == 'enabled' for flag in flags), f'{flags}')
    first = world.rows('list_feature_flags', 'state', 'desc')[0]
    check(list(first) == ['state', 'desc'], f'{first}')
    world.fails(64, 'list_feature_flags', 'colour')
    for name in ('all', 'khepri_db'):
        world.ok('-q', 'enable_feature_flag', name)
    check('list_feature_flags' in world.fails(65, 'enable_feature_flag', 'none'), 'unknown flag')
    check(world.rows('list_deprecated_features', '--used') == [], 'deprecated features')


@case
def the_machine_and_the_process(world):
    world.start(**{'default_pass': 'guest'})
    line = world.ok('-q', 'command_line_arguments')
    check('default_pass=********' in line and f'data_dir={world.node.data}' in line, line)
    names = [row['name'] for row in world.rows('os_env')]
    check(all(name.startswith(('LEPUS_', 'RABBITMQ_')) for name in names), f'{names}')
    rows = world.rows('list_network_interfaces')
    check(any(row['address'] == '127.0.0.1' for row in rows), f'{rows}')
    memory = {row['name']: row['bytes'] for row in
              world.rows('memory_breakdown', '--unit', 'bytes')}
    check(sum(memory.values()) == 2 * memory['total'], f'{memory}')
    check(memory['metadata_store'] > 0, f'{memory}')
    check('gigabytes' in world.ok('-q', 'memory_breakdown'), 'the unit of RabbitMQ')
    world.fails(64, 'memory_breakdown', '--unit', 'cups')
    world.probe()
    stats = world.rows('list_node_auth_attempt_stats')[0]
    check(stats['protocol'] == 'amqp091' and stats['auth_attempts_succeeded'] == 1, f'{stats}')
    suites = world.ok('-q', 'cipher_suites').split()
    check('TLS_AES_256_GCM_SHA384' in suites, f'{suites}')
    check('tlsv1.3' in world.ok('-q', 'tls_versions').split(), 'tls_versions')
    text = world.ok('-q', 'check_certificate_expiration', '--within', '4')
    check('No listener' in text, text)
    world.fails(64, 'check_certificate_expiration')
    world.fails(64, 'check_certificate_expiration', '--within', '4', '--unit', 'moons')


@case
def policies_that_match(world):
    world.start()
    world.quietly('set_policy', 'all', '.*', '{"max-length": 5}')
    world.quietly('set_policy', 'orders', '^orders', '{"max-length": 9}', '--priority', '7',
                  '--apply-to', 'queues')
    rows = world.rows('list_policies_that_match', 'orders.new')
    check([row['name'] for row in rows] == ['orders', 'all'], f'{rows}')
    check(rows[0]['priority'] == 7, f'{rows}')
    rows = world.rows('list_policies_that_match', '--object-type', 'exchange', 'orders.new')
    check([row['name'] for row in rows] == ['all'], f'{rows}')
    world.fails(64, 'list_policies_that_match', '--object-type', 'vhost', 'x')


@case
def one_message_is_peeked_at(world):
    world.start()
    probe = world.probe()
    probe.call(1, 'Queue.Declare', queue='q')
    for number in range(3):
        probe.publish(key='q', body=f'body {number}'.encode())
    probe.stored('q', 3)
    rows = world.rows('peek', 'q', '2')
    check(len(rows) == 1 and rows[0]['payload'] == 'body 1', f'{rows}')
    check('payload\tbody 2' in world.ok('-q', 'peek', 'q', '3'), 'keys and values')
    error = world.fails(69, 'peek', 'q', '4')
    check('no message at position 4: 3 are ready' in error, error)
    world.fails(64, 'peek', 'q', '0')
    check(world.messages() == {'q': 3}, 'they stay')


@case
def the_log_is_shown_and_rotated(world):
    path = os.path.join(world.node.directory, 'lepus.log')
    world.start(**{'log.file': path, 'log.file.formatter': 'json'})
    world.probe()
    world.quietly('add_vhost', 'seen')
    deadline = time.monotonic() + TOOL_S
    while 'add_vhost' not in (text := world.ok('-q', 'log_tail', '-N', '200')):
        check(time.monotonic() < deadline, text)
    lines = [json.loads(line) for line in text.splitlines()]
    change = [line for line in lines if line['msg'] == 'operator change'][-1]
    check(change['verb'] == 'add_vhost' and change['outcome'] == 'done' and
          change['domain'] == 'rabbitmq' and change['level'] == 'info', f'{change}')
    check(len(world.ok('-q', 'log_tail', '-N', '1').splitlines()) == 1, 'one line')
    world.fails(64, 'log_tail', '-N', 'some')
    with subprocess.Popen(world.command('-q', 'log_tail_stream', '--duration', '20'),
                          stdout=subprocess.PIPE, text=True) as stream:
        deadline = time.monotonic() + TOOL_S
        os.rename(path, path + '.1')
        world.ok('-q', 'rotate_logs')
        world.quietly('add_vhost', 'streamed')
        for line in stream.stdout:
            check(time.monotonic() < deadline, 'the stream has no new file')
            if 'streamed' in line:
                break
        stream.kill()
    check('streamed' in open(path, encoding='utf-8').read(), 'the new file')
    world.node.stop()


@case
def a_log_without_a_file_is_shown_from_memory(world):
    world.start()
    world.logs('broker started')
    lines = world.ok('-q', 'log_tail', '-N', '2000').splitlines()
    check(any('"broker started"' in line and line.startswith('20') for line in lines), f'{lines}')
    check(len(world.ok('-q', 'log_tail', '-N', '1').splitlines()) == 1, 'one line')
    with subprocess.Popen(world.command('-q', 'log_tail_stream', '--duration', '20'),
                          stdout=subprocess.PIPE, text=True) as stream:
        deadline = time.monotonic() + TOOL_S
        told = []
        while not any('one-more' in line for line in told):
            # It shows what comes after its first question.
            world.ok('set_cluster_name', 'one-more')
            if select.select([stream.stdout], [], [], 0.2)[0]:
                told.append(stream.stdout.readline())
            check(time.monotonic() < deadline, f'{told}')
        check(not any('broker started' in line for line in told), f'{told}')
        stream.kill()


@case
def maintenance_mode(world):
    world.start()
    probe = world.filled('q', 2, durable=True)
    with subprocess.Popen(world.command('-q', 'drain')) as draining:
        check(closed_with(probe)[0] == 320, 'clients are told')
        probe.close()
        check(draining.wait(TOOL_S) == 0, 'drain')
    check(world.status()['is_under_maintenance'], 'status')
    world.fails(69, 'check_running')
    world.quietly('revive')
    check(not world.status()['is_under_maintenance'], 'status')
    world.probe()


@case
def protected_virtual_hosts_stay(world):
    world.start()
    world.quietly('add_vhost', 'ledger')
    world.quietly('enable_vhost_deletion_protection', 'ledger')
    error = world.fails(77, 'delete_vhost', 'ledger')
    check("'ledger' is protected from deletion" in error, error)
    exported = json.loads(world.ok('export_definitions', '-'))
    metadata = [one for one in exported['vhosts'] if one['name'] == 'ledger'][0]['metadata']
    check(metadata['protected_from_deletion'] is True, f'{metadata}')
    world.node.kill()
    world.start()
    world.fails(77, 'delete_vhost', 'ledger')
    world.quietly('update_vhost_metadata', 'ledger', '--description', 'kept')
    world.fails(77, 'delete_vhost', 'ledger')
    world.quietly('disable_vhost_deletion_protection', 'ledger')
    world.quietly('delete_vhost', 'ledger')
    world.fails(65, 'enable_vhost_deletion_protection', 'ledger')
    world.ok('import_definitions', '-', text=json.dumps({'vhosts': [
        {'name': 'new', 'metadata': {'protected_from_deletion': True}}]}))
    world.fails(77, 'delete_vhost', 'new')


@case
def the_name_of_the_cluster(world):
    world.start(cluster_name='configured')

    def told():
        return world.new_probe().start().arguments['server_properties']['cluster_name']
    check(told() == 'configured', told())
    world.quietly('set_cluster_name', 'rabbit@east')
    check(told() == 'rabbit@east', told())
    check(world.rows('cluster_status')['cluster_name'] == 'rabbit@east', 'cluster_status')
    world.node.kill()
    world.start(cluster_name='configured')
    check(told() == 'rabbit@east', 'after a kill')
    world.quietly('clear_global_parameter', 'cluster_name')
    check(told() == 'configured', told())
    world.fails(65, 'set_cluster_name', '')


@case
def what_cannot_be_imported_is_skipped_when_asked_for(world):
    world.start()
    text = json.dumps({'queues': [{'name': 'good', 'vhost': '/'},
                                  {'name': 'bad', 'vhost': '/', 'type': 'odd'}],
                       'policies': [{'name': 'p', 'vhost': '/', 'pattern': '', 'definition':
                                     {'max-lenght': 1, 'max-length': 3}}]})
    error = world.fails(65, 'import_definitions', '-', text=text)
    check("definitions: queues[1].type: " in error and "('bad' in '/')" in error, error)
    check("'max-lenght' is not a recognised policy setting" in error, error)
    code, _, error = world.run('import_definitions', '-', '--skip-invalid', text=text)
    check(code == 0 and 'Warning: skipped: definitions: queues[1].type' in error, error)
    check(list(world.messages()) == ['good'], 'the rest is there')
    row = world.rows('list_queues', 'name', 'effective_policy_definition')[0]
    check('max-length' in str(row) and 'lenght' not in str(row), f'{row}')


@case
def names_of_rabbitmqs_tools(world):
    world.start()
    for name, there, not_there in (
            ('rabbitmqctl', 'add_user', 'quorum_status'),
            ('rabbitmq-diagnostics', 'memory_breakdown', 'add_user'),
            ('rabbitmq-queues', 'quorum_status', 'memory_breakdown'),
            ('rabbitmq-streams', 'stream_status', 'peek'),
            ('rabbitmq-upgrade', 'drain', 'stream_status'),
            ('lepusctl', 'stream_status', 'nonsense')):
        done = called(world, name, 'help')
        check(done.returncode == 0 and f'{name} [--node <node>]' in done.stdout, f'{done}')
        check(f'   {there} ' in done.stdout and f'   {not_there} ' not in done.stdout,
              f'{name}: {done.stdout}')
        check(called(world, name, '-q', 'ping').returncode == 0, 'every name runs every verb')
    done = called(world, 'rabbitmq-diagnostics', '--version')
    check(done.returncode == 0 and done.stdout.strip() != '', f'{done}')
    done = called(world, 'rabbitmqctl', '-n', 'rabbit@elsewhere', 'status')
    check(done.returncode == 69 and 'not on this machine' in done.stderr, f'{done}')
    done = called(world, 'rabbitmqctl', '--erlang-cookie', 'x', '--script-name', 'y', '-q',
                  'list_vhosts')
    check(done.returncode == 0 and done.stdout == 'name\n/\n', f'{done}')


@case
def json_is_all_there_is(world):
    world.start()
    for words in (('status',), ('list_queues',), ('server_version',), ('alarms',), ('ping',),
                  ('add_vhost', 'v'), ('purge_queue', 'q'), ('delete_queue', 'q'),
                  ('close_all_connections', 'bye'), ('environment',), ('list_feature_flags',)):
        if words[0] == 'purge_queue':
            world.filled('q', 1).close()
        json.loads(world.ok(*words, '--formatter', 'json'))
    check(world.ok('list_vhosts', '--formatter', 'csv').startswith('"name"\n'), 'csv')
