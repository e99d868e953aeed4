"""Expiry, dead letters, length limits, priorities and idle queues, seen through pika."""

import pika
from pika import exceptions

from harness import case, expect_equal, main, wait_until
from pika_help import channel_of, queue_of, take


@case
def full_queue_refuses_with_nack(broker):
    arguments = {"x-max-length": 1, "x-overflow": "reject-publish"}
    with channel_of(broker) as channel, queue_of(broker, channel, arguments=arguments) as queue:
        channel.confirm_delivery()
        channel.basic_publish("", queue, b"fits")
        try:
            for _ in range(5):
                channel.basic_publish("", queue, b"too much")
        except exceptions.NackError:
            return
        raise AssertionError("a queue with x-max-length 1 took six messages")


@case
def expiry_of_messages(broker):
    with channel_of(broker) as channel:
        arguments = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": None}
        with queue_of(broker, channel) as late:
            arguments["x-dead-letter-routing-key"] = late
            with queue_of(broker, channel, arguments=arguments) as queue:
                channel.basic_publish("", queue, b"old", pika.BasicProperties(expiration="50"))
                _, properties, body = take(channel, late, 1, auto_ack=True)[0]
                expect_equal(body, b"old", "the dead letter")
                death = properties.headers["x-death"][0]
                expect_equal((death["queue"], death["reason"], death["count"]),
                             (queue, "expired", 1), "x-death")


@case
def message_ttl_of_a_queue(broker):
    with channel_of(broker) as channel:
        with queue_of(broker, channel, arguments={"x-message-ttl": 50}) as queue:
            for _ in range(10):
                channel.basic_publish("", queue, b"short-lived")

            def is_empty():
                return channel.queue_declare(queue, passive=True).method.message_count == 0

            wait_until(is_empty, "ten messages of 50 ms expire")


@case
def idle_queue_expires(broker):
    with channel_of(broker) as channel:
        name = broker.name("idle")
        channel.queue_declare(name, arguments={"x-expires": 100})

        def is_gone():
            try:
                with channel_of(broker) as other:
                    # Every passive declare would start the time anew: a consumerless get does too,
                    # so the question is whether a publish still finds the queue.
                    other.confirm_delivery()
                    other.basic_publish("", name, b"m", mandatory=True)
                return False
            except exceptions.UnroutableError:
                return True

        wait_until(is_gone, "the queue of 100 ms is gone")


@case
def higher_priority_first(broker):
    with channel_of(broker) as channel:
        with queue_of(broker, channel, arguments={"x-max-priority": 5}) as queue:
            for priority in (1, 5, 0, 3, 9):
                channel.basic_publish("", queue, str(priority).encode(),
                                      pika.BasicProperties(priority=priority))
            got = [body for _, _, body in take(channel, queue, 5, auto_ack=True)]
            expect_equal(got, [b"5", b"9", b"3", b"1", b"0"], "bodies in order of priority")


@case
def rejected_message_is_dead_lettered(broker):
    with channel_of(broker) as channel, queue_of(broker, channel) as late:
        exchange = broker.name("dead")
        channel.exchange_declare(exchange, "topic", auto_delete=True)
        channel.queue_bind(late, exchange, "dead.#")
        arguments = {"x-dead-letter-exchange": exchange, "x-dead-letter-routing-key": "dead.r"}
        with queue_of(broker, channel, arguments=arguments) as queue:
            channel.basic_publish("", queue, b"bad")
            method, _, _ = take(channel, queue, 1)[0]
            channel.basic_reject(method.delivery_tag, requeue=False)
            channel.cancel()
            method, properties, body = take(channel, late, 1, auto_ack=True)[0]
            expect_equal((body, method.routing_key), (b"bad", "dead.r"), "the dead letter")
            death = properties.headers["x-death"][0]
            expect_equal((death["queue"], death["reason"], death["exchange"]),
                         (queue, "rejected", ""), "x-death")


@case
def oldest_goes_when_the_queue_is_full(broker):
    with channel_of(broker) as channel:
        with queue_of(broker, channel, arguments={"x-max-length": 3}) as queue:
            for n in range(10):
                channel.basic_publish("", queue, str(n).encode())
            got = [body for _, _, body in take(channel, queue, 3, auto_ack=True)]
            expect_equal(got, [b"7", b"8", b"9"], "what a queue of three keeps of ten")


main()
