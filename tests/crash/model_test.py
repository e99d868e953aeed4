#!/usr/bin/env python3
"""The oracle's own test: plants each kind of violation and expects it to be found, and the cases
that are allowed and must not be reported.

    tests/crash/model_test.py        ends with `N passed, N failed`
"""
import sys
import traceback

from model import IN_DOUBT, Message, Model, Seen, Transaction


class Case:
    """A model with one queue `q`, and a clock-true way to do things to it."""

    def __init__(self, queues=('q',)):
        self.model, self.queues, self.count = Model(), queues, 0

    def publish(self, confirmed=True, persistent=True, priority=0, transaction=None):
        self.count += 1
        message = Message(1, self.count, 10, self.queues)
        message.persistent, message.priority = persistent, priority
        self.model.publish(message, transaction)
        if confirmed:
            self.model.confirm(message)
        return message

    def copy(self, message, queue='q'):
        return self.model.queues[queue].copies[message.id]

    def settle(self, message, processed=True):
        copy = self.copy(message)
        self.model.settle_sent([copy])
        if processed:
            self.model.settle_processed([copy])

    def restart(self, *messages, clean=False, redelivered=True, intact=True):
        seen = [Seen(message.id, redelivered, intact, str(message)) for message in messages]
        self.model.judge('q', seen, clean)
        kinds = sorted(self.model.violations.lines)
        self.model.violations.lines.clear()
        return kinds


def test_confirmed():
    case = Case()
    one, two = case.publish(), case.publish(confirmed=False)
    assert case.restart() == ['lost']
    case = Case()
    one, two = case.publish(), case.publish(confirmed=False)
    assert case.restart(one) == []
    assert case.restart(one, two) == ['came back']     # dropped by the first recovery
    assert case.restart() == ['lost']


def test_seen_once_stays():
    case = Case()
    one = case.publish(confirmed=False)
    assert case.restart(one) == []
    assert case.restart() == ['lost']


def test_content():
    case = Case()
    one = case.publish()
    assert case.restart(one, one) == ['duplicate']
    assert case.restart(one, intact=False) == ['damaged']
    assert case.restart(one, Message(9, 9, 9, ('q',))) == ['unknown']
    other = Case(queues=('elsewhere',)).publish()
    case.model.messages[(1, 77)] = other
    other.number = 77
    assert case.restart(one, other) == ['unknown']     # sent, but to another queue


def test_order():
    case = Case()
    one, two, three = case.publish(), case.publish(), case.publish()
    assert case.restart(one, three, two) == ['order']
    case.copy(two).requeued = True
    assert case.restart(one, three, two) == []
    high = case.publish(priority=3)
    assert case.restart(one, two, three, high) == ['order']
    assert case.restart(high, one, two, three) == []


def test_settled():
    case = Case()
    one = case.publish()
    case.settle(one)
    assert case.restart(one) == []                     # processed, maybe not written
    case = Case()
    one, two = case.publish(), case.publish()
    case.settle(one)
    assert case.restart(one, two) == []                # two was sent before the settlement
    case = Case()
    one = case.publish()
    case.settle(one)
    two = case.publish()
    assert case.restart(one, two) == ['came back']     # two's confirm covers the settlement
    case = Case()
    one = case.publish()
    case.settle(one, processed=False)
    two = case.publish()
    assert case.copy(one).settled == IN_DOUBT and case.restart(one, two) == []
    case = Case()
    one = case.publish()
    case.settle(one)
    case.publish(persistent=False)
    assert case.restart(one) == []                     # a transient one's confirm proves nothing
    case = Case()
    one = case.publish()
    case.settle(one)
    assert case.restart(one, clean=True) == ['came back']


def test_transient():
    case = Case()
    assert case.restart(case.publish(persistent=False)) == ['came back']
    case.publish(persistent=False)
    assert case.restart() == []


def test_transactions():
    def begun():
        case, transaction = Case(), Transaction()
        kept = case.publish()
        inside = case.publish(confirmed=False, transaction=transaction)
        transaction.settles.append(case.copy(kept))
        return case, transaction, kept, inside
    case, transaction, kept, inside = begun()
    assert case.restart(kept, inside) == ['came back']
    case, transaction, kept, inside = begun()
    assert case.restart() == ['lost']                  # its ack was never committed
    case, transaction, kept, inside = begun()
    case.model.commit_sent(transaction)
    assert case.restart(kept, inside) == []
    case, transaction, kept, inside = begun()
    case.model.commit_sent(transaction)
    case.model.committed(transaction)
    assert case.restart(kept) == ['lost']
    case, transaction, kept, inside = begun()
    transaction.state = 'rolled back'
    assert case.restart(kept, inside) == ['came back']


def test_redelivered():
    case = Case()
    one = case.publish()
    assert case.restart(one, redelivered=False) == []  # nobody had it yet
    assert case.restart(one, redelivered=False) == []  # nothing says that the note is durable
    assert case.restart(one, redelivered=False, clean=True) == ['redelivered']
    two = case.publish()
    assert case.restart(one, two, redelivered=False) == ['redelivered']  # of one, not of two
    assert not case.model.violations


def test_arrivals():
    case = Case()
    one = case.publish()
    seen = Seen(one.id, False, True, str(one))
    assert case.model.arrived('q', seen) is case.copy(one)
    case.settle(one)
    assert case.model.arrived('q', seen) is None
    assert list(case.model.violations.lines) == ['came back']


def test_get_without_ack():
    case = Case()
    case.publish()
    case.model.queue('q').removals_in_doubt = 1
    assert case.restart() == []
    case = Case()
    case.publish()
    case.publish()
    case.model.queue('q').removals_in_doubt = 1
    assert case.restart() == ['lost']


def test_deleted_queue():
    case = Case()
    one = case.publish()
    case.model.queue_deleted('q')
    assert case.restart(one) == ['came back']


def main():
    passed = failed = 0
    for name, test in sorted(globals().items()):
        if not name.startswith('test_'):
            continue
        try:
            test()
            passed += 1
        except AssertionError:
            failed += 1
            print(f'FAILED {name}')
            traceback.print_exc(file=sys.stdout)
    print(f'{passed} passed, {failed} failed')
    return 1 if failed or not passed else 0


if __name__ == '__main__':
    sys.exit(main())
