"""Delayed messages, deduplication, history and at-least-once dead letters, seen through pika."""

import contextlib
import time

import pika

from harness import case, expect_equal, main, wait_until
from pika_help import channel_of, expect_channel_closed, queue_of

DEDUPLICATING = {"x-message-deduplication": True}


@contextlib.contextmanager
def exchange_of(broker, channel, kind, arguments):
    name = broker.name("forward")
    channel.exchange_declare(name, kind, arguments=arguments)
    yield name
    channel.exchange_delete(name)


def headers(**fields):
    return pika.BasicProperties(headers={key.replace("_", "-"): value
                                         for key, value in fields.items()})


def count_of(channel, queue):
    return channel.queue_declare(queue, passive=True).method.message_count


def bodies(channel, queue):
    found = []
    while True:
        method, _, body = channel.basic_get(queue, auto_ack=True)
        if method is None:
            return found
        found.append(body.decode())


@case
def delayed_messages_come_in_order_of_their_times(broker):
    with channel_of(broker) as channel, queue_of(broker, channel) as queue:
        with exchange_of(broker, channel, "x-delayed-message",
                         {"x-delayed-type": "topic"}) as name:
            channel.queue_bind(queue, name, "a.#")
            channel.confirm_delivery()
            begin = time.monotonic()
            for delay in (900, 300, 600, 0):
                channel.basic_publish(name, "a.b", str(delay), headers(x_delay=delay))
            channel.basic_publish(name, "other", "never", headers(x_delay=10))
            wait_until(lambda: count_of(channel, queue) == 4, "four messages")
            expect_equal(time.monotonic() - begin >= 0.9, True, "the longest delay")
            expect_equal(bodies(channel, queue), ["0", "300", "600", "900"], "order")


@case
def a_delayed_message_says_how_long_it_was_and_lives_from_then_on(broker):
    with channel_of(broker) as channel, queue_of(broker, channel) as queue:
        with exchange_of(broker, channel, "x-delayed-message",
                         {"x-delayed-type": "direct"}) as name:
            channel.queue_bind(queue, name, "k")
            properties = pika.BasicProperties(headers={"x-delay": 300, "mine": "kept"},
                                              expiration="200", message_id="m")
            channel.basic_publish(name, "k", b"body", properties)
            wait_until(lambda: count_of(channel, queue) == 1, "the message")
            method, found, body = channel.basic_get(queue, auto_ack=False)
            expect_equal(body, b"body", "body")
            expect_equal(found.headers, {"x-delay": -300, "mine": "kept"}, "headers")
            expect_equal((found.message_id, found.expiration), ("m", "200"), "properties")
            expect_equal(method.exchange, name, "exchange")
            channel.basic_nack(method.delivery_tag)
            wait_until(lambda: count_of(channel, queue) == 0, "its end of life")


@case
def a_delayed_exchange_needs_the_type_it_routes_as(broker):
    for arguments in ({}, {"x-delayed-type": "nope"}, {"x-delayed-type": 5}):
        with channel_of(broker) as channel:
            expect_channel_closed(
                406, "PRECONDITION_FAILED - Invalid argument, 'x-delayed-type' must be an "
                     "existing exchange type",
                lambda: channel.exchange_declare(broker.name("bad"), "x-delayed-message",
                                                 arguments=arguments))


@case
def doubles_are_dropped_by_queues_and_exchanges(broker):
    with channel_of(broker) as channel:
        with queue_of(broker, channel, arguments=DEDUPLICATING) as queue:
            channel.confirm_delivery()
            for identity in ("a", "b", "a"):
                channel.basic_publish("", queue, identity,
                                      headers(x_deduplication_header=identity))
            wait_until(lambda: count_of(channel, queue) == 2, "two messages")
            expect_equal(bodies(channel, queue), ["a", "b"], "without doubles")
        with exchange_of(broker, channel, "fanout",
                         {**DEDUPLICATING, "x-deduplication-header": "id"}) as name:
            with queue_of(broker, channel) as one, queue_of(broker, channel) as two:
                for queue in (one, two):
                    channel.queue_bind(queue, name)
                for identity in ("a", "b", "a"):
                    channel.basic_publish(name, "", identity, headers(id=identity))
                for queue in (one, two):
                    wait_until(lambda: count_of(channel, queue) == 2, "two messages in each")
                    expect_equal(bodies(channel, queue), ["a", "b"], "without doubles")


@case
def a_bad_window_is_refused(broker):
    with channel_of(broker) as channel:
        name = broker.name("bad")
        expect_channel_closed(
            406, f"PRECONDITION_FAILED - invalid arg 'x-cache-size' for queue '{name}' in vhost "
                 "'/': {value_zero,0}",
            lambda: channel.queue_declare(name, arguments={**DEDUPLICATING, "x-cache-size": 0}))


@case
def who_is_bound_later_gets_the_history(broker):
    with channel_of(broker) as channel:
        with exchange_of(broker, channel, "x-recent-history",
                         {"x-recent-history-length": 2}) as name:
            channel.confirm_delivery()
            for body in ("a", "b", "c"):
                channel.basic_publish(name, "", body)
            with queue_of(broker, channel) as queue:
                channel.queue_bind(queue, name)
                wait_until(lambda: count_of(channel, queue) == 2, "the history")
                channel.basic_publish(name, "", "d")
                wait_until(lambda: count_of(channel, queue) == 3, "what is new")
                expect_equal(bodies(channel, queue), ["b", "c", "d"], "history, then new ones")


@case
def at_least_once_waits_until_a_queue_takes_it(broker):
    with channel_of(broker) as channel:
        dead = broker.name("dead")
        arguments = {"x-queue-type": "quorum", "x-overflow": "reject-publish",
                     "x-dead-letter-strategy": "at-least-once", "x-dead-letter-exchange": "",
                     "x-dead-letter-routing-key": dead}
        with queue_of(broker, channel, durable=True, arguments=arguments) as queue:
            channel.confirm_delivery()
            channel.basic_publish("", queue, b"kept")
            method, _, _ = channel.basic_get(queue)
            channel.basic_reject(method.delivery_tag, requeue=False)
            expect_equal(count_of(channel, queue), 0, "it is not ready any more")
            channel.queue_declare(dead, durable=True)
            wait_until(lambda: count_of(channel, dead) == 1, "the dead letter")
            _, properties, _ = channel.basic_get(dead, auto_ack=True)
            expect_equal(properties.headers["x-first-death-reason"], "rejected", "reason")
            channel.queue_delete(dead)


main()
