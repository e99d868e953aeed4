"""kombu as its guides use it: pools of connections and producers, consumers with callbacks."""

import contextlib
import socket

from kombu import Connection, Consumer, Exchange, Producer, Queue
from kombu.mixins import ConsumerMixin
from kombu.pools import connections, producers

from harness import case, expect_equal, main, wait_until


def queue_for(broker, kind="direct", **arguments):
    """A queue bound to an exchange of its own; deleted by `declared`."""
    exchange = Exchange(broker.name("kombu"), kind, durable=False)
    return Queue(broker.name("kombu"), exchange, routing_key="key", **arguments)


@contextlib.contextmanager
def declared(connection, queue):
    """Declares the queue with its exchange and binding, and deletes them at the end."""
    bound = queue(connection.default_channel)
    bound.declare()
    try:
        yield bound
    finally:
        bound.delete()
        bound.exchange.delete()


def drain(connection, condition, what):
    def pause():
        with contextlib.suppress(socket.timeout):
            connection.drain_events(timeout=1)

    wait_until(condition, what, pause=pause)


@case
def producer_from_a_pool(broker):
    with Connection(broker.url) as connection, declared(connection, queue_for(broker)) as queue:
        for n in range(20):
            with producers[connection].acquire(block=True) as producer:
                producer.publish({"n": n}, exchange=queue.exchange, routing_key="key",
                                 serializer="json", declare=[queue], retry=True)
        got = []
        with connections[connection].acquire(block=True) as consuming:
            with consuming.Consumer(queue, callbacks=[lambda body, m: (got.append(body["n"]),
                                                                       m.ack())]):
                drain(consuming, lambda: len(got) == 20, "20 messages")
        expect_equal(got, list(range(20)), "bodies in order")
        producers[connection].force_close_all()
        connections[connection].force_close_all()


@case
def serializers_and_compression(broker):
    with Connection(broker.url) as connection, declared(connection, queue_for(broker)) as queue:
        producer = Producer(connection)
        document = {"list": [1, 2.5, "ünï"], "none": None, "text": "long " * 2000}
        kinds = [("json", None), ("yaml", None), ("msgpack", "zlib"), ("pickle", "bzip2"),
                 ("json", "gzip")]
        for serializer, compression in kinds:
            producer.publish(document, exchange=queue.exchange, routing_key="key",
                             serializer=serializer, compression=compression)
        for serializer, compression in kinds:
            message = queue.get(no_ack=True, accept=["json", "yaml", "msgpack", "pickle"])
            expect_equal(message.payload, document, f"{serializer} with {compression}")


@case
def several_callbacks_and_queues(broker):
    with Connection(broker.url) as connection:
        with declared(connection, queue_for(broker)) as one, \
                declared(connection, queue_for(broker)) as two:
            first, second = [], []
            consumer = Consumer(connection, [one, two], accept=["json", "text/plain"])
            consumer.register_callback(lambda body, _: first.append(body))
            consumer.register_callback(lambda body, message: (second.append(body), message.ack()))
            with consumer:
                producer = Producer(connection, routing_key="key")
                producer.publish("for one", exchange=one.exchange)
                producer.publish("for two", exchange=two.exchange)
                drain(connection, lambda: len(second) == 2, "a message of each queue")
            expect_equal(sorted(first), ["for one", "for two"], "first callback")


@case
def qos_limits_what_is_unacknowledged(broker):
    with Connection(broker.url) as connection, declared(connection, queue_for(broker)) as queue:
        producer = Producer(connection, exchange=queue.exchange, routing_key="key")
        for n in range(5):
            producer.publish(n)
        held = []
        consumer = connection.Consumer(queue, on_message=held.append)
        consumer.qos(prefetch_count=2)
        with consumer:
            drain(connection, lambda: len(held) == 2, "two messages")
            wait_until(lambda: queue.queue_declare(passive=True).message_count == 3,
                       "three messages stay in the queue at prefetch 2")
            expect_equal(len(held), 2, "messages held")
            held[0].ack()
            drain(connection, lambda: len(held) == 3, "one more after the ack")
            consumer.qos(prefetch_count=0, apply_global=True)
            consumer.qos(prefetch_count=10)
        expect_equal([m.payload for m in held], [0, 1, 2], "bodies")


@case
def global_qos_over_two_consumers(broker):
    with Connection(broker.url) as connection, declared(connection, queue_for(broker)) as queue:
        held = []
        consumer = connection.Consumer(queue, on_message=held.append)
        consumer.qos(prefetch_count=3, apply_global=True)
        other = Consumer(consumer.channel, queue, on_message=held.append)
        with consumer, other:
            producer = Producer(connection, exchange=queue.exchange, routing_key="key")
            for n in range(8):
                producer.publish(n)
            drain(connection, lambda: len(held) == 3, "three messages")
            wait_until(lambda: queue.queue_declare(passive=True).message_count == 5,
                       "five messages stay in the queue with 3 for both consumers together")
            expect_equal(len(held), 3, "messages held")
            consumer.qos(prefetch_count=6, apply_global=True)
            drain(connection, lambda: len(held) == 6, "three more after the limit was raised")


@case
def flow_and_purge(broker):
    with Connection(broker.url) as connection, declared(connection, queue_for(broker)) as queue:
        producer = Producer(connection, exchange=queue.exchange, routing_key="key")
        for n in range(7):
            producer.publish(n)
        consumer = connection.Consumer(queue)
        consumer.flow(True)
        expect_equal(consumer.purge(), 7, "messages purged through the consumer")
        expect_equal(queue.purge(), 0, "messages purged through the queue")


@case
def recover_requeues(broker):
    with Connection(broker.url) as connection, declared(connection, queue_for(broker)) as queue:
        Producer(connection).publish("again", exchange=queue.exchange, routing_key="key")
        flags = []

        def on_message(message):
            flags.append(message.delivery_info["redelivered"])
            if len(flags) == 2:
                message.ack()

        consumer = connection.Consumer(queue, on_message=on_message)
        with consumer:
            drain(connection, lambda: len(flags) == 1, "the first delivery")
            consumer.recover(requeue=True)
            drain(connection, lambda: len(flags) == 2, "the second delivery")
        expect_equal(flags, [False, True], "redelivered flags")


@case
def reject_and_requeue(broker):
    with Connection(broker.url) as connection, declared(connection, queue_for(broker)) as queue:
        producer = Producer(connection, exchange=queue.exchange, routing_key="key")
        producer.publish("kept")
        queue.get().requeue()
        message = queue.get()
        expect_equal(message.delivery_info["redelivered"], True, "redelivered after requeue")
        message.reject()
        expect_equal(queue.get(), None, "nothing left after reject")


@case
def confirmed_publish_and_return(broker):
    options = {"confirm_publish": True}
    with Connection(broker.url, transport_options=options) as connection:
        with declared(connection, queue_for(broker)) as queue:
            returned = []
            producer = Producer(connection, exchange=queue.exchange,
                                on_return=lambda error, *rest: returned.append(error.reply_code))
            producer.publish("routed", routing_key="key", mandatory=True)
            producer.publish("lost", routing_key="other", mandatory=True)
            expect_equal(returned, [312], "returns that came before the confirm")
            expect_equal(queue.get(no_ack=True).payload, "routed", "the one that was routed")


@case
def queue_with_ttl_expiry_and_limits(broker):
    """The arguments kombu has names for, declared twice: the second time must be equivalent."""
    arguments = {"expires": 30.0, "message_ttl": 20.0, "max_length": 100,
                 "max_length_bytes": 1 << 20, "max_priority": 5}
    with Connection(broker.url) as connection:
        queue = queue_for(broker, **arguments)
        with declared(connection, queue) as bound:
            bound.queue_declare()
            producer = Producer(connection, exchange=bound.exchange, routing_key="key")
            producer.publish("soon", expiration=15, priority=3)
            message = bound.get(no_ack=True)
            expect_equal(message.properties["expiration"], "15000", "expiration in ms")
            expect_equal(message.properties["priority"], 3, "priority")


@case
def fanout_and_topic_exchanges(broker):
    with Connection(broker.url) as connection:
        for kind, keys, wanted in (("fanout", ["x", ""], 2), ("topic", ["key", "other"], 1)):
            with declared(connection, queue_for(broker, kind)) as queue:
                producer = Producer(connection, exchange=queue.exchange)
                for key in keys:
                    producer.publish(key, routing_key=key)
                expect_equal(queue.purge(), wanted, f"messages routed by {kind}")


@case
def auto_declare_of_exclusive_reply_queue(broker):
    """A request with reply-to and correlation id, as in the guide to consumers."""
    with Connection(broker.url) as connection, declared(connection, queue_for(broker)) as queue:
        replies = Queue("", exclusive=True, auto_delete=True)(connection.default_channel)
        replies.declare()
        Producer(connection).publish({"ask": 21}, exchange=queue.exchange, routing_key="key",
                                     reply_to=replies.name, correlation_id="one")
        request = queue.get(no_ack=True)
        Producer(connection).publish({"answer": 2 * request.payload["ask"]}, exchange="",
                                     routing_key=request.properties["reply_to"],
                                     correlation_id=request.properties["correlation_id"])
        reply = replies.get(no_ack=True)
        expect_equal((reply.payload, reply.properties["correlation_id"]), ({"answer": 42}, "one"),
                     "the reply")


class Worker(ConsumerMixin):
    """Consumes until `wanted` messages came, the way long-running programs use kombu."""

    def __init__(self, connection, queue, wanted):
        self.connection = connection
        self.queue = queue
        self.wanted = wanted
        self.got = []

    def get_consumers(self, Consumer, channel):  # noqa: N803 - the name kombu calls it with
        return [Consumer(self.queue, callbacks=[self.on_task], prefetch_count=4)]

    def on_task(self, body, message):
        self.got.append(body)
        message.ack()
        self.should_stop = len(self.got) >= self.wanted


@case
def consumer_mixin(broker):
    with Connection(broker.url, heartbeat=10) as connection:
        with declared(connection, queue_for(broker)) as queue:
            producer = Producer(connection, exchange=queue.exchange, routing_key="key")
            for n in range(12):
                producer.publish(n)
            worker = Worker(connection.clone(), queue, 12)
            worker.run(timeout=1)
            worker.connection.release()
            expect_equal(worker.got, list(range(12)), "bodies in order")


@case
def told_off_404_and_406(broker):
    with Connection(broker.url) as connection, declared(connection, queue_for(broker)) as queue:
        name = broker.name("absent")
        try:
            Queue(name)(connection.channel()).queue_declare(passive=True)
        except connection.channel_errors as error:
            expect_equal((error.reply_code, error.reply_text),
                         (404, f"NOT_FOUND - no queue '{name}' in vhost '/'"), "passive declare")
        else:
            raise AssertionError("an absent queue was declared passively")
        try:
            Queue(queue.name, durable=False)(connection.channel()).queue_declare()
        except connection.channel_errors as error:
            expect_equal(
                (error.reply_code, error.reply_text),
                (406, f"PRECONDITION_FAILED - inequivalent arg 'durable' for queue '{queue.name}' "
                 "in vhost '/': received 'false' but current is 'true'"), "other arguments")
        else:
            raise AssertionError("a durable queue was declared as transient")


@case
def told_off_403(broker):
    wrong = f"amqp://guest:wrong@{broker.host}:{broker.port}//"
    try:
        with Connection(wrong) as connection:
            connection.ensure_connection(max_retries=1)
    except Exception as error:  # noqa: BLE001 - kombu wraps it in one of several classes
        expect_equal(getattr(error, "reply_code", 0), 403, f"reply code of {error!r}")
        return
    raise AssertionError("a wrong password was taken")


main()
