"""Policies, operator policies and limits, set and cleared while the broker runs."""
import json

from tool import check

CASES = []


def case(run):
    CASES.append(run)
    return run


def ready(probe, queue):
    return probe.call(1, 'Queue.Declare', queue=queue, passive=True)['message_count']


def columns(world, *names):
    """The rows of list_queues with these columns, as JSON has them."""
    return json.loads(world.ok('list_queues', '--formatter', 'json', *names))


@case
def a_policy_holds_for_what_is_there(world):
    world.start()
    probe = world.probe()
    probe.call(1, 'Confirm.Select')
    probe.call(1, 'Queue.Declare', queue='orders', durable=True)
    for number in range(10):
        probe.publish(key='orders', body=b'%d' % number)
        probe.expect('Basic.Ack')
    world.quietly('set_policy', 'short', '^ord', '{"max-length": 4}', '--apply-to', 'queues')
    probe.stored('orders', 4)
    check(probe.get('orders')[2] == b'6', 'the oldest went')
    check(columns(world, 'name', 'policy', 'effective_policy_definition')[0]['policy'] == 'short',
          'list_queues policy')
    check(world.ok('-q', 'list_policies').splitlines() == [
        'vhost\tname\tpattern\tapply-to\tdefinition\tpriority',
        '/\tshort\t^ord\tqueues\t{"max-length": 4}\t0'], 'list_policies')
    world.quietly('clear_policy', 'short')
    for number in range(8):
        probe.publish(key='orders')
        probe.expect('Basic.Ack')
    check(ready(probe, 'orders') == 11, 'no limit any more')
    world.fails(65, 'clear_policy', 'short')


@case
def the_highest_priority_counts_and_an_operator_has_the_last_word(world):
    world.start()
    probe = world.probe()
    probe.call(1, 'Queue.Declare', queue='q')
    check(world.ok('set_policy', 'low', 'q', '{"max-length": 100}') ==
          'Setting policy "low" for pattern "q" to "{"max-length": 100}" for vhost "/" ...\n',
          'banner')
    world.quietly('set_policy', 'high', 'q', '{"expires": 3600000}', '--priority', '5')
    row = columns(world, 'policy', 'effective_policy_definition')[0]
    check(row['policy'] == 'high', f'policy {row}')
    world.quietly('set_operator_policy', 'cap', '.*', '{"expires": 1000000}')
    row = columns(world, 'operator_policy', 'effective_policy_definition')[0]
    check(row['operator_policy'] == 'cap', f'operator policy {row}')
    check('1000000' in json.dumps(row['effective_policy_definition']), f'definition {row}')
    check('cap' in world.ok('list_operator_policies'), 'list_operator_policies')
    world.quietly('clear_operator_policy', 'cap')


@case
def messages_that_are_there_get_a_time_to_live(world):
    world.start()
    probe = world.probe()
    probe.call(1, 'Confirm.Select')
    probe.call(1, 'Queue.Declare', queue='q')
    probe.publish(key='q')
    probe.expect('Basic.Ack')
    world.quietly('set_policy', 'ttl', 'q', '{"message-ttl": 60000}')
    check(ready(probe, 'q') == 1, 'its time has not come')
    world.quietly('set_policy', 'ttl', 'q', '{"message-ttl": 1}')
    probe.stored('q', 0)


@case
def dead_letters_and_alternates_by_policy(world):
    world.start()
    probe = world.probe()
    for queue in ('q', 'dead', 'lost'):
        probe.call(1, 'Queue.Declare', queue=queue)
    probe.call(1, 'Exchange.Declare', exchange='x', type='direct')
    probe.call(1, 'Queue.Bind', queue='lost', exchange='amq.fanout', routing_key='', arguments={})
    world.quietly('set_policy', 'dlx', '^q$',
                  '{"dead-letter-exchange": "", "dead-letter-routing-key": "dead"}')
    world.quietly('set_policy', 'ae', '^x$', '{"alternate-exchange": "amq.fanout"}',
                  '--apply-to', 'exchanges')
    probe.publish(key='q', body=b'refused')
    tag = probe.get('q', no_ack=False)[0]['delivery_tag']
    probe.send(1, 'Basic.Reject', delivery_tag=tag, requeue=False)
    probe.stored('dead', 1)
    probe.publish(exchange='x', key='nowhere')
    probe.stored('lost', 1)


@case
def policies_survive_a_kill(world):
    world.start()
    world.quietly('set_policy', 'short', '^ord', '{"max-length": 2}')
    world.quietly('set_operator_policy', 'cap', '', '{"max-length": 3}')
    world.quietly('set_vhost_limits', '{"max-queues": 1}')
    world.node.kill()
    world.start()
    check('{"max-length": 2}' in world.ok('list_policies'), 'the policy')
    check('cap' in world.ok('list_operator_policies'), 'the operator policy')
    probe = world.probe()
    probe.call(1, 'Confirm.Select')
    probe.call(1, 'Queue.Declare', queue='orders', durable=True)
    for _ in range(5):
        probe.publish(key='orders')
        probe.expect('Basic.Ack')
    check(ready(probe, 'orders') == 2, 'it is applied')
    check(world.node.refusal('Queue.Declare', queue='second') == 406, 'the limit is applied')


@case
def what_is_wrong_with_a_policy_is_said(world):
    world.start()
    for arguments, text in (
            (('p', '(', '{"max-length": 1}'), 'is not a valid regular expression'),
            (('p', 'q', '{"max-size": 1}'), "'max-size' is not a recognised policy setting"),
            (('p', 'q', '{"max-length": -1}'), "'max-length' = -1: {value_negative,-1}"),
            (('p', 'q', '{}'), 'no policy provided'),
            (('p', 'q', 'max-length'), 'the definition is not JSON'),
            (('p', 'q', '{"max-length": 1}', '--priority', 'high'), 'whole number'),
            (('p', 'q', '{"max-length": 1}', '--apply-to', 'streams_'), 'is none of')):
        output = world.fails(65, 'set_policy', *arguments)
        check(text in output, f'{arguments}: {output}')
    output = world.fails(65, 'set_operator_policy', 'p', 'q', '{"dead-letter-exchange": "x"}')
    check('is not a recognised operator policy setting' in output, output)
    world.fails(65, '-p', 'nowhere', 'set_policy', 'p', 'q', '{"max-length": 1}')


@case
def limits_are_set_listed_and_cleared(world):
    world.start()
    world.quietly('add_user', 'app', 'secret')
    world.quietly('set_permissions', 'app', '.*', '.*', '.*')
    world.quietly('set_user_limits', 'app', '{"max-channels": 1}')
    check('app\t{"max-channels":1}' in world.ok('list_user_limits', '--user', 'app'), 'of a user')
    world.quietly('clear_user_limits', 'app', 'all')
    world.quietly('set_vhost_limits', '{"max-connections": 9}')
    check('{"max-connections":9}' in world.ok('list_vhost_limits', '--global'), 'of a vhost')
    world.quietly('clear_vhost_limits')
    check('max' not in world.ok('list_vhost_limits'), 'cleared')
    world.fails(65, 'set_vhost_limits', '{"max-connections": "many"}')
