#!/usr/bin/env python3
"""What the journal takes of the disk: bounded by what is live, given back, and kept free.

    tests/restart/space.py --broker build/release/lepus [--only TEXT]

Each case has a broker and a data directory of its own. The last line is `N passed, N failed`.
"""
import os
import sys
import time

from broker import Failed, check, run_cases
from amqp_raw import content, method

MEBIBYTE = 1 << 20
SETTINGS = {'journal.segment_size': '1MiB'}
BODY = bytes(range(256)) * 32          # 8 KiB
ROUND = 256                            # messages: 2 MiB
ROUNDS = 60
IN_USE_MAX = 4 + 2 * 4 + 2             # segments: slack, what it may be late by, what is written
FILES_MAX = IN_USE_MAX + 4 + 1         # with the reserve and the next one
REST_MAX = 4 + 1 + 4 + 1               # when nothing happens any more
WAIT_S = 30
CASES = []
PERSISTENT = {'delivery_mode': 2}


def case(run):
    CASES.append(run)
    return run


def journal_bytes(node):
    """What the files take; one that is removed meanwhile takes nothing. Indexes are small, and not
    counted: there is at most one beside each file, for a moment one more."""
    total = 0
    for folder, _, names in os.walk(os.path.join(node.data, 'journal')):
        files = [name for name in names if name.endswith('.seg')]
        indexes = [name for name in names if name.endswith('.idx')]
        check(len(indexes) <= len(files) + 1, f'{len(indexes)} indexes, {len(files)} files')
        for name in files:
            try:
                total += os.stat(os.path.join(folder, name)).st_blocks * 512
            except FileNotFoundError:
                pass
    return total


def declare(probe, *queues):
    for queue in queues:
        probe.call(1, 'Queue.Declare', queue=queue, durable=True)


def publish_round(probe, queue, count=ROUND):
    """All of them are on the disk when this returns."""
    one = (method(1, 'Basic.Publish', exchange='', routing_key=queue)
           + content(1, BODY, PERSISTENT, probe.payload_max))
    probe.raw(one * count)
    probe.published += count
    while probe.acked < probe.published:
        probe.acked = probe.expect('Basic.Ack').arguments['delivery_tag']


def publisher(node):
    probe = node.probe()
    probe.call(1, 'Confirm.Select')
    probe.published = probe.acked = 0
    return probe


def until_small(node, probe, segments):
    """The files take no more than this many segments, within a time."""
    end = time.monotonic() + WAIT_S
    while journal_bytes(node) > segments * MEBIBYTE:
        check(time.monotonic() < end, f'the journal still takes {journal_bytes(node)} bytes '
                                      f'after {WAIT_S} s\n{node.log()}')
        probe.call(1, 'Queue.Declare', queue='busy', passive=True)


def until_logged(node, text):
    """Free space is read on a thread of its own: clients may be served before it is known."""
    end = time.monotonic() + WAIT_S
    while text not in node.log():
        check(time.monotonic() < end, f'the log does not tell of the {text}\n{node.log()}')
        time.sleep(0.01)


@case
def one_old_message_does_not_pin_the_rest(node):
    node.start(shards=1, settings=SETTINGS)
    probe, holder = publisher(node), node.probe()
    declare(probe, 'old', 'busy')
    publish_round(probe, 'old', 1)
    check(holder.get('old', no_ack=False) is not None, 'the first message is not there')
    most = 0
    for number in range(ROUNDS):
        queue = 'old' if number % 2 else 'busy'
        publish_round(probe, queue)
        most = max(most, journal_bytes(node))
        probe.call(1, 'Queue.Purge', queue=queue)
    live = ROUND * (len(BODY) + 200)
    check(most <= FILES_MAX * MEBIBYTE + 2 * live, f'the journal took {most} bytes')
    until_small(node, probe, REST_MAX)
    node.kill()
    node.start(shards=1, settings=SETTINGS)
    probe = node.probe()
    found = probe.get('old')
    check(found is not None, 'the old message is gone')
    check(found[2] == BODY, 'the old message has another body')
    check(found[0]['redelivered'], 'the old message was delivered before and does not say so')
    check(probe.get('old') is None and probe.get('busy') is None, 'a purged message came back')


@case
def a_backlog_in_front_moves_with_the_traffic(node):
    """Also a large one, and with several shards; all of it is there after a kill."""
    node.start(shards=2, settings=SETTINGS)
    probe = publisher(node)
    declare(probe, 'backlog', 'busy')
    for _ in range(4):
        publish_round(probe, 'backlog')
    live, most = 4 * ROUND * (len(BODY) + 200), 0
    for _ in range(ROUNDS // 2):
        publish_round(probe, 'busy')
        most = max(most, journal_bytes(node))
        probe.call(1, 'Queue.Purge', queue='busy')
    check(most <= 3 * live + 2 * FILES_MAX * MEBIBYTE, f'the journal took {most} bytes')
    # purge-ok does not wait for the disk; what is confirmed after it lies behind it there.
    publish_round(probe, 'backlog')
    node.kill()
    node.start(shards=2, settings=SETTINGS)
    probe = node.probe()
    for queue, count in (('backlog', 5 * ROUND), ('busy', 0)):
        there = probe.call(1, 'Queue.Declare', queue=queue, passive=True)['message_count']
        check(there == count, f'{there} messages in {queue} instead of {count}')
    while (found := probe.get('backlog')) is not None:
        check(found[2] == BODY, 'a message of the backlog has another body')


@case
def space_goes_back_after_a_backlog(node):
    node.start(shards=1, settings=SETTINGS)
    probe = publisher(node)
    declare(probe, 'busy')
    for _ in range(ROUNDS // 2):
        publish_round(probe, 'busy')
    check(journal_bytes(node) >= ROUNDS * MEBIBYTE, 'the backlog is not on the disk')
    probe.call(1, 'Queue.Purge', queue='busy')
    until_small(node, probe, REST_MAX)
    node.stop()
    node.start(shards=1, settings=SETTINGS)


@case
def the_disk_alarm_stops_publishers_only(node):
    node.start(shards=1)
    probe = publisher(node)
    declare(probe, 'busy')
    publish_round(probe, 'busy', 2)
    node.stop()
    node.start(shards=1, settings={'disk_free_limit.absolute': '1000TB'})
    until_logged(node, 'disk alarm')
    probe, reader = node.probe(), node.probe()
    probe.publish(key='busy', body=BODY, properties=PERSISTENT)
    blocked = probe.expect('Connection.Blocked')
    check(blocked.arguments['reason'] == 'low on disk', f'reason {blocked.arguments}')
    check(reader.get('busy') is not None, 'a reader gets nothing')
    check(reader.get('busy', no_ack=False) is not None, 'a reader gets nothing more')
    check(reader.get('busy') is None, 'what was published during the alarm arrived')
    node.stop()


if __name__ == '__main__':
    sys.exit(run_cases(__doc__, CASES))
