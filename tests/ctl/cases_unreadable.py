"""Messages whose records the disk does not give back: nothing is lost while nobody decides."""
import glob
import os
import time

from tool import TOOL_S, check

CASES = []
LAZY = {'x-queue-mode': 'lazy'}


def case(run):
    CASES.append(run)
    return run


class Damage:
    """Flips a byte of a message's body in the journal, and back."""

    def __init__(self, world, body):
        for path in glob.glob(os.path.join(world.node.data, 'journal', 'shard-*', '*.seg')):
            with open(path, 'rb') as file:
                at = file.read().find(body.encode())
            if at >= 0:
                self.path, self.at, self.byte = path, at, body[0].encode()
                return
        raise AssertionError(f'{body!r} is in no file of the journal')

    def write(self, byte):
        with open(self.path, 'r+b') as file:
            file.seek(self.at)
            file.write(byte)
            file.flush()
            os.fsync(file.fileno())

    def do(self):
        self.write(b'#')

    def mend(self):
        self.write(self.byte)


def lazy_messages(world, *bodies):
    """Persistent, and on the disk only."""
    world.start()
    world.probe().call(1, 'Queue.Declare', queue='q', durable=True, arguments=LAZY)
    for body in bodies:
        world.ok('publish', '--routing-key', 'q', '--properties', '{"delivery_mode":2}', body)
    eventually(world, lambda: counts(world)['messages_ram'] == 0)


def counts(world):
    row, = world.rows('list_queues', 'name', 'messages', 'messages_ram', 'messages_unreadable')
    return row


def eventually(world, is_true):
    end = time.monotonic() + TOOL_S
    while not is_true():
        check(time.monotonic() < end, f'{counts(world)}\n{world.node.log()}')


def take(world, count):
    return [row['payload'] for row in
            world.rows('get', 'q', '--ack-mode', 'ack', '--count', str(count))]


@case
def a_queue_goes_on_without_a_message_that_cannot_be_read(world):
    lazy_messages(world, 'first-body', 'second-body', 'third-body')
    damage = Damage(world, 'second-body')
    damage.do()
    check(take(world, 5) == ['first-body', 'third-body'], 'the others')
    eventually(world, lambda: counts(world)['messages_unreadable'] == 1)
    check(counts(world)['messages'] == 0, f'{counts(world)}')
    row, = world.rows('list_unreadable')
    check((row['queue'], row['position'], row['state']) == ('q', 1, 'held'), f'{row}')
    check(row['segment'] >= 1 and row['offset'] > 0 and row['size'] > 0, f'{row}')
    world.logs('the record of a message cannot be read')
    damage.mend()
    check('1 messages' in world.ok('retry_unreadable'), 'retry')
    check(take(world, 1) == ['second-body'], 'it is there again')
    check(world.rows('list_unreadable') == [], 'nothing is left')


@case
def it_is_there_after_a_restart(world):
    lazy_messages(world, 'first-body', 'second-body')
    damage = Damage(world, 'first-body')
    damage.do()
    check(take(world, 2) == ['second-body'], 'the other')
    eventually(world, lambda: counts(world)['messages_unreadable'] == 1)
    damage.mend()
    world.node.kill()
    world.start()
    check(take(world, 2) == ['first-body'], 'a restart tries again')


@case
def what_cannot_be_read_is_dropped_when_the_operator_says_so(world):
    lazy_messages(world, 'first-body', 'second-body', 'third-body')
    for body in ('first-body', 'second-body'):
        Damage(world, body).do()
    check(take(world, 5) == ['third-body'], 'the other')
    eventually(world, lambda: counts(world)['messages_unreadable'] == 2)
    check('0 messages' in world.ok('drop_unreadable', 'q', '7'), 'no such position')
    check('1 messages' in world.ok('drop_unreadable', 'q', '0'), 'one')
    check([row['position'] for row in world.rows('list_unreadable')] == [1], 'the other one')
    check('1 messages' in world.ok('drop_unreadable', 'q'), 'all')
    check(counts(world)['messages_unreadable'] == 0, f'{counts(world)}')
    check('is not a position' in world.fails(64, 'drop_unreadable', 'q', 'x'), 'a bad position')
    check('Queue not found' in world.fails(65, 'drop_unreadable', 'none'), 'no such queue')
    world.node.kill()
    world.start()
    check(take(world, 2) == [], 'they are gone for good')
