"""What the broker tells of itself through amq.rabbitmq.event, seen through pika."""

import contextlib

import pika
from pika import exceptions

from harness import case, expect_equal, expect_in, main
from pika_help import channel_of

EXCHANGE = "amq.rabbitmq.event"


@contextlib.contextmanager
def events_of(broker, *keys):
    """A function that waits for an event which holds these headers; in any order, as events of
    several shards have none among each other."""
    with channel_of(broker) as channel:
        queue = channel.queue_declare("", exclusive=True).method.queue
        for key in keys:
            channel.queue_bind(queue, EXCHANGE, key)
        seen = []

        def find(key, wanted):
            for event in seen:
                if event[0] == key and wanted.items() <= event[1].items():
                    seen.remove(event)
                    return event[1]
            return None

        def told(key, **wanted):
            found = find(key, wanted)
            while found is None:
                method, properties, _ = next(channel.consume(queue, auto_ack=True,
                                                             inactivity_timeout=20))
                if method is None:
                    raise AssertionError(f"no {key} with {wanted} within 20 s")
                seen.append((method.routing_key, properties.headers))
                found = find(key, wanted)
            return found

        yield told


@case
def connections_and_channels(broker):
    with events_of(broker, "connection.*", "channel.*") as told:
        name = broker.name("named")
        with channel_of(broker, client_properties={"connection_name": name}) as channel:
            connection = told("connection.created", user_provided_name=name)
            expect_equal(connection["user"], "guest", "user")
            expect_equal(connection["client_properties"]["product"],
                         "Pika Python Client Library", "product")
            opened = told("channel.created", connection=connection["pid"])
            expect_equal(opened["number"], channel.channel_number, "channel number")
        told("channel.closed", pid=opened["pid"])
        told("connection.closed", pid=connection["pid"], user_provided_name=name)


@case
def logins(broker):
    with events_of(broker, "user.authentication.*") as told:
        with channel_of(broker):
            success = told("user.authentication.success", name="guest")
            expect_equal(success["auth_mechanism"], "PLAIN", "mechanism")
        nobody = broker.name("nobody")
        with contextlib.suppress(exceptions.AMQPConnectionError):
            with channel_of(broker, credentials=pika.PlainCredentials(nobody, "x")):
                raise AssertionError("a stranger was let in")
        told("user.authentication.failure", name=nobody)


@case
def queues_bindings_and_consumers(broker):
    with events_of(broker, "queue.*", "binding.*", "consumer.*") as told:
        with channel_of(broker) as channel:
            name = broker.name("told")
            channel.queue_declare(name, arguments={"x-max-length": 5})
            created = told("queue.created", name=name)
            expect_equal(created["arguments"], {"x-max-length": 5}, "arguments")
            expect_equal(created["user_who_performed_action"], "guest", "who")
            channel.queue_bind(name, "amq.topic", "a.*")
            told("binding.created", destination_name=name, routing_key="a.*",
                      source_name="amq.topic", destination_kind="queue")
            tag = channel.basic_consume(name, lambda *_: None, arguments={"x-priority": 3})
            consumer = told("consumer.created", consumer_tag=tag, queue=name)
            expect_equal(consumer["arguments"], {"x-priority": 3}, "arguments of the consumer")
            channel.queue_delete(name)
            told("binding.deleted", destination_name=name)
            deleted = told("queue.deleted", name=name)
            expect_equal(deleted["user_who_performed_action"], "guest", "who deleted it")
            told("consumer.deleted", consumer_tag=tag)


@case
def nobody_publishes_there(broker):
    with channel_of(broker) as channel:
        channel.basic_publish(EXCHANGE, "queue.created", b"")
        try:
            channel.queue_declare("", exclusive=True)
        except exceptions.ChannelClosedByBroker as error:
            expect_equal(error.reply_code, 403, "reply code")
            expect_in("cannot publish to internal exchange", error.reply_text, "reply text")
        else:
            raise AssertionError("a client may publish events")


main()
