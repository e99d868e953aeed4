"""Quorum queues, single active consumer, limits and delays of returns, consumer timeouts: pika."""

import time

import pika
from pika import exceptions

from harness import case, expect_equal, main, wait_until
from pika_help import channel_of, expect_channel_closed, queue_of, take

QUORUM = {"x-queue-type": "quorum"}


def consume(channel, queue, **options):
    """Starts a consumer; the list that its deliveries come to, as (method, properties, body)."""
    got = []
    tag = channel.basic_consume(
        queue, lambda _c, method, properties, body: got.append((method, properties, body)),
        **options)
    return got, tag


def wait_for(channel, got, count):
    wait_until(lambda: len(got) >= count, f"{count} deliveries",
               pause=lambda: channel.connection.process_data_events(0.05))


@case
def quorum_queue_with_a_shared_limit(broker):
    """What Celery does: qos global=true on a quorum queue."""
    with channel_of(broker) as channel:
        with queue_of(broker, channel, durable=True, arguments=QUORUM) as queue:
            channel.confirm_delivery()
            for number in range(5):
                channel.basic_publish("", queue, str(number).encode())
            channel.basic_qos(prefetch_count=2, global_qos=True)
            got, _ = consume(channel, queue)
            wait_for(channel, got, 2)
            expect_equal(len(got), 2, "deliveries within the limit")
            channel.basic_ack(got[-1][0].delivery_tag, multiple=True)
            wait_for(channel, got, 4)


@case
def quorum_queue_counts_deliveries(broker):
    arguments = {**QUORUM, "x-delivery-limit": 2, "x-dead-letter-exchange": "",
                 "x-dead-letter-routing-key": None}
    with channel_of(broker) as channel, queue_of(broker, channel) as late:
        arguments["x-dead-letter-routing-key"] = late
        with queue_of(broker, channel, durable=True, arguments=arguments) as queue:
            channel.basic_publish("", queue, b"poison", pika.BasicProperties(delivery_mode=2))
            counts = []
            for method, properties, _ in channel.consume(queue, inactivity_timeout=5):
                if method is None:
                    break
                counts.append((properties.headers or {}).get("x-delivery-count"))
                channel.basic_nack(method.delivery_tag)
                if len(counts) == 3:
                    break
            expect_equal(counts, [None, 1, 2], "x-delivery-count")
            channel.cancel()
            _, properties, body = take(channel, late, 1, auto_ack=True)[0]
            expect_equal(body, b"poison", "the dead letter")
            expect_equal(properties.headers["x-death"][0]["reason"], "delivery_limit", "reason")


@case
def quorum_queue_refuses_what_it_cannot_be(broker):
    name = broker.name("refused")
    for properties, what in (({}, "non-durable"), ({"durable": True, "exclusive": True},
                                                   "exclusive-owner"),
                             ({"durable": True, "auto_delete": True}, "auto-delete")):
        with channel_of(broker) as channel:
            expect_channel_closed(
                406, f"PRECONDITION_FAILED - invalid property '{what}' for queue '{name}' in vhost "
                "'/'", lambda: channel.queue_declare(name, arguments=QUORUM, **properties))


@case
def the_next_consumer_becomes_the_active_one(broker):
    arguments = {"x-single-active-consumer": True}
    with channel_of(broker) as first, channel_of(broker) as second:
        with queue_of(broker, first, arguments=arguments) as queue:
            got_first, _ = consume(first, queue, auto_ack=True)
            got_second, _ = consume(second, queue, auto_ack=True)
            with channel_of(broker) as publisher:
                publisher.confirm_delivery()
                for number in range(4):
                    publisher.basic_publish("", queue, str(number).encode())
                wait_for(first, got_first, 4)
                first.connection.close()
                publisher.basic_publish("", queue, b"later")
                wait_for(second, got_second, 1)
                expect_equal([body for _, _, body in got_second], [b"later"], "bodies")


@case
def a_single_active_consumer_is_not_exclusive(broker):
    arguments = {"x-single-active-consumer": True}
    with channel_of(broker) as channel:
        with queue_of(broker, channel, arguments=arguments) as queue:
            expect_channel_closed(
                403, f"ACCESS_REFUSED - queue '{queue}' in vhost '/' in exclusive use",
                lambda: channel.basic_consume(queue, print, exclusive=True))


@case
def what_comes_back_rests(broker):
    arguments = {"x-delayed-retry-type": "failed", "x-delayed-retry-min": 200,
                 "x-delayed-retry-max": 200}
    with channel_of(broker) as channel:
        with queue_of(broker, channel, arguments=arguments) as queue:
            channel.basic_publish("", queue, b"again")
            got, _ = consume(channel, queue)
            wait_for(channel, got, 1)
            began = time.monotonic()
            channel.basic_nack(got[0][0].delivery_tag)
            wait_for(channel, got, 2)
            expect_equal(time.monotonic() - began >= 0.2, True, "200 ms at least")
            expect_equal(got[1][1].headers["x-delivery-count"], 1, "x-delivery-count")


@case
def what_a_full_queue_refuses_is_dead_lettered(broker):
    arguments = {"x-max-length": 1, "x-overflow": "reject-publish-dlx",
                 "x-dead-letter-exchange": "", "x-dead-letter-routing-key": None}
    with channel_of(broker) as channel, queue_of(broker, channel) as late:
        arguments["x-dead-letter-routing-key"] = late
        with queue_of(broker, channel, arguments=arguments) as queue:
            channel.confirm_delivery()
            channel.basic_publish("", queue, b"fits")
            try:
                channel.basic_publish("", queue, b"too much")
                raise AssertionError("not refused")
            except exceptions.NackError:
                pass
            _, properties, body = take(channel, late, 1, auto_ack=True)[0]
            expect_equal(body, b"too much", "the dead letter")
            expect_equal(properties.headers["x-death"][0]["reason"], "maxlen", "reason")


@case
def a_late_consumer_is_cancelled(broker):
    """Only that consumer; what it had goes on, and its late acknowledgement is no error."""
    with channel_of(broker) as channel:
        with queue_of(broker, channel, arguments={"x-consumer-timeout": 300}) as queue:
            cancelled = []
            channel.add_on_cancel_callback(cancelled.append)
            channel.basic_publish("", queue, b"slow")
            got, tag = consume(channel, queue)
            wait_for(channel, got, 1)
            wait_until(lambda: cancelled, "the consumer is cancelled",
                       pause=lambda: channel.connection.process_data_events(0.05))
            expect_equal(cancelled[0].method.consumer_tag, tag, "consumer tag")
            again, _ = consume(channel, queue)
            wait_for(channel, again, 1)
            expect_equal(again[0][0].redelivered, True, "redelivered")
            channel.basic_ack(got[0][0].delivery_tag)
            channel.basic_ack(again[0][0].delivery_tag)
            channel.queue_declare(queue, passive=True)


@case
def a_consumer_has_its_own_timeout(broker):
    with channel_of(broker) as channel, queue_of(broker, channel) as queue:
        cancelled = []
        channel.add_on_cancel_callback(cancelled.append)
        _, patient = consume(channel, queue)
        got, hasty = consume(channel, queue, arguments={"x-consumer-timeout": 200})
        for _ in range(2):
            channel.basic_publish("", queue, b"m")
        wait_until(lambda: cancelled, "one is cancelled",
                   pause=lambda: channel.connection.process_data_events(0.05))
        expect_equal([one.method.consumer_tag for one in cancelled], [hasty], "cancelled")
        expect_equal(len(got), 1, f"deliveries to {hasty}, not {patient}")


main()
