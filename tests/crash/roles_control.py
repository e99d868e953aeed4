"""Clients of the crash suite that change more than one thing at a time: transactions, purges,
queues deleted and declared again, durable and transient definitions.
"""
import bodies
import topology
from model import MAY, MUST, MUST_NOT, Message, Transaction
from roles import Publishing, properties_of, seen_of

TRANSACTIONS_MAX = 200
PURGES_MAX = 200
CYCLES_MAX = 200
EXTRA_KEPT = 4          # queues of earlier rounds that stay


class Transactor:
    """Publishes to and takes from its queues in transactions: most are committed, some rolled back,
    and the kill leaves one open or with its commit on the way."""

    def __init__(self, connection, model, chance):
        self.model, self.chance = model, chance
        self.number, self.published, self.count = model.new_channel(), 0, 0
        self.channel = connection.channel()
        self.transaction = None

    def start(self):
        self.channel.ask('Tx.Select', lambda *_: self.begin())

    def step(self):
        pass

    def begin(self):
        self.count += 1
        if self.count > TRANSACTIONS_MAX:
            return
        self.transaction = Transaction()
        for _ in range(self.chance.randint(1, 6)):
            self.publish()
        self.channel.ask('Basic.Get', self.on_message, queue=self.chance.choice(
            topology.TRANSACTED))

    def publish(self):
        exchange, key, queues = self.chance.choice(
            [('', name, (name,)) for name in topology.TRANSACTED]
            + [('fan', '', tuple(topology.FANOUT))])
        self.published += 1
        message = Message(self.number, self.published, bodies.random_size(self.chance), queues)
        self.model.publish(message, self.transaction)
        self.channel.publish(exchange, key, bodies.make(*message.id, message.size),
                             properties_of(message))

    def on_message(self, _name, arguments, content):
        if content:
            queue = content.arguments['routing_key']
            copy = self.model.arrived(queue, seen_of(content))
            if copy:
                self.channel.send('Basic.Ack', delivery_tag=arguments['delivery_tag'])
                self.transaction.settles.append(copy)
        if self.chance.random() < 0.75:
            self.model.commit_sent(self.transaction)
            self.channel.ask('Tx.Commit', self.on_commit)
        else:
            self.transaction.state = 'rolled back'
            self.channel.ask('Tx.Rollback', lambda *_: self.begin())

    def on_commit(self, *_):
        self.model.committed(self.transaction)
        self.begin()


class Purger:
    """Publishes to a queue of its own and purges it now and then, all on one channel: what was
    published before the purge is gone, what comes after stays."""

    def __init__(self, connection, model, chance):
        self.model, self.chance = model, chance
        self.publishing = Publishing(connection, model)
        self.count = 0

    def start(self):
        self.publish()

    def step(self):
        pass

    def publish(self):
        self.count += 1
        for _ in range(self.chance.randint(1, 8)):
            self.publishing.publish('', topology.PURGED, self.publishing.new(
                self.chance, (topology.PURGED,)))
        copies = [copy for copy in self.model.queue(topology.PURGED).copies.values()
                  if copy.settled is None]
        self.model.settle_sent(copies)
        self.publishing.channel.ask('Queue.Purge', lambda *_: self.on_purged(copies),
                                    queue=topology.PURGED)

    def on_purged(self, copies):
        self.model.settle_processed(copies)
        for _ in range(self.chance.randint(1, 8)):
            self.publishing.publish('', topology.PURGED, self.publishing.new(
                self.chance, (topology.PURGED,)))
        self.publishing.confirmed = self.on_confirmed

    def on_confirmed(self):
        """Once what stays is confirmed, it is sometimes left for the restart."""
        if not self.publishing.open and self.count < PURGES_MAX:
            self.publishing.confirmed = lambda: None
            self.publish()


class Cycler:
    """One name, many queues: declares, publishes, deletes, declares again."""

    def __init__(self, connection, model, chance):
        self.model, self.chance, self.count = model, chance, 0
        self.publishing = Publishing(connection, model)
        self.object = 'queue', topology.CYCLED

    def start(self):
        self.declare()

    def step(self):
        pass

    def declare(self):
        if self.model.objects.get(self.object) != MUST:
            self.model.objects[self.object] = MAY
        self.publishing.channel.ask('Queue.Declare', self.on_declared, queue=topology.CYCLED,
                                    durable=True)

    def on_declared(self, *_):
        self.model.objects[self.object] = MUST
        for _ in range(self.chance.randint(1, 10)):
            self.publishing.publish('', topology.CYCLED, self.publishing.new(
                self.chance, (topology.CYCLED,)))
        self.publishing.confirmed = self.on_confirmed

    def on_confirmed(self):
        self.count += 1
        if self.publishing.open or self.chance.random() < 0.2:
            return
        self.publishing.confirmed = lambda: None
        self.model.objects[self.object] = MAY
        self.model.settle_sent(self.model.queue(topology.CYCLED).copies.values())
        self.publishing.channel.ask('Queue.Delete', self.on_deleted, queue=topology.CYCLED)

    def on_deleted(self, *_):
        self.model.objects[self.object] = MUST_NOT
        self.model.queue_deleted(topology.CYCLED)
        if self.count < CYCLES_MAX:
            self.declare()


class Declarer:
    """Definitions: a durable queue and exchange a round, bound and used, an old one deleted, and
    ones that must not outlive the broker. Older queues are published to through their binding."""

    def __init__(self, connection, model, chance, round_number):
        self.model, self.chance, self.round = model, chance, round_number
        self.publishing = Publishing(connection, model)
        self.channel = self.publishing.channel
        self.steps = []

    def start(self):
        self.extra = f'extra.{self.round}'
        older = sorted((name for kind, name in self.model.objects
                        if kind == 'queue' and name.startswith('extra.')
                        and name in self.model.bound),
                       key=lambda name: int(name.split('.')[1]))
        self.steps = [
            ('queue', self.extra, MUST, 'Queue.Declare', {'queue': self.extra, 'durable': True}),
            (None, self.extra, MUST, 'Queue.Bind',
             {'queue': self.extra, 'exchange': 'kept', 'routing_key': f'{self.extra}.#'}),
            ('queue', f'transient.{self.round}', MUST_NOT, 'Queue.Declare',
             {'queue': f'transient.{self.round}'}),
            ('queue', f'exclusive.{self.round}', MUST_NOT, 'Queue.Declare',
             {'queue': f'exclusive.{self.round}', 'exclusive': True, 'durable': True}),
            ('exchange', f'passing.{self.round}', MUST_NOT, 'Exchange.Declare',
             {'exchange': f'passing.{self.round}', 'type': 'direct'}),
            ('exchange', f'durable.{self.round}', MUST, 'Exchange.Declare',
             {'exchange': f'durable.{self.round}', 'type': 'headers', 'durable': True})]
        for name in older[:-EXTRA_KEPT]:
            self.steps.append(('queue', name, MUST_NOT, 'Queue.Delete', {'queue': name}))
        gone = f'durable.{self.round - EXTRA_KEPT}'
        if ('exchange', gone) in self.model.objects:
            self.steps.append(('exchange', gone, MUST_NOT, 'Exchange.Delete', {'exchange': gone}))
        for name in older[-EXTRA_KEPT:]:
            self.publish(name)
        self.next_step()

    def step(self):
        pass

    def publish(self, queue):
        self.publishing.publish('kept', f'{queue}.any', self.publishing.new(self.chance, (queue,)))

    def next_step(self):
        if not self.steps:
            return
        kind, name, after, method, arguments = self.steps.pop(0)
        if kind:
            self.model.objects[kind, name] = MUST_NOT if after == MUST_NOT and method.endswith(
                'Declare') else MAY
        if method == 'Queue.Delete':
            self.model.settle_sent(self.model.queue(name).copies.values())

        def done(*_):
            if kind:
                self.model.objects[kind, name] = after
            if method == 'Queue.Delete':
                self.model.queue_deleted(name)
            if method == 'Queue.Bind':
                self.model.bound.add(name)
                self.publish(name)
            self.next_step()
        self.channel.ask(method, done, **arguments)
