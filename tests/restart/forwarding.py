#!/usr/bin/env python3
"""What the broker sends on by itself, through crashes: dead letters and delayed messages.

    tests/restart/forwarding.py --broker build/release/lepus [--only TEXT]

Each case has a broker and a data directory of its own. The last line is `N passed, N failed`.
"""
import sys
import time

from broker import check, run_cases
from amqp_methods import Tag
from amqp_raw import content, method

CASES = []
TEN_YEARS_MS = 315_360_000_000
DELAYED = {'x-delayed-type': 'direct'}


def case(run):
    CASES.append(run)
    return run


def publisher(node):
    probe = node.probe()
    probe.call(1, 'Confirm.Select')
    probe.published = probe.acked = 0
    return probe


def publish(probe, numbers, exchange='', key='q', headers=None):
    """Confirmed when this returns. The body says which message it is."""
    for number in numbers:
        properties = {'delivery_mode': 2}
        if headers:
            properties['headers'] = headers(number)
        probe.raw(method(1, 'Basic.Publish', exchange=exchange, routing_key=key)
                  + content(1, b'%d' % number, properties, probe.payload_max))
        probe.published += 1
    while probe.acked < probe.published:
        probe.acked = probe.expect('Basic.Ack').arguments['delivery_tag']


def count_of(probe, queue):
    return probe.call(1, 'Queue.Declare', queue=queue, passive=True)['message_count']


def wait_for_count(probe, queue, count, seconds=20):
    end = time.monotonic() + seconds
    while count_of(probe, queue) != count:
        check(time.monotonic() < end, f'{queue} has {count_of(probe, queue)} messages, not {count}')
        time.sleep(0.01)


def take_all(node, queue):
    """The numbers in a queue, taken out."""
    probe = node.probe()
    got = []
    while True:
        answer = probe.call(1, 'Basic.Get', queue=queue, no_ack=True)
        if answer.name == 'Basic.GetEmpty':
            return got
        _, body = probe.content()
        got.append(int(body))


def declare_dead_letter_pair(probe, strategy=None):
    """q on shard 0, which drops what is beyond its length; its dead letters are on shard 1."""
    arguments = {'x-lepus-shard': 0, 'x-max-length': 100, 'x-dead-letter-exchange': '',
                 'x-dead-letter-routing-key': 'dead'}
    if strategy:
        arguments.update({'x-dead-letter-strategy': strategy, 'x-overflow': 'reject-publish'})
    probe.call(1, 'Queue.Declare', queue='dead', durable=True, arguments={'x-lepus-shard': 1})
    probe.call(1, 'Queue.Declare', queue='q', durable=True, arguments=arguments)


@case
def a_dead_letter_is_in_one_place_or_the_other(node):
    """Killed at once after the confirms, again and again: none is lost between two journals."""
    node.start(shards=2)
    probe = publisher(node)
    declare_dead_letter_pair(probe)
    sent = 0
    for _ in range(5):
        publish(probe, range(sent, sent + 2000))
        sent += 2000
        node.kill()
        node.start(shards=2)
        probe = publisher(node)
    wait_for_count(probe, 'q', 100)
    time.sleep(0.1)
    found = set(take_all(node, 'q')) | set(take_all(node, 'dead'))
    missing = set(range(sent)) - found
    check(not missing, f'{len(missing)} of {sent} messages are lost, the first is '
                       f'{min(missing, default=None)}')


@case
def at_least_once_waits_for_its_queue_over_a_kill(node):
    node.start(shards=2)
    probe = publisher(node)
    declare_dead_letter_pair(probe, 'at-least-once')
    probe.call(1, 'Queue.Delete', queue='dead')
    publish(probe, range(50))
    reject_all(node, 50)
    check(count_of(probe, 'q') == 0, 'rejected messages are still ready')
    node.kill()
    node.start(shards=2)
    reject_all(node, 50)
    probe = publisher(node)
    probe.call(1, 'Queue.Declare', queue='dead', durable=True, arguments={'x-lepus-shard': 1})
    wait_for_count(probe, 'dead', 50)
    check(sorted(take_all(node, 'dead')) == list(range(50)), 'other dead letters')


def reject_all(node, count):
    probe = node.probe()
    for _ in range(count):
        answer = probe.call(1, 'Basic.Get', queue='q')
        probe.content()
        probe.send(1, 'Basic.Reject', delivery_tag=answer.arguments['delivery_tag'], requeue=False)
    count_of(probe, 'q')


def declare_delayed(probe, queue_shard):
    probe.call(1, 'Exchange.Declare', exchange='d', type='x-delayed-message', durable=True,
               arguments=DELAYED)
    probe.call(1, 'Queue.Declare', queue='q', durable=True,
               arguments={'x-lepus-shard': queue_shard})
    probe.call(1, 'Queue.Bind', queue='q', exchange='d', routing_key='q')


@case
def delays_go_on_over_a_kill(node):
    """The delay counts from the publish, not from the restart; nothing comes early or is lost."""
    node.start(shards=2)
    probe = publisher(node)
    declare_delayed(probe, 1)
    begin = time.monotonic()
    publish(probe, range(1000), 'd', headers=lambda number: {'x-delay': 4000 + number % 10})
    publish(probe, range(1000, 1010), 'd',
            headers=lambda number: {'x-delay': Tag('l', TEN_YEARS_MS)})
    node.kill()
    node.start(shards=2)
    probe = publisher(node)
    check(count_of(probe, 'q') == 0 or time.monotonic() - begin > 4, 'a message came early')
    wait_for_count(probe, 'q', 1000)
    took = time.monotonic() - begin
    check(4 <= took < 8, f'the delay of 4 s took {took:.1f} s')
    check(sorted(take_all(node, 'q')) == list(range(1000)), 'other messages')


@case
def delayed_messages_follow_their_exchange_to_another_shard(node):
    """Fewer shards: what waited on one that is gone is taken over, the exchange is the same."""
    node.start(shards=2)
    probe = publisher(node)
    declare_delayed(probe, 0)
    for _ in range(4):
        # One connection is on one shard, another perhaps on the other: the store is where the
        # exchange was declared.
        publish(publisher(node), range(100), 'd', headers=lambda number: {'x-delay': 1500})
    node.kill()
    node.start(shards=1)
    probe = publisher(node)
    wait_for_count(probe, 'q', 400)
    check(node.refusal('Exchange.Declare', exchange='d', type='x-delayed-message', durable=True,
                       arguments=DELAYED) == 0, 'the same declaration is refused')
    check(node.refusal('Exchange.Declare', exchange='d', type='x-delayed-message', durable=True,
                       arguments={'x-delayed-type': 'fanout'}) == 406, 'another type is taken')
    probe.call(1, 'Exchange.Delete', exchange='d')
    publish(probe, range(1))
    check(count_of(probe, 'q') == 401, 'the queue takes nothing any more')


@case
def a_history_is_there_after_a_kill(node):
    node.start(shards=2)
    probe = publisher(node)
    probe.call(1, 'Exchange.Declare', exchange='h', type='x-recent-history', durable=True,
               arguments={'x-recent-history-length': 5})
    probe.call(1, 'Queue.Declare', queue='early', durable=True)
    probe.call(1, 'Queue.Bind', queue='early', exchange='h')
    publish(probe, range(20), 'h')
    node.kill()
    node.start(shards=2)
    probe = publisher(node)
    probe.call(1, 'Queue.Declare', queue='late')
    probe.call(1, 'Queue.Bind', queue='late', exchange='h')
    wait_for_count(probe, 'late', 5)
    check(take_all(node, 'late') == list(range(15, 20)), 'another history')
    check(take_all(node, 'early') == list(range(20)), 'who was bound before got it again')


if __name__ == '__main__':
    sys.exit(run_cases(__doc__, CASES))
