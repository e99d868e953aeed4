"""Looks into every queue after a restart and lets the model judge what is there.

For each queue: its length is asked, it is consumed without limit until that many messages have
come, and its length must then be 0. Nothing else is connected, so that is all there is, in the
order the queue has it. Then either everything is given back (the channels end) for the next round,
or everything is acknowledged and the acknowledgements fenced.
"""
import topology
from loop import Connection, Gone, Loop, Refused
from model import MUST
from roles import Settling, seen_of

DELIVERIES_S = 20


class Look:
    """One queue seen through one channel."""

    def __init__(self, connection, name):
        self.name, self.seen = name, []
        self.channel = connection.channel()
        self.channel.on_delivery = lambda content: self.seen.append(seen_of(content))
        self.length = self.ask_length()
        self.channel.call('Basic.Consume', queue=name)

    def ask_length(self):
        return self.channel.call('Queue.Declare', queue=self.name,
                                 passive=True)['message_count']

    def is_complete(self):
        return (len(self.seen) >= self.length or self.channel.refused is not None
                or self.channel.connection.gone)


def open_looks(connection, model):
    looks = {}
    for name in model.queues:
        if model.objects.get(('queue', name)) != MUST:
            continue     # topology.check found it absent; its messages count as not there
        try:
            looks[name] = Look(connection, name)
        except Refused as refused:
            model.violations.add('topology', f'queue {name}: {refused}')
    return looks


def acknowledge(look, model):
    """Everything that was seen, at once, and the answer that says it was processed."""
    if not look.seen:
        return
    settling = Settling(look.channel, model, look.name)
    look.channel.send('Basic.Ack', delivery_tag=len(look.seen), multiple=True)
    settling.settled(list(model.queue(look.name).copies.values()))
    look.ask_length()
    model.settle_processed(settling.sent)


def judge_transactions(model, found):
    """How many commits that were on the way at the kill came through in part. AMQP lets a broker
    do that over several queues, and RabbitMQ's documentation says so, hence it is only counted."""
    torn = 0
    for transaction in model.transactions:
        if transaction.state == 'committing':
            there = {message.id in found.get(name, ()) for message in transaction.messages
                     for name in message.queues}
            torn += len(there) == 2
    model.transactions.clear()
    return torn


def verify(port, model, clean, drain):
    """Checks everything; violations are in the model. Raises Gone when the broker went away."""
    loop, found = Loop(), {}
    try:
        connection = Connection(loop, port)
        topology.check(connection, model)
        looks = open_looks(connection, model)
        loop.run(lambda: all(look.is_complete() for look in looks.values()), DELIVERIES_S)
        for name, look in looks.items():
            left = look.ask_length()
            if len(look.seen) != look.length or left:
                model.violations.add('count', f'{name}: {look.length} messages said, '
                                     f'{len(look.seen)} delivered, {left} left')
        for name in list(model.queues):
            seen = looks[name].seen if name in looks else []
            found[name] = model.judge(name, seen, clean)
        if drain:
            for look in looks.values():
                acknowledge(look, model)
        return judge_transactions(model, found)
    except Refused as refused:
        raise Gone(f'the broker refused while verifying: {refused}') from refused
    finally:
        loop.close()
