"""Shovels between the broker's own queues and to another Lepus, and the jobs that move messages."""
import json
import os
import shutil
import subprocess
import sys
import time

from tool import HERE, Node, check

sys.path.insert(0, os.path.dirname(HERE))

from certificates import Authority  # noqa: E402  (the path is made above)
from broker import free_port  # noqa: E402  (the path is made by tool)

CASES = []
WAIT_S = 30


def case(run):
    CASES.append(run)
    return run


def wait_for(condition, what):
    end = time.monotonic() + WAIT_S
    while True:
        found = condition()
        if found:
            return found
        check(time.monotonic() < end, f'{what} did not come in {WAIT_S} s')
        time.sleep(0.05)   # nothing says when


def count(world, queue):
    rows = {row['name']: row['messages'] for row in world.rows('list_queues', 'name', 'messages')}
    return rows[queue]


def fill(world, queue, bodies, **properties):
    client = world.probe()
    client.call(1, 'Queue.Declare', queue=queue, durable=True)
    client.call(1, 'Confirm.Select')
    for body in bodies:
        client.publish('', queue, body, {'delivery_mode': 2, 'message_id': body[:100].decode(),
                                         **properties})
    waiting = set(range(1, len(bodies) + 1))
    while waiting:
        ack = client.expect('Basic.Ack').arguments
        tag = ack['delivery_tag']
        waiting -= set(range(1, tag + 1)) if ack['multiple'] else {tag}
    client.close()


def declare(world, queue, **arguments):
    client = world.probe()
    client.call(1, 'Queue.Declare', queue=queue, durable=True, arguments=arguments)
    client.close()


def bodies(world, queue):
    return [row['payload'] for row in world.rows('get', queue, '--count', '1000')]


def status(world, name):
    code, out, _ = world.run('-q', '--formatter', 'json', 'shovel_status', '--name', name)
    return json.loads(out)[0] if code == 0 else None


def is_done(world, name):
    found = status(world, name)
    return found is not None and found['state'] == 'done'


def set_shovel(world, name, **value):
    world.ok('set_parameter', 'shovel', name,
             json.dumps({key.replace('_', '-'): one for key, one in value.items()}))


def letters(number):
    return [b'%d' % i for i in range(number)]


@case
def messages_move_from_queue_to_queue(world):
    world.start()
    fill(world, 'from', letters(50))
    declare(world, 'to')
    out = world.ok('move_messages', '--from', 'from', '--to', 'to')
    check('Move from from' in out, out)
    wait_for(lambda: is_done(world, 'Move from from'), 'the end')
    check(bodies(world, 'to') == [str(i) for i in range(50)], 'order')
    check(count(world, 'from') == 0, 'something is left')
    check(world.ok('-s', 'list_parameters') == '', 'the parameter goes with the end')
    world.ok('move_messages', '--from', 'to', '--to', 'from', '--count', '3', '--name', 'three')
    wait_for(lambda: is_done(world, 'three'), 'the end')
    check(bodies(world, 'from') == ['0', '1', '2'], 'three')
    world.ok('move_messages', '--from', 'to', '--to', 'from', '--message-id', '7', '--name', 'one')
    wait_for(lambda: is_done(world, 'one'), 'the end')
    check(bodies(world, 'from') == ['0', '1', '2', '7'], 'one')
    check(bodies(world, 'to')[:5] == ['3', '4', '5', '6', '8'], 'the others stay at their places')


@case
def what_cannot_be_moved_is_said(world):
    world.start()
    declare(world, 'q')
    declare(world, 't')
    declare(world, 's', **{'x-queue-type': 'stream'})
    for code, words, text in (
            (64, (), 'expected --from'), (64, ('--from', 'q'), 'expected one of --to'),
            (65, ('--from', 'none', '--to', 'q'), 'Queue not found'),
            (65, ('--from', 'q', '--to', 'none'), "there is no queue 'none'"),
            (65, ('--from', 'q', '--to', 'q'), 'the queue they are in'),
            (65, ('--from', 'q', '--to', 't', '--count', '0'), 'count'),
            (65, ('--from', 'q', '--to-origin', 'odd'), 'to_origin')):
        found, _, error = world.run('move_messages', *words)
        check(found == code and text in error, f'{words}: {found} {error}')
    check('is a stream' in world.run('move_messages', '--from', 's', '--to', 'q')[2], 'stream')


@case
def dead_letters_go_back_to_where_they_died(world):
    world.start()
    declare(world, 'graves')
    for queue in ('first', 'second'):
        declare(world, queue, **{'x-dead-letter-exchange': '', 'x-dead-letter-routing-key':
                                 'graves'})
    for queue, number in (('first', 3), ('second', 2)):
        client = world.probe()
        for body in letters(number):
            client.publish('', queue, body, {'expiration': '1', 'delivery_mode': 2})
        client.close()
    wait_for(lambda: count(world, 'graves') == 5, 'the dead letters')
    fill(world, 'graves', [b'never died'])
    world.ok('move_messages', '--from', 'graves', '--to-origin', 'last', '--died-in', 'second')
    wait_for(lambda: is_done(world, 'Move from graves'), 'the end')
    check((count(world, 'second'), count(world, 'first')) == (2, 0), 'some')
    world.ok('move_messages', '--from', 'graves', '--to-origin', 'first')
    wait_for(lambda: count(world, 'first') == 3, 'the others')
    wait_for(lambda: world.ok('-s', 'list_parameters') == '', 'the end')
    check(bodies(world, 'graves') == ['never died'], 'what did not die stays')


@case
def a_move_survives_a_kill(world):
    world.start()
    fill(world, 'from', letters(400))
    declare(world, 'to')
    world.ok('move_messages', '--from', 'from', '--to', 'to', '--rate', '100')
    wait_for(lambda: count(world, 'to') > 20, 'the first')
    world.node.kill()
    world.start()
    wait_for(lambda: count(world, 'to') >= 60, 'it goes on')
    check(0 < status(world, 'Move from from')['remaining'] < 400, 'progress')
    world.ok('delete_shovel', 'Move from from')
    wait_for(lambda: status(world, 'Move from from') is None, 'the end')
    wait_for(lambda: count(world, 'from') + count(world, 'to') >= 400, 'all of them')
    moved = {row['payload'] for queue in ('from', 'to')
             for row in world.rows('get', queue, '--count', '1000')}
    check(moved == {str(i) for i in range(400)}, 'nothing is lost')


@case
def shovels_are_parameters(world):
    world.start()
    set_shovel(world, 's', src_uri='amqp://', src_queue='a', dest_uri='amqp:///%2F',
               dest_queue='b', dest_add_forward_headers=True, ack_mode='on-publish')
    wait_for(lambda: status(world, 's') and status(world, 's')['state'] == 'running', 'running')
    fill(world, 'a', letters(5))
    wait_for(lambda: count(world, 'b') == 5, 'moved')
    row, *_ = world.rows('get', 'b')
    header = row['properties']['headers']['x-shovelled'][0]
    check((header['shovel-name'], header['src-queue'], header['dest-queue'], header['shovel-type'])
          == ('s', 'a', 'b', 'dynamic'), f'{header}')
    set_shovel(world, 's', src_uri='amqp://', src_queue='a', dest_uri='amqp://', dest_queue='c')
    fill(world, 'a', letters(3))
    wait_for(lambda: status(world, 's')['destination'].endswith('queue c'), 'the change')
    wait_for(lambda: count(world, 'a') == 0, 'moved')
    check(count(world, 'b') + count(world, 'c') == 8, 'none lost')
    world.ok('restart_shovel', 's')
    wait_for(lambda: status(world, 's')['state'] == 'running', 'running again')
    exported = json.loads(world.ok('export_definitions', '-'))
    check([one['name'] for one in exported['parameters']] == ['s'], 'exported')
    world.ok('delete_shovel', 's')
    check('not found' in world.fails(65, 'delete_shovel', 's'), 'deleted twice')
    check('not found' in world.fails(65, 'restart_shovel', 's'), 'restarted')
    check(world.ok('-s', 'shovel_status') == '', 'none is left')


@case
def between_two_brokers(world):
    world.start()
    with Node(world.node.program) as other:
        other.start()
        there = f'amqp://guest:guest@127.0.0.1:{other.port}?heartbeat=1'
        fill(world, 'q', [b'x' * 1000] * 500 + [b'y' * 300_000] * 3 + [b''])
        set_shovel(world, 'there', src_uri='amqp://', src_queue='q', dest_uri=there,
                   dest_queue='far', src_delete_after='queue-length')
        wait_for(lambda: is_done(world, 'there'), 'the end')
        check('guest' not in world.ok('shovel_status', '--name', 'there'), 'no secrets')
        set_shovel(world, 'back', src_uri=there, src_queue='far', dest_uri='amqp://',
                   dest_queue='near', src_delete_after='queue-length')
        wait_for(lambda: is_done(world, 'back'), 'the end')
        check((count(world, 'q'), count(world, 'near')) == (0, 504), 'all are back')
        sizes = [row['payload_bytes'] for row in
                 world.rows('get', 'near', '--count', '1000', '--truncate', '1')]
        check(sizes == [1000] * 500 + [300_000] * 3 + [0], 'in order and whole')
        set_shovel(world, 'bound', src_uri=there, src_exchange='amq.topic',
                   src_exchange_key='a.#', dest_uri='amqp://', dest_exchange='amq.fanout')
        wait_for(lambda: status(world, 'bound')['state'] == 'running', 'running')
        client = world.probe()
        client.call(1, 'Queue.Declare', queue='all', durable=True)
        client.call(1, 'Queue.Bind', queue='all', exchange='amq.fanout')
        from_there = other.probe()
        from_there.publish('amq.topic', 'a.b', b'one')
        wait_for(lambda: count(world, 'all') == 1, 'by the exchange')
        other.stop()
        wait_for(lambda: status(world, 'bound')['state'] == 'terminated', 'the end is noticed')


@case
def what_is_wrong_at_another_broker_is_said(world):
    world.start()
    port = world.node.port
    for uri, text in ((f'amqp://guest:wrong@127.0.0.1:{port}', 'ACCESS_REFUSED'),
                      (f'amqp://guest:guest@127.0.0.1:{port}/none', 'none'),
                      ('amqp://guest:guest@127.0.0.1:1', 'cannot connect'),
                      ('amqp://no.such.host.invalid', 'cannot connect'),
                      (f'amqps://guest:guest@127.0.0.1:{port}', 'TLS')):
        set_shovel(world, 's', src_uri=uri, src_queue='q', dest_uri='amqp://', dest_queue='r',
                   reconnect_delay=1)
        found = wait_for(lambda: (lambda one: one if one and one['state'] == 'terminated' and
                                  text in one['termination_reason'] else None)(
                                      status(world, 's')), f'{uri}: {text}')
        check('wrong' not in json.dumps(found), f'{found}')
        world.ok('delete_shovel', 's')


@case
def completion_is_read_by_shells(world):
    for shell in ('bash', 'zsh', 'fish'):
        script = world.ok('autocomplete', shell)
        check('move_messages' in script, shell)
        if shutil.which(shell) is None:
            continue
        checked = [shell, '--no-execute'] if shell == 'fish' else [shell, '-n']
        done = subprocess.run(checked, input=script, capture_output=True, text=True, check=False)
        check(done.returncode == 0, f'{shell}: {done.stderr}')
    script = world.ok('autocomplete', 'bash')
    typed = ('COMP_WORDS=(lepusctl list_queues messages_re); COMP_CWORD=2; _lepusctl; '
             'echo "${COMPREPLY[@]}"')
    done = subprocess.run(['bash', '-c', script + typed], capture_output=True, text=True,
                          check=True)
    check(done.stdout.split() == ['messages_ready'], done.stdout + done.stderr)


@case
def top_shows_one_look_without_a_terminal(world):
    world.start()
    fill(world, 'small', letters(1))
    fill(world, 'large', letters(9))
    out = world.ok('top', '--once')
    lines = out.splitlines()
    check([line.split()[0] for line in lines[2:4]] == ['large', 'small'], out)
    check('small' not in world.ok('top', '--once', '--filter', 'lar'), 'filter')
    check('guest' in world.ok('top', '--once', '--view', 'connections')
          or 'nothing to show' in world.ok('top', '--once', '--view', 'connections'), 'connections')
    check('shard' in world.ok('top', '--once', '--view', 'shards'), 'shards')
    check('expected' in world.fails(64, 'top', '--once', '--view', 'odd'), 'view')
    check('no column' in world.fails(64, 'top', '--once', '--sort', 'odd'), 'sort')


@case
def over_tls(world):
    world.start()
    with Node(world.node.program) as other:
        authority = Authority(other.directory, 'one')
        stranger = Authority(other.directory, 'two')
        server = authority.issue('server', names='DNS:localhost,IP:127.0.0.1')
        client = authority.issue('client')
        tls_port = free_port()
        other.start(settings={
            'listeners.ssl.default': f'127.0.0.1:{tls_port}', 'ssl_options.verify': 'verify_peer',
            'ssl_options.fail_if_no_peer_cert': 'true', 'ssl_options.cacertfile': authority.cert,
            'ssl_options.certfile': server.cert, 'ssl_options.keyfile': server.key})
        own = f'certfile={client.cert}&keyfile={client.key}'

        def uri(options, host='localhost'):
            return f'amqps://guest:guest@{host}:{tls_port}?{options}'
        fill(world, 'q', [b'x' * 20_000] * 200)
        for options, text in ((f'cacertfile={stranger.cert}&{own}', 'certificate is refused'),
                              (f'cacertfile={authority.cert}', ''),
                              (f'cacertfile={authority.cert}&{own}'
                               '&server_name_indication=other.example', 'certificate is refused'),
                              ('cacertfile=/no/file', 'cannot read it')):
            set_shovel(world, 's', src_uri='amqp://', src_queue='q', dest_uri=uri(options),
                       dest_queue='r', reconnect_delay=1)
            wait_for(lambda: (status(world, 's') or {}).get('state') == 'terminated'
                     and text in status(world, 's')['termination_reason'], f'{options}: {text}')
            world.ok('delete_shovel', 's')
        good = f'cacertfile={authority.cert}&{own}'
        for name, host, options in (('name', 'localhost', good), ('address', '127.0.0.1', good),
                                    ('unverified', 'localhost', f'verify=verify_none&{own}')):
            set_shovel(world, f'there {name}', src_uri='amqp://', src_queue='q',
                       dest_uri=uri(options, host), dest_queue='r',
                       src_delete_after='queue-length')
            wait_for(lambda: is_done(world, f'there {name}'), f'the end of {name}')
            set_shovel(world, f'back {name}', src_uri=uri(options, host), src_queue='r',
                       dest_uri='amqp://', dest_queue='q', src_delete_after='queue-length')
            wait_for(lambda: is_done(world, f'back {name}'), f'the way back of {name}')
        check(count(world, 'q') == 200, 'all are back')
