"""lepusctl tail: messages of a stream and traced ones, as they come."""
import json
import select
import signal
import subprocess
import time

from tool import TOOL_S, check

CASES = []
STREAM = {'x-queue-type': 'stream'}


def case(run):
    CASES.append(run)
    return run


class Follower:
    """The tool while it runs."""

    def __init__(self, world, *words):
        self.process = subprocess.Popen(world.command('tail', *words), stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()

    def line(self):
        """The next one; the suite's own time limit is what bounds it."""
        return self.process.stdout.readline().rstrip('\n')

    def ends(self):
        _, error = self.process.communicate(timeout=TOOL_S)
        return self.process.returncode, error


def stream(world, count):
    return world.filled('s', count, durable=True, arguments=STREAM)


def tail(world, *words):
    out = world.ok('tail', *words, '--formatter', 'json')
    return [json.loads(line) for line in out.splitlines()]


@case
def a_stream_is_followed(world):
    world.start()
    probe = stream(world, 3)
    with Follower(world, '--from', 'last', 's') as follower:
        check(follower.line().startswith('2 20'), 'the newest message')
        probe.publish(key='s', body=b'two words')
        line = follower.line()
        check(line.startswith('3 ') and line.endswith('key=s bytes=9 two words'), line)
        follower.process.send_signal(signal.SIGINT)
        code, error = follower.ends()
        check((code, error) == (-signal.SIGINT, ''), f'{code} {error}')
    probe.stored('s', 4)


@case
def it_begins_where_it_is_told(world):
    world.start()
    stream(world, 250)

    def offsets(*words):
        return [one['offset'] for one in tail(world, *words, '--once', 's')]
    check(offsets('--from', 'first') == list(range(250)), 'all of them, in pieces')
    check(offsets('--from', '7', '--count', '2') == [7, 8], 'an offset')
    check(offsets('--from', 'last') == [249], 'the newest')
    check(offsets('--from', '1h', '--count', '1') == [0], 'an age')
    check(offsets('--from', '2020-01-01T00:00:00Z', '--count', '1') == [0], 'a time')
    check(offsets() == [], 'what comes')
    one, = tail(world, '--from', '5', '--count', '1', 's')
    check(one['properties'] == {} and abs(one['timestamp'] / 1000 - time.time()) < 600, f'{one}')
    error = world.fails(65, 'tail', '--from', 'soon', 's')
    check("offset 'soon': expected first, last, next" in error, error)


@case
def what_cannot_be_followed_is_refused(world):
    world.start()
    world.filled('q', 1)
    error = world.fails(69, 'tail', 'q')
    check("'q' is no stream" in error and '`get`' in error, error)
    check('Queue not found' in world.fails(65, 'tail', 'none'), 'a queue that is not there')
    check('name a stream' in world.fails(64, 'tail'), 'nothing')
    check('--queue' in world.fails(64, 'tail', '--trace', 'q'), 'both')
    check('--user goes with --trace' in world.fails(64, 'tail', '--user', 'x', 'q'), 'a filter')
    check('--from goes with a stream' in world.fails(64, 'tail', '--trace', '--from', 'first'),
          'the beginning of a trace')
    for count in ('0', '-1', 'x'):
        check('no number' in world.fails(64, 'tail', f'--count={count}', 'q'), count)
    error = world.fails(69, 'tail', '--trace')
    check("virtual host '/' is not traced" in error and 'trace_on' in error, error)


@case
def a_broker_that_ends_ends_it(world):
    world.start()
    stream(world, 1)
    with Follower(world, '--from', 'first', 's') as follower:
        check(follower.line().startswith('0 '), 'the first message')
        world.node.kill()
        code, error = follower.ends()
        check(code == 69 and 'the broker' in error, f'{code} {error}')


@case
def a_queue_that_is_deleted_ends_it(world):
    world.start()
    probe = stream(world, 1)
    with Follower(world, '--from', 'first', 's') as follower:
        check(follower.line().startswith('0 '), 'the first message')
        probe.call(1, 'Queue.Delete', queue='s')
        code, error = follower.ends()
        check(code == 65 and 'not found' in error, f'{code} {error}')


@case
def traced_messages_are_followed(world):
    world.start()
    probe = world.probe()
    probe.call(1, 'Queue.Declare', queue='q')
    world.quietly('trace_on')
    with Follower(world, '--trace') as follower, \
            Follower(world, '--trace', '--queue', 'q*', '--formatter', 'json') as filtered:
        # Shards keep traces from the first question on, which these two have asked when they
        # print something.
        deadline = time.monotonic() + TOOL_S
        marks = 0
        for one in (follower, filtered):
            while not has_line(one):
                probe.publish(key='q', body=b'mark')
                marks += 1
                probe.stored('q', marks)
                check(time.monotonic() < deadline, 'nothing is traced')
        probe.publish(key='nowhere', body=b'lost')
        probe.publish(key='q', body=b'found')
        line = until(follower, 'lost')
        check(' published exchange="" key=nowhere queues= user=guest ' in line, line)
        line = json.loads(until(filtered, 'found'))
        check((line['type'], line['queues'], line['user']) == ('published', ['q'], 'guest'),
              f'{line}')
    world.quietly('trace_off')
    world.fails(69, 'tail', '--trace')


def has_line(follower):
    ready, _, _ = select.select([follower.process.stdout], [], [], 0.05)
    return bool(ready)


def until(follower, text):
    while True:
        line = follower.line()
        check(line, f'{text!r} does not come')
        if text in line:
            return line


@case
def one_who_does_not_read_costs_nothing(world):
    """The tool waits in its output; the broker has answered and holds nothing for it."""
    world.start()
    probe = world.probe()
    probe.call(1, 'Queue.Declare', queue='s', durable=True, arguments=STREAM)
    for _ in range(60):
        probe.publish(key='s', body=b'x' * 60_000)
    probe.stored('s', 60)
    with Follower(world, '--from', 'first', 's') as follower:
        check(follower.line().startswith('0 '), 'the first message')
        row, = world.rows('list_queues', 'name', 'consumers')
        deadline = time.monotonic() + TOOL_S
        while row['consumers']:
            row, = world.rows('list_queues', 'name', 'consumers')
            check(time.monotonic() < deadline, 'a consumer stays')
        check(world.messages() == {'s': 60}, 'messages of the stream')
