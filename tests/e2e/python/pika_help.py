"""What the programs that use pika's blocking connection share."""

import contextlib

import pika
from pika import exceptions

from harness import expect_equal


@contextlib.contextmanager
def channel_of(broker, **parameters):
    """A fresh connection with one channel, closed at the end."""
    connection = pika.BlockingConnection(
        pika.ConnectionParameters(broker.host, broker.port, **parameters)
    )
    try:
        yield connection.channel()
    finally:
        if connection.is_open:
            connection.close()


@contextlib.contextmanager
def queue_of(broker, channel, **arguments):
    """A queue with a name of its own, deleted at the end through another connection."""
    name = broker.name("pika")
    channel.queue_declare(name, **arguments)
    try:
        yield name
    finally:
        with channel_of(broker) as other:
            other.queue_delete(name)


def take(channel, queue, count, **arguments):
    """The next `count` deliveries of a consumer, as (method, properties, body)."""
    got = []
    for method, properties, body in channel.consume(queue, inactivity_timeout=20, **arguments):
        if method is None:
            raise AssertionError(f"{len(got)} of {count} messages came within 20 s")
        got.append((method, properties, body))
        if len(got) == count:
            return got


def expect_channel_closed(code, text, action):
    try:
        action()
    except exceptions.ChannelClosedByBroker as error:
        expect_equal(error.reply_code, code, "reply code")
        expect_equal(error.reply_text, text, "reply text")
        return
    raise AssertionError(f"channel not closed, {code} {text!r} wanted")
