"""Queues of type stream through pika: offsets, filters, limits, and what streams refuse."""

import datetime
import uuid

import pika
from pika import exceptions

from harness import case, expect_equal, main, wait_until
from pika_help import channel_of, expect_channel_closed, queue_of, take

STREAM = {"x-queue-type": "stream"}


def publish(channel, queue, count, **properties):
    for number in range(count):
        channel.basic_publish("", queue, str(number).encode(), pika.BasicProperties(**properties))


def read(broker, queue, count, prefetch=50, **arguments):
    """The first `count` deliveries of a consumer of its own, acknowledged: (offset, body)."""
    with channel_of(broker) as channel:
        channel.basic_qos(prefetch_count=prefetch)
        got = []
        consumer = channel.consume(queue, inactivity_timeout=20, arguments={
            key.replace("_", "-"): value for key, value in arguments.items()})
        for method, properties, body in consumer:
            if method is None:
                raise AssertionError(f"{len(got)} of {count} messages came within 20 s")
            got.append((properties.headers["x-stream-offset"], body))
            channel.basic_ack(method.delivery_tag)
            if len(got) == count:
                return got


@case
def every_consumer_reads_everything(broker):
    with channel_of(broker) as channel:
        with queue_of(broker, channel, durable=True, arguments=STREAM) as queue:
            channel.confirm_delivery()
            publish(channel, queue, 100)
            wanted = [(number, str(number).encode()) for number in range(100)]
            for _ in range(3):
                expect_equal(read(broker, queue, 100, x_stream_offset="first"), wanted, "messages")
            declared = channel.queue_declare(queue, passive=True)
            expect_equal(declared.method.message_count, 100, "messages that are left")


@case
def consumers_begin_where_they_ask(broker):
    with channel_of(broker) as channel:
        with queue_of(broker, channel, durable=True, arguments=STREAM) as queue:
            channel.confirm_delivery()
            publish(channel, queue, 10)
            for start, first in ((7, 7), ("last", 9), ("1h", 0),
                                 (datetime.datetime(2020, 1, 1), 0)):
                got = read(broker, queue, 1, prefetch=1, x_stream_offset=start)
                expect_equal(got[0][0], first, f"offset of the first message from {start}")


@case
def without_an_offset_only_new_messages_come(broker):
    with channel_of(broker) as channel:
        with queue_of(broker, channel, durable=True, arguments=STREAM) as queue:
            channel.confirm_delivery()
            publish(channel, queue, 3)
            channel.basic_qos(prefetch_count=10)
            got = []
            channel.basic_consume(queue, lambda _c, _m, properties, body: got.append(
                (properties.headers["x-stream-offset"], body)))
            publish(channel, queue, 2, headers={"mine": 1})
            wait_until(lambda: len(got) >= 2, "two messages",
                       pause=lambda: channel.connection.process_data_events(0.1))
            expect_equal(got, [(3, b"0"), (4, b"1")], "messages")


@case
def filters_choose_messages(broker):
    with channel_of(broker) as channel:
        with queue_of(broker, channel, durable=True, arguments=STREAM) as queue:
            channel.confirm_delivery()
            for region in ("emea", "apac", "amer"):
                publish(channel, queue, 2, headers={"x-stream-filter-value": region})
            publish(channel, queue, 1)
            for arguments, offsets in (
                    ({"x_stream_filter": "apac"}, [2, 3]),
                    ({"x_stream_filter": ["emea", "amer"]}, [0, 1, 4, 5]),
                    ({"x_stream_filter": "amer", "x_stream_match_unfiltered": True}, [4, 5, 6])):
                got = read(broker, queue, len(offsets), x_stream_offset="first", **arguments)
                expect_equal([offset for offset, _ in got], offsets, str(arguments))


@case
def the_oldest_are_dropped(broker):
    arguments = {**STREAM, "x-max-length-bytes": 1000}
    with channel_of(broker) as channel:
        with queue_of(broker, channel, durable=True, arguments=arguments) as queue:
            channel.confirm_delivery()
            for number in range(30):
                channel.basic_publish("", queue, bytes([number]) * 100)
            got = read(broker, queue, 10, x_stream_offset="first")
            expect_equal([offset for offset, _ in got], list(range(20, 30)), "offsets")


@case
def a_whole_window_is_credit(broker):
    """Whatever a settled message was answered with: it stays, the next one comes."""
    with channel_of(broker) as channel:
        with queue_of(broker, channel, durable=True, arguments=STREAM) as queue:
            channel.confirm_delivery()
            publish(channel, queue, 6)
            channel.basic_qos(prefetch_count=2)
            offsets = []
            for method, properties, _ in channel.consume(
                    queue, inactivity_timeout=20, arguments={"x-stream-offset": "first"}):
                offsets.append(properties.headers["x-stream-offset"])
                answer = len(offsets) % 3
                if answer == 0:
                    channel.basic_ack(method.delivery_tag)
                else:
                    channel.basic_nack(method.delivery_tag, requeue=answer == 1)
                if len(offsets) == 6:
                    break
            expect_equal(offsets, list(range(6)), "offsets")


@case
def a_shared_limit_works_too(broker):
    with channel_of(broker) as channel:
        with queue_of(broker, channel, durable=True, arguments=STREAM) as queue:
            channel.confirm_delivery()
            publish(channel, queue, 9)
            channel.basic_qos(prefetch_count=3, global_qos=True)
            got = []
            for method, properties, _ in channel.consume(
                    queue, inactivity_timeout=20, arguments={"x-stream-offset": 4}):
                got.append(properties.headers["x-stream-offset"])
                channel.basic_ack(method.delivery_tag)
                if len(got) == 5:
                    break
            expect_equal(got, [4, 5, 6, 7, 8], "offsets")


def read_as(broker, queue, tag, count, settle=None):
    """The offsets that a consumer with this tag gets first; the broker keeps where it is."""
    with channel_of(broker) as channel:
        channel.basic_qos(prefetch_count=50)
        got = []

        def on_message(_, method, properties, body):
            got.append(properties.headers["x-stream-offset"])
            (settle or channel.basic_ack)(method.delivery_tag)

        channel.basic_consume(queue, on_message, consumer_tag=tag, arguments={
            "x-stream-automatic-offset-tracking": True})
        wait_until(lambda: len(got) >= count, f"{count} messages",
                   pause=lambda: channel.connection.process_data_events(0.05))
        return got


@case
def the_broker_keeps_the_offset_of_a_named_consumer(broker):
    with channel_of(broker) as channel:
        with queue_of(broker, channel, durable=True, arguments=STREAM) as queue:
            channel.confirm_delivery()
            publish(channel, queue, 10)
            expect_equal(read_as(broker, queue, "billing", 10), list(range(10)), "the first time")
            publish(channel, queue, 3)
            expect_equal(read_as(broker, queue, "billing", 3), [10, 11, 12], "the second time")
            expect_equal(read_as(broker, queue, "audit", 13), list(range(13)), "another name")
            publish(channel, queue, 1)
            # It goes without settling anything.
            expect_equal(read_as(broker, queue, "billing", 1, settle=lambda tag: None), [13],
                         "not settled")
            expect_equal(read_as(broker, queue, "billing", 1), [13], "again")


@case
def deliveries_to_classic_queues_have_no_offset(broker):
    with channel_of(broker) as channel, queue_of(broker, channel) as classic:
        with queue_of(broker, channel, durable=True, arguments=STREAM) as stream:
            exchange = broker.name("both")
            channel.exchange_declare(exchange, "fanout", auto_delete=True)
            channel.queue_bind(classic, exchange)
            channel.queue_bind(stream, exchange)
            channel.confirm_delivery()
            channel.basic_publish(exchange, "k", b"both", pika.BasicProperties(headers={"a": 1}))
            _, properties, _ = take(channel, classic, 1, auto_ack=True)[0]
            expect_equal(properties.headers, {"a": 1}, "headers")
            expect_equal(read(broker, stream, 1, x_stream_offset="first"), [(0, b"both")], "stream")


@case
def what_streams_refuse(broker):
    name = f"queue '{{}}' in vhost '/'"
    with channel_of(broker) as setup:
        with queue_of(broker, setup, durable=True, arguments=STREAM) as queue:
            title = name.format(queue)
            with channel_of(broker) as channel:
                expect_channel_closed(
                    406, f"PRECONDITION_FAILED - consumer prefetch count is not set for stream "
                    f"{title}", lambda: channel.basic_consume(queue, print))
            with channel_of(broker) as channel:
                channel.basic_qos(prefetch_count=1)
                expect_channel_closed(
                    406, f"PRECONDITION_FAILED - invalid arg 'x-stream-offset' for {title}: "
                    "'never' is none of first, last, next, an offset, a timestamp, an age like 1h",
                    lambda: channel.basic_consume(queue, print,
                                                  arguments={"x-stream-offset": "never"}))
            for text, action in (
                    (f"automatic acknowledgement not supported by stream {title}",
                     lambda channel: channel.basic_consume(queue, print, auto_ack=True)),
                    (f"basic.get not supported by stream queues {title}",
                     lambda channel: channel.basic_get(queue)),
                    (f"queue.purge not supported by stream queues {title}",
                     lambda channel: channel.queue_purge(queue))):
                try:
                    with channel_of(broker) as channel:
                        channel.basic_qos(prefetch_count=1)
                        action(channel)
                    raise AssertionError(f"not refused: {text}")
                except exceptions.ConnectionClosedByBroker as error:
                    expect_equal((error.reply_code, error.reply_text),
                                 (540, f"NOT_IMPLEMENTED - {text}"), "refusal")
    for arguments, properties, text in (
            ({}, {"exclusive": True}, "invalid property 'exclusive-owner' for {}"),
            ({}, {}, "invalid property 'non-durable' for {}"),
            ({"x-max-length": 5}, {"durable": True},
             "invalid arg 'x-max-length' for {} of queue type rabbit_stream_queue")):
        queue = f"e2e.refused.{uuid.uuid4().hex}"
        with channel_of(broker) as channel:
            expect_channel_closed(
                406, "PRECONDITION_FAILED - " + text.format(name.format(queue)),
                lambda: channel.queue_declare(queue, arguments={**STREAM, **arguments},
                                              **properties))


main()
