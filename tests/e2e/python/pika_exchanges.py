"""Exchanges that give each message to one of their bindings, seen through pika."""

import contextlib

import pika

from harness import case, expect_equal, main, wait_until
from pika_help import channel_of, expect_channel_closed, queue_of

COUNT = 400


@contextlib.contextmanager
def spread(broker, channel, kind, key, arguments=None):
    """An exchange of this type with four queues bound by `key`."""
    name = broker.name("spread")
    with contextlib.ExitStack() as stack:
        queues = [stack.enter_context(queue_of(broker, channel)) for _ in range(4)]
        channel.exchange_declare(name, kind, arguments=arguments)
        for queue in queues:
            channel.queue_bind(queue, name, key)
        channel.confirm_delivery()
        yield name, queues
        channel.exchange_delete(name)


def count_of(channel, queue):
    return channel.queue_declare(queue, passive=True).method.message_count


def expect_spread(channel, queues, total):
    wait_until(lambda: sum(count_of(channel, queue) for queue in queues) == total,
               f"{total} messages, each in one queue")
    for queue in queues:
        count = count_of(channel, queue)
        if count < total // 10:
            raise AssertionError(f"{queue} got {count} of {total} messages")


@case
def each_type_spreads_by_key(broker):
    for kind in ("x-consistent-hash", "x-modulus-hash", "x-random", "x-local-random"):
        with channel_of(broker) as channel:
            with spread(broker, channel, kind, "1") as (name, queues):
                for number in range(COUNT):
                    channel.basic_publish(name, f"key.{number}", b"")
                expect_spread(channel, queues, COUNT)


@case
def consistent_hash_keeps_a_key_together(broker):
    with channel_of(broker) as channel:
        with spread(broker, channel, "x-consistent-hash", "10") as (name, queues):
            for _ in range(20):
                for key in ("one", "two"):
                    channel.basic_publish(name, key, b"")
            counts = sorted(count_of(channel, queue) for queue in queues)
            expect_equal(sum(counts), 40, "messages")
            expect_equal(all(count % 20 == 0 for count in counts), True, f"whole keys: {counts}")


@case
def consistent_hash_by_header_and_property(broker):
    with channel_of(broker) as channel:
        with spread(broker, channel, "x-consistent-hash", "1",
                    {"hash-header": "who"}) as (name, queues):
            for number in range(COUNT):
                channel.basic_publish(name, "same", b"",
                                      pika.BasicProperties(headers={"who": number}))
            expect_spread(channel, queues, COUNT)
        with spread(broker, channel, "x-consistent-hash", "1",
                    {"hash-property": "message_id"}) as (name, queues):
            for number in range(COUNT):
                channel.basic_publish(name, "same", b"",
                                      pika.BasicProperties(message_id=f"m{number}"))
            expect_spread(channel, queues, COUNT)


@case
def random_ignores_the_key(broker):
    with channel_of(broker) as channel:
        with spread(broker, channel, "x-random", "") as (name, queues):
            for _ in range(COUNT):
                channel.basic_publish(name, "same", b"")
            expect_spread(channel, queues, COUNT)


@case
def a_weight_is_a_positive_integer(broker):
    with channel_of(broker) as channel, queue_of(broker, channel) as queue:
        name = broker.name("weights")
        channel.exchange_declare(name, "x-consistent-hash", auto_delete=True)
        text = 'PRECONDITION_FAILED - The binding key must be an integer: <<"many">>'
        expect_channel_closed(406, text, lambda: channel.queue_bind(queue, name, "many"))


main()
