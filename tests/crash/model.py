"""What the clients of the crash suite know, and what the broker therefore owes them.

A Message is what was published; a Copy is that message in one durable queue. The model has a
logical clock: every event that a client sends or receives gets the next number, so "published
after" means "sent after the client had read the other event", never a guess from the time of day.

A copy after a restart is one of:

    must      published by a confirmed publish or a committed transaction, or found in the queue by
              an earlier verification, and not settled; also when delivered and not acknowledged
    may       not confirmed in time, or settled without proof that the settlement is durable
    must not  transient; of a transaction not committed; settled for certain; found missing by an
              earlier verification (what one recovery dropped, no later one may bring back)

A settlement (ack, reject without requeue, get without ack, purge) is durable for certain by exactly
this rule: it was processed (a synchronous method on the same channel, sent after it and about the
same queue, was answered), and a persistent message that was published to the same queue after that
answer had been read is confirmed. The broker writes both in one order, so the confirm covers the
settlement. A broker that left with exit code 0 has made every processed settlement durable as well.

The flag `redelivered` is owed by the same rule: the broker notes a delivery before it makes it, so
the note is durable when a persistent message that was published to the same queue after the
delivery had been read is confirmed, or when the broker left with exit code 0.
"""
from dataclasses import dataclass, field

IN_DOUBT = 0   # A settlement that was sent; the clock starts at 1, so no processed one has this.
MUST, MAY, MUST_NOT = 'must', 'may', 'must not'
SHOWN_MAX = 4


class Message:
    __slots__ = ('channel', 'number', 'size', 'persistent', 'priority', 'queues', 'sent',
                 'transaction')

    def __init__(self, channel, number, size, queues):
        self.channel, self.number, self.size, self.queues = channel, number, size, queues
        self.persistent, self.priority, self.sent, self.transaction = True, 0, 0, None

    @property
    def id(self):
        return self.channel, self.number

    def __str__(self):
        return f'{self.channel}.{self.number} ({self.size} bytes)'


class Copy:
    __slots__ = ('message', 'certain', 'settled', 'delivered', 'requeued')

    def __init__(self, message):
        self.message = message
        self.certain = False     # confirmed, committed, or seen after a restart
        self.settled = None      # IN_DOUBT, or the clock when it had been processed
        self.delivered = 0       # the clock when the client had first read the delivery
        self.requeued = False    # by the client: exempt from the order


class Transaction:
    """open -> committing -> committed; open -> rolled back. Copies it settles wait in `settles`."""

    def __init__(self):
        self.state, self.messages, self.settles = 'open', [], []


class Queue:
    def __init__(self, name):
        self.name = name
        self.copies = {}            # by message id: what may still be in the queue
        self.floor = 0              # the latest clock at which a now confirmed message was sent
        self.removals_in_doubt = 0  # gets without ack that were not answered


@dataclass
class Seen:
    """One delivery of the verification."""
    id: tuple
    redelivered: bool
    intact: bool
    text: str


@dataclass
class Violations:
    """What went wrong, by kind; the flag `redelivered` is counted apart."""
    lines: dict = field(default_factory=dict)

    def add(self, kind, text):
        self.lines.setdefault(kind, []).append(text)

    def count(self, kind):
        return len(self.lines.get(kind, ()))

    def __bool__(self):
        return any(kind != 'redelivered' for kind in self.lines)

    def report(self):
        for kind, lines in sorted(self.lines.items()):
            yield f'{kind}: {len(lines)}'
            yield from (f'    {line}' for line in lines[:SHOWN_MAX])
            if len(lines) > SHOWN_MAX:
                yield f'    and {len(lines) - SHOWN_MAX} more'


class Model:
    def __init__(self):
        self.clock = 0
        self.messages = {}
        self.queues = {}
        self.objects = {}        # (kind, name) of the topology: MUST, MAY or MUST_NOT exist
        self.transactions = []   # since the last verification
        self.bound = set()       # queues whose binding to `kept` was answered
        self.violations = Violations()
        self.counts = dict.fromkeys(('confirmed', 'settled', 'transactions', 'in doubt',
                                     'owed and found', 'gone for certain',
                                     'flags checked'), 0)
        self._channels = 0

    def tick(self):
        self.clock += 1
        return self.clock

    def new_channel(self):
        """A number for a publishing channel; ids of messages are unique over all rounds."""
        self._channels += 1
        return self._channels

    def queue(self, name):
        if name not in self.queues:
            self.queues[name] = Queue(name)
        return self.queues[name]

    # ---- what the clients did ----------------------------------------------------------------

    def publish(self, message, transaction=None):
        message.sent = self.tick()
        self.messages[message.id] = message
        for name in message.queues:
            self.queue(name).copies[message.id] = Copy(message)
        if transaction:
            message.transaction = transaction
            transaction.messages.append(message)
        return message

    def confirm(self, message):
        self.tick()
        self.counts['confirmed'] += 1
        for name in message.queues:
            queue = self.queues[name]
            if message.id in queue.copies:
                queue.copies[message.id].certain = True
            if message.persistent:
                queue.floor = max(queue.floor, message.sent)

    def commit_sent(self, transaction):
        transaction.state = 'committing'
        self.transactions.append(transaction)
        self.settle_sent(transaction.settles)

    def committed(self, transaction):
        transaction.state = 'committed'
        self.counts['transactions'] += 1
        self.settle_processed(transaction.settles)
        for message in transaction.messages:
            self.confirm(message)

    def settle_sent(self, copies):
        for copy in copies:
            copy.settled = IN_DOUBT

    def settle_processed(self, copies):
        """A synchronous method sent after the settlements was answered."""
        now = self.tick()
        for copy in copies:
            copy.settled = now
            self.counts['settled'] += 1

    def queue_deleted(self, name):
        """The queue is gone, and nothing that was in it may be seen again."""
        self.queues[name] = Queue(name)

    def arrived(self, name, seen):
        """A delivery while the load runs. Returns its copy, None when there is none to settle."""
        self.tick()
        copy = self.queue(name).copies.get(seen.id)
        if not self._is_sound(name, seen):
            return None
        if copy is None or copy.settled is not None:
            self.violations.add('came back', f'{name}: {seen.text} was delivered, but had left')
            return None
        transaction = copy.message.transaction
        if transaction and transaction.state in ('open', 'rolled back') and not copy.certain:
            self.violations.add('came back', f'{name}: {seen.text} was delivered, but its '
                                f'transaction was {transaction.state}')
        copy.delivered = copy.delivered or self.clock
        return copy

    # ---- what the broker owes ----------------------------------------------------------------

    def expectation(self, queue, copy, clean):
        """(must, may or must not, why). `clean`: the broker was stopped, not killed."""
        message, transaction = copy.message, copy.message.transaction
        if not message.persistent:
            return MUST_NOT, 'it is transient'
        if transaction and transaction.state in ('open', 'rolled back') and not copy.certain:
            return MUST_NOT, f'its transaction was {transaction.state}'
        if copy.settled == IN_DOUBT:
            return MAY, 'its settlement was on the way'
        if copy.settled is not None:
            if clean or copy.settled < queue.floor:
                return MUST_NOT, 'it was settled durably'
            return MAY, 'its settlement may not have been written'
        if copy.certain:
            return MUST, 'delivered, not settled' if copy.delivered else 'confirmed'
        return MAY, 'it was not confirmed'

    def _is_sound(self, name, seen):
        """Whether somebody sent it to this queue, with just these bytes."""
        message = self.messages.get(seen.id)
        if message is None or name not in message.queues:
            self.violations.add('unknown', f'{name}: {seen.text} was never sent there')
            return False
        if not seen.intact:
            self.violations.add('damaged', f'{name}: {seen.text} has other bytes than were sent')
        return True

    def judge(self, name, deliveries, clean):
        """Compares all that a queue holds after a restart with what it owes; from then on the
        model takes what was found for the truth. Returns ids found."""
        queue, found = self.queue(name), {}
        for seen in deliveries:
            if not self._is_sound(name, seen):
                continue
            if seen.id in found:
                self.violations.add('duplicate', f'{name}: {seen.text}')
                continue
            found[seen.id] = seen
            self._judge_one(queue, seen, clean)
        self._judge_order(queue, found)
        self._judge_missing(queue, found, clean)
        self._take_for_truth(queue, found)
        return found

    def _judge_one(self, queue, seen, clean):
        copy = queue.copies.get(seen.id)
        if copy is None:
            self.violations.add('came back', f'{queue.name}: {seen.text} had left the queue')
            return
        owed, why = self.expectation(queue, copy, clean)
        if owed == MUST_NOT:
            self.violations.add('came back', f'{queue.name}: {seen.text}, but {why}')
        self.counts['in doubt'] += owed == MAY
        self.counts['owed and found'] += owed == MUST
        is_flag_owed = copy.delivered and (clean or copy.delivered < queue.floor)
        self.counts['flags checked'] += bool(is_flag_owed)
        if is_flag_owed and not seen.redelivered:
            self.violations.add('redelivered', f'{queue.name}: {seen.text} had been delivered')

    def _judge_order(self, queue, found):
        """First in, first out for each publishing channel, within a priority; higher ones first."""
        latest, lowest = {}, None
        for seen in found.values():
            copy = queue.copies.get(seen.id)
            if copy is None or copy.requeued:
                continue
            message = copy.message
            if lowest is not None and message.priority > lowest:
                self.violations.add('order', f'{queue.name}: {seen.text}, priority '
                                    f'{message.priority}, after one of priority {lowest}')
            lowest = message.priority
            key = message.channel, message.priority
            if latest.get(key, 0) > message.number:
                self.violations.add('order', f'{queue.name}: {seen.text} after number '
                                    f'{latest[key]} of the same channel')
            latest[key] = max(latest.get(key, 0), message.number)

    def _judge_missing(self, queue, found, clean):
        lost = []
        for id_, copy in queue.copies.items():
            if id_ not in found:
                owed, why = self.expectation(queue, copy, clean)
                self.counts['gone for certain'] += owed == MUST_NOT
                if owed == MUST:
                    lost.append(f'{queue.name}: {copy.message} ({why})')
        if len(lost) > queue.removals_in_doubt:
            for line in lost:
                self.violations.add('lost', line)

    def _take_for_truth(self, queue, found):
        now = self.tick()
        queue.copies = {id_: copy for id_, copy in queue.copies.items() if id_ in found}
        queue.removals_in_doubt = 0
        for copy in queue.copies.values():
            copy.certain, copy.settled = True, None
            copy.delivered = copy.delivered or now
