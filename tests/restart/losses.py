#!/usr/bin/env python3
"""Files that are missing, and a catalog that is older than the journals: never a silent start.

    tests/restart/losses.py --broker build/release/lepus
"""
import contextlib
import glob
import json
import os
import shutil
import sqlite3
import subprocess
import sys

from broker import check, run_cases

CASES = []
PERSISTENT = {'delivery_mode': 2}
COUNT = 20


def case(run):
    CASES.append(run)
    return run


def fill(node, *queues):
    """COUNT confirmed messages in each durable queue; those of spread() are there."""
    probe = node.probe()
    for queue in queues:
        if queue != 'one':
            probe.call(1, 'Queue.Declare', queue=queue, durable=True)
    probe.call(1, 'Confirm.Select')
    acked = published = 0
    for queue in queues:
        for number in range(COUNT):
            probe.publish(key=queue, body=b'message %d' % number, properties=PERSISTENT)
            published += 1
    while acked < published:
        acked = probe.expect('Basic.Ack').arguments['delivery_tag']


def spread(node, queue, shard):
    """On a shard of its own."""
    probe = node.probe()
    probe.call(1, 'Queue.Declare', queue=queue, durable=True,
               arguments={'x-lepus-shard': shard})


def count(node, queue):
    return node.probe().call(1, 'Queue.Declare', queue=queue, passive=True)['message_count']


def backup(node, path):
    """As docs/operations/backup.md says, while the broker runs."""
    with (contextlib.closing(sqlite3.connect(node.catalog)) as source,
          contextlib.closing(sqlite3.connect(path)) as target):
        source.backup(target)


def restore(node, path):
    for ending in ('-wal', '-shm'):
        if os.path.exists(node.catalog + ending):
            os.remove(node.catalog + ending)
    shutil.copy(path, node.catalog)


def accept(node):
    with open(os.path.join(node.data, 'accept_loss'), 'wb'):
        pass


def journal(node, directory, *words):
    program = os.path.join(os.path.dirname(node.program), 'lepus-journal')
    return subprocess.run([program, directory, *words], capture_output=True, text=True,
                          timeout=60, check=False)


def verify(node):
    return journal(node, node.data, 'verify')


def kept_aside(node):
    """Bodies by routing key, of all directories, as lepus-journal exports them."""
    bodies = {}
    for path in glob.glob(os.path.join(node.data, 'journal', 'kept-aside-*')):
        check(f'"{path}"' in node.log() or path in node.log(), f'{path} is not in the log')
        listed = journal(node, node.data, 'kept-aside')
        check(listed.returncode == 0 and path in listed.stdout, listed.stdout)
        done = journal(node, path, 'export')
        check(done.returncode == 0, f'export: {done.returncode}\n{done.stdout}{done.stderr}')
        for line in done.stdout.splitlines():
            message = json.loads(line)
            check(message['properties']['delivery_mode'] == 2, line)
            bodies.setdefault(message['routing_key'], []).append(message['payload'])
    return bodies


def all_of(*queues):
    return {queue: [f'message {number}' for number in range(COUNT)] for queue in queues}


def starts_with_loss(node, *words):
    """Refused with these words, also by lepus-journal; then accepted, once."""
    line = node.fails_to_start()
    for word in words:
        check(word in line, f'{word!r} is not in {line!r}')
    check('accept_loss' in line, line)
    line = node.fails_to_start()
    done = verify(node)
    check(done.returncode == 1, f'lepus-journal verify: {done.returncode}\n{done.stdout}')
    accept(node)
    node.start()
    check('messages are lost' in node.log(), 'the loss is not in the log')
    check(not os.path.exists(os.path.join(node.data, 'accept_loss')), 'accept_loss is still there')


def starts_again(node):
    node.stop()
    done = verify(node)
    check(done.returncode == 0, f'lepus-journal verify: {done.returncode}\n{done.stdout}')
    node.start()


@case
def a_catalog_from_a_backup_does_not_know_younger_queues(node):
    node.start()
    fill(node, 'old')
    copy = os.path.join(node.directory, 'backup.sqlite')
    backup(node, copy)
    fill(node, 'young', 'younger')
    node.kill()
    restore(node, copy)
    starts_with_loss(node, f'{2 * COUNT} messages of 2 queues')
    check(count(node, 'old') == COUNT, f"{count(node, 'old')} messages in old")
    check(not node.exists('Queue', 'young'), 'the young queue is there')
    check(kept_aside(node) == all_of('young', 'younger'), f'kept aside: {kept_aside(node)}')
    starts_again(node)
    check(kept_aside(node) == all_of('young', 'younger'), 'the next start changed the copies')
    check(count(node, 'old') == COUNT, f"{count(node, 'old')} messages in old")


@case
def the_right_catalog_put_back_loses_nothing(node):
    node.start()
    copy = os.path.join(node.directory, 'backup.sqlite')
    backup(node, copy)
    fill(node, 'young')
    node.stop()
    right = os.path.join(node.directory, 'right.sqlite')
    shutil.copy(node.catalog, right)
    restore(node, copy)
    node.fails_to_start()
    restore(node, right)
    node.start()
    check(count(node, 'young') == COUNT, f"{count(node, 'young')} messages in young")


@case
def a_catalog_without_its_log(node):
    node.start()
    fill(node, 'q')
    node.kill()
    os.remove(node.catalog + '-wal')
    starts_with_loss(node, f'{COUNT} messages of 1 queues')
    check(kept_aside(node) == all_of('q'), f'kept aside: {kept_aside(node)}')


@case
def a_queue_that_was_deleted_is_no_loss(node):
    node.start()
    fill(node, 'gone', 'kept')
    node.probe().call(1, 'Queue.Delete', queue='gone')
    node.kill()
    node.start()
    check(count(node, 'kept') == COUNT, f"{count(node, 'kept')} messages in kept")
    check('messages are lost' not in node.log(), node.log())
    starts_again(node)


@case
def a_shard_without_its_directory(node):
    node.start()
    spread(node, 'one', 1)
    fill(node, 'zero')
    node.kill()
    shutil.rmtree(os.path.join(node.data, 'journal', 'shard-1'))
    starts_with_loss(node, 'shard-1')
    starts_again(node)


@case
def no_journal_at_all(node):
    node.start()
    fill(node, 'q')
    node.stop()
    shutil.rmtree(os.path.join(node.data, 'journal'))
    line = node.fails_to_start()
    check('journal/shard-' in line, line)


@case
def the_newest_files_after_a_clean_stop(node):
    node.start(shards=1)
    fill(node, 'q')
    node.stop()
    node.start(shards=1)
    fill(node, 'q')
    node.stop()
    newest = max(glob.glob(os.path.join(node.data, 'journal', 'shard-0', '*.seg')),
                 key=segment_of)
    os.remove(newest)
    line = node.fails_to_start(shards=1)
    check('the newest files are gone' in line, line)
    done = verify(node)
    check(done.returncode == 1, f'lepus-journal verify: {done.returncode}\n{done.stdout}')
    accept(node)
    node.start(shards=1)
    check(count(node, 'q') == COUNT, f"{count(node, 'q')} messages left")


@case
def the_newest_file_after_a_kill(node):
    """The catalog knows of the last start only; the journal itself knows more."""
    settings = {'journal.segment_size': '1MiB'}
    node.start(shards=1, settings=settings)
    fill(node, 'q')
    probe = node.probe()
    probe.call(1, 'Confirm.Select')
    for _ in range(40):
        probe.publish(key='q', body=bytes(100_000), properties=PERSISTENT)
        probe.expect('Basic.Ack')
    node.kill()
    newest = max(glob.glob(os.path.join(node.data, 'journal', 'shard-0', '*.seg')),
                 key=segment_of)
    check(segment_of(newest) > 3, f'segment {segment_of(newest)}')
    os.remove(newest)
    line = node.fails_to_start(shards=1, settings=settings)
    check('the newest files are gone' in line, line)
    done = verify(node)
    check(done.returncode == 1, f'lepus-journal verify: {done.returncode}\n{done.stdout}')
    accept(node)
    node.start(shards=1, settings=settings)
    node.kill()
    node.start(shards=1, settings=settings)


def segment_of(path):
    """The number in the header; free files have an older one or none."""
    with open(path, 'rb') as file:
        return int.from_bytes(file.read(24)[16:24], 'little')


@case
def fewer_shards_are_no_loss(node):
    node.start()
    spread(node, 'one', 1)
    fill(node, 'one', 'zero')
    node.stop()
    node.start(shards=1)
    check(count(node, 'one') == COUNT, f"{count(node, 'one')} messages in one")
    node.stop()
    node.start(shards=2)
    check(count(node, 'one') == COUNT, f"{count(node, 'one')} messages in one")
    check('messages are lost' not in node.log(), node.log())


@case
def an_older_catalog_and_fewer_shards(node):
    """The journal of a shard that goes is taken over: what nobody knows of it is kept as well."""
    node.start()
    copy = os.path.join(node.directory, 'backup.sqlite')
    backup(node, copy)
    spread(node, 'one', 1)
    fill(node, 'one')
    node.kill()
    restore(node, copy)
    line = node.fails_to_start(shards=1)
    check(f'{COUNT} messages of 1 queues' in line, line)
    accept(node)
    node.start(shards=1)
    check(kept_aside(node) == all_of('one'), f'kept aside: {kept_aside(node)}')


@case
def copies_of_the_directory(node):
    """Cold, and live of a broker that is quiet."""
    node.start()
    fill(node, 'a', 'b')
    live = os.path.join(node.directory, 'live')
    subprocess.run(['cp', '-a', node.data, live], check=True)
    node.stop()
    cold = os.path.join(node.directory, 'cold')
    subprocess.run(['cp', '-a', node.data, cold], check=True)
    node.wipe()
    for copy in (live, cold):
        node.data = copy
        node.start()
        check(count(node, 'a') == COUNT and count(node, 'b') == COUNT,
              f"{copy}: {count(node, 'a')} and {count(node, 'b')} messages")
        node.stop()


if __name__ == '__main__':
    sys.exit(run_cases(__doc__, CASES))
