"""The queues and exchanges of the crash suite, and whether they are there after a restart.

QUEUES are declared at the beginning and must be there for ever. What is made and deleted during the
load is noted in model.objects, as (kind, name): MUST after declare-ok, MAY while a request is on
the way, MUST_NOT after delete-ok and for what does not outlive the broker.
"""
from loop import Gone, Refused
from model import MUST, MUST_NOT

FANOUT = ['fan.1', 'fan.2', 'fan.3']
PRIORITY, PRIORITY_MAX = 'priority', 5
PURGED, CYCLED = 'purged', 'cycled'
TRANSACTED = ['tx.a', 'tx.b']
LIBRARIES = {'pika': 'library.pika', 'amqp': 'library.amqp'}
DIRECT = ['direct.a', 'direct.b', 'long-ttl', 'lazy']
QUEUES = {name: {} for name in DIRECT + FANOUT + TRANSACTED + [PURGED]}
QUEUES |= {name: {} for name in LIBRARIES.values()}
QUEUES['long-ttl'] = {'x-message-ttl': 3_600_000}
QUEUES['lazy'] = {'x-queue-mode': 'lazy'}
QUEUES[PRIORITY] = {'x-max-priority': PRIORITY_MAX}
EXCHANGES = {'fan': 'fanout', 'kept': 'topic'}
OPEN = ('exchange', 'chained')   # bound to by an exchange: it must pass on to fan after a restart


def declare(connection, model):
    """Everything that is permanent; declaring again what is there changes nothing."""
    channel = connection.channel()
    for name, kind in EXCHANGES.items():
        channel.call('Exchange.Declare', exchange=name, type=kind, durable=True)
        model.objects['exchange', name] = MUST
    channel.call('Exchange.Declare', exchange=OPEN[1], type='direct', durable=True)
    channel.call('Exchange.Bind', destination='fan', source=OPEN[1], routing_key='on')
    model.objects[OPEN] = MUST
    for name, arguments in QUEUES.items():
        channel.call('Queue.Declare', queue=name, durable=True, arguments=arguments)
        model.objects['queue', name] = MUST
        model.queue(name)
    for name in FANOUT:
        channel.call('Queue.Bind', queue=name, exchange='fan', routing_key='')


def exists(connection, kind, name):
    """Asks passively, on a channel of its own: the channel ends when there is none."""
    channel = connection.channel()
    try:
        channel.call(f'{kind.capitalize()}.Declare', passive=True, **{kind: name})
        return True
    except Refused as refused:
        if refused.code != 404:
            raise
        return False


def check(connection, model):
    """Compares the objects with what they should be, and takes what is there for the truth."""
    for (kind, name), owed in list(model.objects.items()):
        try:
            there = exists(connection, kind, name)
        except (Gone, Refused) as error:
            model.violations.add('topology', f'{kind} {name}: {error}')
            continue
        if there and owed == MUST_NOT:
            model.violations.add('topology', f'{kind} {name} is there and must not be')
        if not there and owed == MUST:
            model.violations.add('topology', f'{kind} {name} is lost')
        model.objects[kind, name] = MUST if there else MUST_NOT


def forget_absent(model):
    """Once seen absent, a name of one round need not be asked for in all later ones."""
    model.objects = {key: owed for key, owed in model.objects.items()
                     if owed != MUST_NOT or key == ('queue', CYCLED)}
    model.queues = {name: queue for name, queue in model.queues.items()
                    if queue.copies or ('queue', name) in model.objects}
