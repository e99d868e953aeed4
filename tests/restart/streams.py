#!/usr/bin/env python3
"""A stream through crashes: what was confirmed is there, at the offset it had.

    tests/restart/streams.py --broker build/release/lepus [--only TEXT]

Each case has a broker and a data directory of its own. The last line is `N passed, N failed`.
"""
import sys

from broker import check, run_cases
from amqp_raw import content, method

CASES = []
SETTINGS = {'journal.segment_size': '1MiB'}
STREAM = {'x-queue-type': 'stream'}
PADDING = b'.' * 1000


def case(run):
    CASES.append(run)
    return run


def publish(probe, first, count, delivery_mode=2, queue='s'):
    """Confirmed when this returns. The body says which message it is."""
    for number in range(first, first + count):
        probe.raw(method(1, 'Basic.Publish', exchange='', routing_key=queue)
                  + content(1, b'%d' % number + PADDING, {'delivery_mode': delivery_mode},
                            probe.payload_max))
    probe.published = getattr(probe, 'published', 0) + count
    acked = getattr(probe, 'acked', 0)
    while acked < probe.published:
        acked = probe.expect('Basic.Ack').arguments['delivery_tag']
    probe.acked = acked


def publisher(node):
    probe = node.probe()
    probe.call(1, 'Confirm.Select')
    return probe


def reader(node, prefetch, tag, queue, **arguments):
    """A consumer of the stream; each of its deliveries: delivery tag, offset, number."""
    probe = node.probe()
    probe.call(1, 'Basic.Qos', prefetch_count=prefetch)
    probe.send(1, 'Basic.Consume', queue=queue, consumer_tag=tag, arguments=arguments)
    probe.expect('Basic.ConsumeOk')

    def take():
        delivery_tag = probe.expect('Basic.Deliver').arguments['delivery_tag']
        properties, body = probe.content()
        return delivery_tag, properties['headers']['x-stream-offset'], int(body.split(b'.')[0])
    return probe, take


def read(node, count, offset='first', queue='s'):
    """The first messages from there on: (offset, number)."""
    probe, take = reader(node, 100, 'c', queue, **{'x-stream-offset': offset})
    got = []
    while len(got) < count:
        tag, at, number = take()
        got.append((at, number))
        probe.send(1, 'Basic.Ack', delivery_tag=tag)
    return got


@case
def offsets_stay(node):
    """Over kills, with any delivery mode, and whatever the number of shards."""
    node.start(shards=2, settings=SETTINGS)
    probe = publisher(node)
    probe.call(1, 'Queue.Declare', queue='s', durable=True, arguments=STREAM)
    wanted = 0
    for shards in (2, 1, 2):
        publish(probe, wanted, 1500, delivery_mode=1)
        publish(probe, wanted + 1500, 500)
        wanted += 2000
        node.kill()
        node.start(shards=shards, settings=SETTINGS)
        check(read(node, wanted) == [(number, number) for number in range(wanted)],
              f'not all messages at their offsets with {shards} shards')
        probe = publisher(node)
    publish(probe, wanted, 1)
    check(read(node, 1, offset=wanted) == [(wanted, wanted)], 'the next offset')


def read_as(node, tag, count, acked, queue='s'):
    """The offsets that a consumer with this tag gets first; the broker keeps where it is."""
    probe, take = reader(node, count, tag, queue, **{'x-stream-automatic-offset-tracking': True})
    got = [take()[1] for _ in range(count)]
    if acked > 0:
        probe.send(1, 'Basic.Ack', delivery_tag=acked, multiple=True)
    probe.send(1, 'Channel.Close', reply_code=200)
    while getattr(probe.receive(), 'name', None) != 'Channel.CloseOk':
        pass
    return got


@case
def named_consumers_go_on(node):
    """After kills and stops, with other numbers of shards, and when the journal is compacted."""
    node.start(shards=2, settings=SETTINGS)
    probe = publisher(node)
    probe.call(1, 'Queue.Declare', queue='s', durable=True, arguments=STREAM)
    publish(probe, 0, 100)
    begin = 0
    for round_number, shards in enumerate((2, 1, 2, 1)):
        check(read_as(node, 'one', 20, acked=10) == list(range(begin, begin + 20)),
              f'not where it was in round {round_number}')
        check(read_as(node, 'idle', 5, acked=0) == [0, 1, 2, 3, 4], 'one that settled nothing')
        begin += 10
        if round_number % 2:
            probe.call(1, 'Queue.Declare', queue='busy', durable=True)
            for _ in range(10):
                publish(probe, 0, 400, queue='busy')
                probe.call(1, 'Queue.Purge', queue='busy')
            node.stop()
        else:
            publish(probe, 0, 1, queue='s')   # Confirmed: what came before it is on the disk.
            node.kill()
        node.start(shards=shards, settings=SETTINGS)
        probe = publisher(node)
    check(read_as(node, 'one', 5, acked=0) == list(range(begin, begin + 5)), 'at the end')


@case
def other_traffic_does_not_disturb(node):
    """The journal is compacted under the stream; what is read moves meanwhile."""
    node.start(shards=1, settings=SETTINGS)
    probe = publisher(node)
    probe.call(1, 'Queue.Declare', queue='s', durable=True, arguments=STREAM)
    probe.call(1, 'Queue.Declare', queue='busy', durable=True)
    for number in range(40):
        publish(probe, number * 25, 25)
        publish(probe, 0, 400, queue='busy')
        probe.call(1, 'Queue.Purge', queue='busy')
    wanted = [(number, number) for number in range(1000)]
    check(read(node, 1000) == wanted, 'before the kill')
    node.kill()
    node.start(shards=1, settings=SETTINGS)
    check(read(node, 1000) == wanted, 'after the kill')


@case
def limits_hold_after_a_restart(node):
    node.start(shards=1, settings=SETTINGS)
    probe = publisher(node)
    limited = {**STREAM, 'x-max-length-bytes': 100_000}
    probe.call(1, 'Queue.Declare', queue='s', durable=True, arguments=limited)
    publish(probe, 0, 500)
    first = read(node, 1)[0]
    check(first[0] == first[1] and 395 <= first[0] <= 405, f'the first message is {first}')
    node.kill()
    node.start(shards=1, settings=SETTINGS)
    check(read(node, 1)[0] == first, 'another first message after the kill')
    check(node.refusal('Queue.Declare', queue='s', durable=True, arguments=limited) == 0,
          'the same declaration is refused')
    check(node.refusal('Queue.Declare', queue='s', durable=True) == 406,
          'a classic queue is taken for it')


if __name__ == '__main__':
    sys.exit(run_cases(__doc__, CASES))
