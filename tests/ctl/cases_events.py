"""The firehose, events, parameters and what a virtual host is described with."""
import json

from tool import check

CASES = []


def case(run):
    CASES.append(run)
    return run


def headers_of(got):
    return got[1]['headers']


def bound(probe, queue, exchange, key='#'):
    probe.call(1, 'Queue.Declare', queue=queue)
    probe.call(1, 'Queue.Bind', queue=queue, exchange=exchange, routing_key=key, arguments={})


@case
def the_firehose_copies_what_is_published_and_delivered(world):
    world.start()
    probe = world.probe()
    bound(probe, 'copies', 'amq.rabbitmq.trace')
    probe.call(1, 'Queue.Declare', queue='q')
    probe.publish(key='q', body=b'before')
    probe.stored('q', 1)
    check(world.ok('trace_on') == 'Starting tracing for vhost "/" ...\n', 'banner')
    check(json.loads(world.ok('list_vhosts', '--formatter', 'json', 'name', 'tracing'))[0]
          ['tracing'] is True, 'list_vhosts tracing')
    probe.publish(key='q', body=b'one')
    probe.stored('q', 2)
    check(probe.get('q')[2] == b'before', 'the first message')
    probe.stored('copies', 2)
    check(probe.get('copies')[2] == b'one', 'what was published')
    check(probe.get('copies')[2] == b'before', 'what was delivered')
    world.quietly('trace_off')
    probe.publish(key='q', body=b'two')
    probe.stored('q', 2)
    probe.stored('copies', 0)
    world.fails(65, '-p', 'nowhere', 'trace_on')


@case
def a_kill_ends_the_firehose(world):
    world.start()
    world.quietly('trace_on')
    world.node.kill()
    world.start()
    check(world.ok('-s', 'list_vhosts', 'tracing') == 'false\n', 'it is off again')


@case
def the_operator_is_told_of_in_events(world):
    world.start()
    probe = world.probe()
    bound(probe, 'events', 'amq.rabbitmq.event', 'user.#')
    world.quietly('add_user', 'ann', 'secret')
    world.quietly('set_user_tags', 'ann', 'monitoring')
    world.quietly('delete_user', 'ann')
    probe.stored('events', 3)
    keys = []
    for _ in range(3):
        method = probe.get('events')[0]
        keys.append(method['routing_key'])
    check(keys == ['user.created', 'user.tags.set', 'user.deleted'], f'keys {keys}')


@case
def events_are_in_the_virtual_host_of_the_configuration(world):
    world.start(**{'vhosts': 'ops', 'event_exchange.vhost': 'ops'})
    names = world.ok('-s', '-p', 'ops', 'list_exchanges', 'name').split()
    check('amq.rabbitmq.event' in names, f'ops has {names}')
    names = world.ok('-s', 'list_exchanges', 'name').split()
    check('amq.rabbitmq.event' not in names, f'/ has {names}')


@case
def parameters_are_set_listed_and_cleared(world):
    world.start()
    world.quietly('set_parameter', 'vhost-limits', 'limits', '{"max-queues": 5}')
    world.quietly('set_parameter', 'operator_policy', 'cap',
                  '{"pattern": "^q", "definition": {"max-length": 4}, "priority": 0}')
    world.quietly('set_global_parameter', 'site', '{"name": "here"}')
    rows = json.loads(world.ok('list_parameters', '--formatter', 'json'))
    check([(row['component'], row['name']) for row in rows] ==
          [('vhost-limits', 'limits'), ('operator_policy', 'cap')], f'list_parameters {rows}')
    check('cap' in world.ok('list_operator_policies'), 'it is an operator policy')
    check(world.ok('-q', 'list_global_parameters').splitlines() ==
          ['name\tvalue', 'site\t{"name": "here"}'], 'list_global_parameters')
    world.node.kill()
    world.start()
    check(len(world.ok('-s', 'list_parameters').splitlines()) == 2, 'they survive a kill')
    check('site' in world.ok('list_global_parameters'), 'the global one, too')
    world.quietly('clear_parameter', 'vhost-limits', 'limits')
    world.quietly('clear_parameter', 'operator_policy', 'cap')
    world.quietly('clear_global_parameter', 'site')
    check(world.ok('-s', 'list_parameters') == '', 'nothing is left')
    output = world.fails(65, 'clear_parameter', 'vhost-limits', 'limits')
    check('Parameter does not exist' in output, f'cleared twice: {output}')
    for arguments, text in (
            (('federation-upstream', 's', '{}'), 'component federation-upstream not found'),
            (('shovel', 's', '{}'), 'Key "src-uri" not found'),
            (('policy', 'p', '{}'), 'policies may not be set using this method'),
            (('vhost-limits', 'limits', '{"max-foo": 1}'), 'max-foo'),
            (('operator_policy', 'o', 'text'), 'JSON')):
        output = world.fails(65, 'set_parameter', *arguments)
        check(text in output, f'{arguments}: {output}')
    check('no JSON' in world.fails(65, 'set_global_parameter', 'p', 'text'), 'a value that is none')


@case
def a_virtual_host_is_described(world):
    world.start()
    world.quietly('update_vhost_metadata', '/', '--description', 'the shop', '--tags', 'a, b',
                  '--default-queue-type', 'quorum')
    columns = ('name', 'description', 'tags', 'default_queue_type')
    row = json.loads(world.ok('list_vhosts', '--formatter', 'json', *columns))[0]
    check(row == {'name': '/', 'description': 'the shop', 'tags': ['a', 'b'],
                  'default_queue_type': 'quorum'}, f'row {row}')
    world.quietly('set_vhost_tags', '/', 'c')
    check(world.ok('-s', 'list_vhosts', 'tags') == '[c]\n', 'set_vhost_tags')
    world.fails(65, 'update_vhost_metadata', 'nowhere', '--description', 'x')
    world.fails(65, 'update_vhost_metadata', '/', '--default-queue-type', 'odd')
