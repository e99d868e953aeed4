#!/usr/bin/env python3
"""What is declared durable is there after a crash, what is not is gone.

    tests/restart/topology.py --broker build/release/lepus [--only TEXT]

Each case has a broker and a data directory of its own. The last line is `N passed, N failed`.
"""
import random
import resource
import sqlite3
import sys
import time

from broker import check, run_cases
from amqp_raw import method

CASES = []
WAIT_S = 20
ARGUMENTS = {'x-message-ttl': 3_600_000, 'x-max-priority': 5,
             'x-dead-letter-exchange': 'amq.fanout', 'x-max-length': 1000}


def case(run):
    CASES.append(run)
    return run


def declare_all(probe):
    """One of everything, durable and not."""
    for kind in ('direct', 'fanout', 'topic', 'headers'):
        probe.call(1, 'Exchange.Declare', exchange=f'x-{kind}', type=kind, durable=True)
    probe.call(1, 'Exchange.Declare', exchange='x-spare', type='direct', durable=True,
               arguments={'alternate-exchange': 'x-fanout'})
    probe.call(1, 'Exchange.Declare', exchange='x-transient', type='direct')
    probe.call(1, 'Queue.Declare', queue='plain', durable=True)
    probe.call(1, 'Queue.Declare', queue='rich', durable=True, auto_delete=True,
               arguments=ARGUMENTS)
    probe.call(1, 'Queue.Declare', queue='transient')
    probe.call(1, 'Queue.Declare', queue='exclusive', durable=True, exclusive=True)
    bind(probe, 'x-topic', 'plain', 'eu.*.#')
    bind(probe, 'x-headers', 'plain', '', {'x-match': 'any', 'colour': 'red', 'size': 3})
    bind(probe, 'x-fanout', 'rich', '')
    bind(probe, 'x-direct', 'transient', 'k')
    bind(probe, 'x-direct', 'exclusive', 'k')
    bind(probe, 'x-transient', 'plain', 'k')
    probe.call(1, 'Exchange.Bind', destination='x-topic', source='x-direct', routing_key='eu.a.b',
               arguments={})


def bind(probe, source, queue, key, arguments=None):
    probe.call(1, 'Queue.Bind', queue=queue, exchange=source, routing_key=key,
               arguments=arguments or {})


def arrives(probe, queue, exchange, key, properties=None):
    """A message published there is found in that queue (or not)."""
    probe.publish(exchange=exchange, key=key, properties=properties)
    probe.call(1, 'Channel.Flow', active=True)
    return probe.get(queue) is not None


def expect_durable(node):
    """Exactly the durable part of declare_all() is there and works."""
    for name in ('plain', 'rich'):
        check(node.exists('Queue', name), f'durable queue {name} is gone')
    for name in ('transient', 'exclusive'):
        check(not node.exists('Queue', name), f'queue {name} is still there')
    for name in ('x-direct', 'x-fanout', 'x-topic', 'x-headers', 'x-spare', 'amq.topic'):
        check(node.exists('Exchange', name), f'durable exchange {name} is gone')
    check(not node.exists('Exchange', 'x-transient'), 'exchange x-transient is still there')
    rich = {'queue': 'rich', 'durable': True, 'auto_delete': True}
    check(node.refusal('Queue.Declare', **rich, arguments=ARGUMENTS) == 0,
          'the same declaration is refused')
    for key in ARGUMENTS:
        other = {**ARGUMENTS, key: 'amq.direct' if key.startswith('x-dead') else 7}
        check(node.refusal('Queue.Declare', **rich, arguments=other) == 406,
              f'a declaration with another {key} is accepted')
    check(node.refusal('Queue.Declare', queue='plain') == 406, 'plain is not durable any more')
    probe = node.probe()
    check(arrives(probe, 'plain', 'x-topic', 'eu.de.berlin'), 'the topic binding is gone')
    check(not arrives(probe, 'plain', 'x-topic', 'us.de'), 'the topic binding has another key')
    check(arrives(probe, 'plain', 'x-direct', 'eu.a.b'), 'exchange to exchange is gone')
    check(arrives(probe, 'plain', 'x-headers', '', {'headers': {'size': 3}}),
          'the headers binding is gone')
    check(not arrives(probe, 'plain', 'x-headers', '', {'headers': {'size': 4}}),
          'the headers binding has other arguments')
    check(arrives(probe, 'rich', 'x-spare', 'nobody'), 'the alternate exchange is gone')


@case
def survives_sigkill(node):
    declare_all(node.start().probe())
    node.kill()
    expect_durable(node.start())


@case
def survives_a_clean_stop(node):
    declare_all(node.start().probe())
    node.stop()
    expect_durable(node.start())


@case
def survives_many_restarts(node):
    declare_all(node.start().probe())
    for _ in range(4):
        node.kill()
        node.start()
    expect_durable(node)


@case
def removals_survive(node):
    probe = node.start().probe()
    declare_all(probe)
    probe.call(1, 'Queue.Delete', queue='rich')
    probe.call(1, 'Exchange.Delete', exchange='x-direct')
    probe.call(1, 'Queue.Unbind', queue='plain', exchange='x-headers', routing_key='',
               arguments={'size': 3, 'x-match': 'any', 'colour': 'red'})
    node.kill()
    node.start()
    check(not node.exists('Queue', 'rich'), 'the deleted queue is back')
    check(not node.exists('Exchange', 'x-direct'), 'the deleted exchange is back')
    probe = node.probe()
    check(not arrives(probe, 'plain', 'x-headers', '', {'headers': {'size': 3}}),
          'the binding is back')
    check(arrives(probe, 'plain', 'x-topic', 'eu.x'), 'another binding went with it')
    # New ones of the same names have none of the old bindings.
    probe.call(1, 'Queue.Declare', queue='rich', durable=True)
    probe.call(1, 'Exchange.Declare', exchange='x-direct', type='direct', durable=True)
    check(not arrives(probe, 'rich', 'x-fanout', ''), 'rich has the bindings of an older queue')
    check(not arrives(probe, 'plain', 'x-direct', 'eu.a.b'), 'x-direct has old bindings')


@case
def fewer_and_more_shards(node):
    """Queues of a shard that is gone get another home and stay there."""
    probe = node.start(shards=2).probe()
    for number in range(20):
        probe.call(1, 'Queue.Declare', queue=f'q{number}', durable=True,
                   arguments={'x-lepus-shard': number % 2})
        bind(probe, 'amq.direct', f'q{number}', 'k')
    for shards in (1, 2):
        node.kill()
        probe = node.start(shards=shards).probe()
        for number in range(20):
            check(arrives(probe, f'q{number}', '', f'q{number}'), f'q{number} gets no message')
        probe.publish(exchange='amq.direct', key='k')
        for number in range(20):
            probe.stored(f'q{number}', 1)
            check(probe.get(f'q{number}') is not None, f'q{number} lost its binding')
    with sqlite3.connect(node.catalog) as catalog:
        check(catalog.execute('SELECT max(home) FROM queues').fetchone()[0] == 0,
              'the new homes were not recorded')


@case
def what_was_answered_is_there(node):
    """Killed in the middle of a stream of declarations, several times on one directory."""
    chance = random.Random(20260301)
    answered, sent = set(), set()
    for turn in range(5):
        probe = node.start().probe()
        names = [f't{turn}.{number}' for number in range(1000)]
        sent |= set(names)
        probe.raw(b''.join(method(1, 'Queue.Declare', queue=name, durable=True)
                           for name in names))
        for _ in range(chance.randrange(1, 500)):
            answered.add(probe.expect('Queue.DeclareOk').arguments['queue'])
        node.kill()
    with sqlite3.connect(node.catalog) as catalog:
        stored = {row[0] for row in catalog.execute('SELECT name FROM queues')}
        ids = catalog.execute('SELECT count(DISTINCT id) FROM queues').fetchone()[0]
        last_id = catalog.execute("SELECT value FROM meta WHERE name = 'last_id'").fetchone()[0]
        highest = catalog.execute('SELECT max(id) FROM queues').fetchone()[0]
    check(not answered - stored, f'{len(answered - stored)} answered declarations are lost')
    check(not stored - sent, 'there are queues nobody declared')
    check(ids == len(stored) and last_id >= highest, 'ids are not what they should be')
    probe = node.start().probe()
    for name in sorted(answered)[::50]:
        probe.call(1, 'Queue.Declare', queue=name, passive=True)


@case
def ids_are_not_used_again(node):
    """Journal records name queues by id: an id of a deleted queue stays its own for ever."""
    def newest():
        with sqlite3.connect(node.catalog) as catalog:
            return catalog.execute('SELECT max(id) FROM queues').fetchone()[0]
    probe = node.start().probe()
    for turn in range(3):
        probe.call(1, 'Queue.Declare', queue='q', durable=True)
        before = newest()
        probe.call(1, 'Queue.Delete', queue='q')
        node.kill()
        probe = node.start().probe()
        probe.call(1, 'Queue.Declare', queue='q', durable=True)
        check(newest() > before, f'turn {turn}: id {before} was given again')
        probe.call(1, 'Queue.Delete', queue='q')


@case
def people_can_read_it(node):
    """While the broker runs, and without stopping it."""
    probe = node.start().probe()
    declare_all(probe)
    with sqlite3.connect(f'file:{node.catalog}?mode=ro', uri=True) as catalog:
        rows = catalog.execute('SELECT vhost, source, destination_type, destination, routing_key'
                               ' FROM binding_list').fetchall()
        check(('/', 'x-topic', 'queue', 'plain', 'eu.*.#') in rows, f'{rows}')
        check(('/', 'x-direct', 'exchange', 'x-topic', 'eu.a.b') in rows, f'{rows}')
        check(len(rows) == 4, f'bindings of transient things are kept: {rows}')
        names = catalog.execute('SELECT name FROM queues ORDER BY name').fetchall()
        check(names == [('plain',), ('rich',)], f'{names}')
    probe.call(1, 'Queue.Declare', queue='later', durable=True)
    node.stop()


@case
def a_newer_catalog_is_refused(node):
    node.start()
    node.stop()
    with sqlite3.connect(node.catalog) as catalog:
        catalog.execute('PRAGMA user_version = 1234')
    line = node.fails_to_start()
    check('1234' in line and 'knows versions up to ' in line and node.catalog in line, line)


@case
def a_damaged_catalog_is_refused(node):
    node.start()
    node.stop()
    with open(node.catalog, 'r+b') as file:
        file.write(b'no database any more')
    line = node.fails_to_start()
    check(node.catalog in line and 'file is not a database' in line and 'backup' in line, line)


@case
def a_failing_disk_refuses_definitions(node):
    """Nobody is told that something is there which could not be stored; the broker goes on."""
    # Above the size of a journal's file, which is made before anything is declared.
    probe = node.start(shards=1, file_size_max=1_200_000,
                       settings={'journal.segment_size': '1MiB'}).probe()
    answered = set()
    answer = None
    for number in range(20_000):
        probe.send(1, 'Queue.Declare', queue=f'q{number}', durable=True)
        answer = probe.expect('Queue.DeclareOk', 'Connection.Close')
        if answer.name == 'Connection.Close':
            break
        answered.add(answer.arguments['queue'])
    check(answer.name == 'Connection.Close', 'the limit was never met')
    check(answer.arguments['reply_code'] == 506, answer)
    check('definitions cannot be stored' in node.log(), node.log())
    check(len(answered) > 20, f'only {len(answered)} queues before the limit')
    node.probe().call(1, 'Queue.Declare', queue='transient')
    unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    resource.prlimit(node.process.pid, resource.RLIMIT_FSIZE, unlimited)
    deadline = time.monotonic() + WAIT_S
    while 'definitions can be stored again' not in node.log():
        node.refusal('Queue.Declare', queue='later', durable=True)
        check(time.monotonic() < deadline, f'it is refused still\n{node.log()}')
    node.probe().call(1, 'Queue.Declare', queue='later', durable=True)
    answered.add('later')
    node.kill()
    node.start()
    with sqlite3.connect(node.catalog) as catalog:
        stored = {row[0] for row in catalog.execute('SELECT name FROM queues')}
    check(not answered - stored, f'{len(answered - stored)} answered declarations are lost')
    check(len(stored) <= len(answered) + 1, 'more was stored than was asked for')


if __name__ == '__main__':
    sys.exit(run_cases(__doc__, CASES))
