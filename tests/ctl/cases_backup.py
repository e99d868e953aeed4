"""Backups of a running broker: what is in one is what was there at one moment."""
import glob
import json
import os
import shutil
import subprocess
import time

from tool import TOOL_S, Node, World, check

CASES = []


def case(run):
    CASES.append(run)
    return run


def publish(world, *bodies):
    for body in bodies:
        world.ok('publish', '--routing-key', 'q', '--properties', '{"delivery_mode":2}', body)


def begin(world, *bodies, **settings):
    world.start(**{'shards': '2', 'journal.segment_size': '1048576', **settings})
    world.probe().call(1, 'Queue.Declare', queue='q', durable=True)
    publish(world, *bodies)


def restored(world, backup):
    """A broker of its own on a data directory made of the backup."""
    node = Node(world.node.program)
    shutil.rmtree(node.data, ignore_errors=True)
    print_of = world.ok('restore', backup, node.data)
    check('no problem' in print_of and 'PROBLEMS' not in print_of, print_of)
    other = World(node, world.tool)
    other.start()
    return other


def slow_backup(world, target):
    """A backup that has begun, and takes very long."""
    tool = subprocess.Popen(world.command('backup', target, '--only-bytes', '--rate', '100kB'),
                            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    end = time.monotonic() + TOOL_S
    while not glob.glob(os.path.join(target, 'journal', '*', '*.seg')):
        check(time.monotonic() < end, 'it does not begin')
        time.sleep(0.01)
    return tool


def bodies_of(world):
    return [row['payload'] for row in world.rows('get', 'q', '--count', '1000')]


@case
def a_backup_is_what_was_there(world):
    begin(world, 'one', 'two')
    world.ok('add_user', 'ann', 'secret')
    target = os.path.join(world.node.directory, 'backup')
    said = json.loads(world.ok('backup', target, '--formatter', 'json'))
    check(said['segments'] >= 1 and said['bytes'] > 0 and said['unreadable_bytes'] == 0, f'{said}')
    publish(world, 'three')
    world.ok('purge_queue', 'q')
    publish(world, 'four')
    other = restored(world, target)
    with other.node:
        check(bodies_of(other) == ['one', 'two'], f'{bodies_of(other)}')
        check('ann' in [row['user'] for row in other.rows('list_users')], 'users')
        publish(other, 'five')
        check(bodies_of(other) == ['one', 'two', 'five'], 'it goes on')
    check(bodies_of(world) == ['four'], 'the broker goes on')
    check(world.fails(65, 'backup', target).count('is not empty') == 1, 'twice')
    world.logs('verb=backup')


@case
def a_backup_shares_files_and_they_stay_as_they_were(world):
    begin(world)
    filler = 'x' * 60_000
    publish(world, *[f'{i} {filler}' for i in range(60)])
    target = os.path.join(world.node.directory, 'backup')
    said = json.loads(world.ok('backup', target, '--formatter', 'json'))
    check(said['segments'] > 2 and said['copied_bytes'] < said['bytes'], f'{said}')
    everything = os.path.join(world.node.directory, 'everything')
    said = json.loads(world.ok('backup', everything, '--only-bytes', '--formatter', 'json'))
    check(said['copied_bytes'] == said['bytes'] and said['linked_segments'] == 0, f'{said}')
    for _ in range(3):
        world.ok('purge_queue', 'q')
        publish(world, *[f'later {i} {filler}' for i in range(40)])
    for backup in (target, everything):
        other = restored(world, backup)
        with other.node:
            got = [body.split()[0] for body in bodies_of(other)]
            check(got == [str(i) for i in range(60)], f'{got}')


@case
def a_broker_that_is_killed_leaves_no_backup(world):
    begin(world)
    publish(world, *['y' * 60_000 for _ in range(40)])
    target = os.path.join(world.node.directory, 'backup')
    with slow_backup(world, target) as tool:
        busy = world.fails(69, 'backup', target + '-2')
        check('another backup is under way' in busy, busy)
        world.node.kill()
        tool.wait()
    fresh = os.path.join(world.node.directory, 'fresh')
    said = world.fails(65, 'restore', target, fresh)
    check('no finished backup' in said and not os.path.exists(fresh), said)
    world.start()
    check(len(bodies_of(world)) == 40, 'the messages')


@case
def a_tool_that_goes_ends_its_backup(world):
    begin(world)
    publish(world, *['y' * 60_000 for _ in range(40)])
    target = os.path.join(world.node.directory, 'backup')
    with slow_backup(world, target) as tool:
        tool.kill()
        tool.wait()
    end = time.monotonic() + TOOL_S
    while os.path.exists(target):
        check(time.monotonic() < end, 'what was made is removed')
        time.sleep(0.01)
    world.ok('backup', target)


@case
def what_is_no_backup_is_not_restored(world):
    begin(world, 'one')
    target = os.path.join(world.node.directory, 'backup')
    world.ok('backup', target)
    check('is not empty' in world.fails(65, 'restore', target, world.node.data), 'a data directory')
    listing = os.path.join(target, 'backup.json')
    fresh = os.path.join(world.node.directory, 'fresh')
    with open(listing, encoding='utf-8') as file:
        text = file.read()
    with open(listing, 'w', encoding='utf-8') as file:
        file.write(text.replace('"format": 1', '"format": 9'))
    check('is empty' in world.fails(64, 'restore', '', fresh), 'an empty name')
    check('no absolute path' in world.fails(64, 'backup', ''), 'an empty name')
    check('later version' in world.fails(65, 'restore', target, fresh), 'version')
    with open(listing, 'w', encoding='utf-8') as file:
        file.write(text)
    for path in glob.glob(os.path.join(target, 'journal', '*', '*.seg')):
        os.truncate(path, 4096)
    said = world.fails(65, 'restore', target, fresh)
    check('not in order' in said, said)
    check('no absolute path' not in world.ok('backup', target + '-2'), 'a name is made absolute')


@case
def a_backup_is_no_data_directory(world):
    begin(world, 'one')
    target = os.path.join(world.node.directory, 'backup')
    world.ok('backup', target)
    world.node.kill()
    shutil.rmtree(world.node.data)
    shutil.copytree(target, world.node.data)
    said = world.node.fails_to_start()
    check('is a backup' in said, said)
