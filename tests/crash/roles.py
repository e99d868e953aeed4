"""What the clients of a round do until the broker is killed: publish, consume, get.

Each role owns a connection. It goes on by itself: answers call the next step, and step(), called
by the loop, publishes as long as the window is open. Roles that change the topology or use
transactions are in roles_control.py.
"""
import bodies
import topology
from model import Message, Seen

PUBLISHED_MAX = 1000     # by one channel in one round: bounds what the queues collect
PUBLISHED_STEP = 20      # at one step: the others must have their turn
GETS_MAX = 600


def seen_of(content):
    """What a delivery says: its id, its flag, whether its bytes are those that were sent."""
    text = content.properties.get('message_id', '')
    id_ = bodies.parse(text)
    intact = id_ is not None and content.body == bodies.make(*id_)
    return Seen(id_ and id_[:2], content.arguments['redelivered'], intact, str(text))


def properties_of(message):
    properties = {'message_id': bodies.name(message.channel, message.number, message.size),
                  'delivery_mode': 2 if message.persistent else 1}
    if message.priority:
        properties['priority'] = message.priority
    return properties


class Publishing:
    """A confirm channel and what it has published: the part that several roles share."""

    def __init__(self, connection, model):
        self.model, self.number, self.published = model, model.new_channel(), 0
        self.channel = connection.channel()
        self.channel.call('Confirm.Select')
        self.channel.on_confirm = self.on_confirm
        self.open = {}
        self.confirmed = lambda: None

    def publish(self, exchange, key, message):
        """`message` is new; the channel gives it its number."""
        self.published += 1
        self.open[self.published] = self.model.publish(message)
        self.channel.publish(exchange, key, bodies.make(*message.id, message.size),
                             properties_of(message))

    def new(self, chance, queues, persistent=True):
        message = Message(self.number, self.published + 1, bodies.random_size(chance), queues)
        message.persistent = persistent
        return message

    def on_confirm(self, tag, multiple, positive):
        tags = [one for one in self.open if one <= tag] if multiple else [tag]
        for one in tags:
            message = self.open.pop(one)
            if positive:
                self.model.confirm(message)
        self.confirmed()


class Publisher:
    """Keeps a window of unconfirmed messages to random targets, some of them transient."""

    def __init__(self, connection, model, chance):
        self.connection, self.chance = connection, chance
        self.publishing = Publishing(connection, model)
        self.window, self.limit = chance.choice((1, 10, 50, 200)), PUBLISHED_MAX
        self.targets = [('', name, (name,)) for name in topology.DIRECT]
        self.targets += [('', topology.PRIORITY, (topology.PRIORITY,)),
                         ('fan', '', tuple(topology.FANOUT)),
                         ('chained', 'on', tuple(topology.FANOUT))]

    def start(self):
        pass

    def step(self):
        for _ in range(PUBLISHED_STEP):
            publishing = self.publishing
            if (len(publishing.open) >= self.window or publishing.published >= self.limit
                    or not self.connection.may_publish()):
                return
            exchange, key, queues = self.chance.choice(self.targets)
            message = publishing.new(self.chance, queues, self.chance.random() > 0.1)
            if key == topology.PRIORITY:
                message.priority = self.chance.randint(0, topology.PRIORITY_MAX)
            publishing.publish(exchange, key, message)


class Settling:
    """Settlements of one queue on one channel, and the fence behind them: a passive declaration of
    the queue, whose answer says that they were processed."""

    def __init__(self, channel, model, queue):
        self.channel, self.model, self.queue = channel, model, queue
        self.sent = []

    def settled(self, copies):
        self.model.settle_sent(copies)
        self.sent += copies

    def fence(self):
        fenced, self.sent = self.sent, []
        if fenced:
            self.channel.ask('Queue.Declare', lambda *_: self.model.settle_processed(fenced),
                             queue=self.queue, passive=True)


class Consumer:
    """Consumes with a limit. One by one: acks most, rejects some for good, gives some back, keeps
    some. Multiple: acks all it has, at random moments."""

    def __init__(self, connection, model, chance, queue):
        self.model, self.chance, self.queue = model, chance, queue
        self.channel = connection.channel()
        self.channel.on_delivery = self.on_delivery
        self.settling = Settling(self.channel, model, queue)
        self.multiple = False
        self.held, self.count = [], 0

    def start(self):
        self.channel.send('Basic.Qos', prefetch_count=40)
        self.channel.waiting.append(lambda *_: None)
        self.channel.ask('Basic.Consume', lambda *_: None, queue=self.queue)

    def step(self):
        pass

    def on_delivery(self, content):
        copy = self.model.arrived(self.queue, seen_of(content))
        if copy is None:
            return
        self.count += 1
        tag = content.arguments['delivery_tag']
        if self.multiple:
            self.held.append(copy)
            if self.chance.random() < 0.1:
                self.channel.send('Basic.Ack', delivery_tag=tag, multiple=True)
                self.settling.settled(self.held)
                self.held = []
        else:
            self.settle_one(copy, tag)
        if self.count % 15 == 0:
            self.settling.fence()

    def settle_one(self, copy, tag):
        kind = self.chance.random()
        if kind < 0.75:
            self.channel.send('Basic.Ack', delivery_tag=tag)
            self.settling.settled([copy])
        elif kind < 0.85:
            self.channel.send('Basic.Reject', delivery_tag=tag)
            self.settling.settled([copy])
        elif kind < 0.95:
            copy.requeued = True
            self.channel.send('Basic.Nack', delivery_tag=tag, requeue=True)


class Getter:
    """Takes messages one by one by basic.get, with an ack or without."""

    def __init__(self, connection, model, queue, no_ack):
        self.model, self.queue, self.no_ack = model, queue, no_ack
        self.channel = connection.channel()
        self.settling = Settling(self.channel, model, queue)
        self.count, self.busy = 0, False

    def start(self):
        pass

    def step(self):
        if not self.busy and self.count < GETS_MAX:
            self.busy = True
            self.model.queue(self.queue).removals_in_doubt = int(self.no_ack)
            self.channel.ask('Basic.Get', self.on_answer, queue=self.queue, no_ack=self.no_ack)

    def on_answer(self, _name, arguments, content):
        self.busy = False
        self.count += 1
        self.model.queue(self.queue).removals_in_doubt = 0
        copy = self.model.arrived(self.queue, seen_of(content)) if content else None
        if copy is None:
            return
        if self.no_ack:
            self.model.settle_sent([copy])
            self.model.settle_processed([copy])
            return
        self.channel.send('Basic.Ack', delivery_tag=arguments['delivery_tag'])
        self.settling.settled([copy])
        if self.count % 10 == 0:
            self.settling.fence()
