"""py-amqp, the library under Celery and OpenStack, used directly."""

import contextlib
import socket

import amqp

from harness import case, expect_equal, expect_in, main, wait_until


@contextlib.contextmanager
def connected(broker, **arguments):
    """An open connection, closed at the end unless the broker has closed it."""
    settings = {"userid": "guest", "password": "guest", **arguments}
    connection = amqp.Connection(f"{broker.host}:{broker.port}", **settings)
    connection.connect()
    try:
        yield connection
    finally:
        with contextlib.suppress(amqp.AMQPError, OSError):
            connection.close()


@contextlib.contextmanager
def channel_and_queue(broker, **connection_arguments):
    """An open channel with a queue of this connection's own."""
    with connected(broker, **connection_arguments) as connection:
        channel = connection.channel()
        queue = channel.queue_declare(broker.name("pyamqp"), exclusive=True, auto_delete=False)
        yield channel, queue.queue


def drain_until(connection, condition, what):
    """Handles events of the connection until the condition holds."""
    def pause():
        with contextlib.suppress(socket.timeout):
            connection.drain_events(timeout=1)

    wait_until(condition, what, pause=pause)


def expect_error(kind, code, text, action):
    try:
        action()
    except kind as error:
        expect_equal(error.reply_code, code, "reply code")
        expect_in(text, error.reply_text, "reply text")
        return
    raise AssertionError(f"not refused, {kind.__name__} {text!r} wanted")


@case
def publish_and_consume(broker):
    with channel_and_queue(broker) as (channel, queue):
        got = []
        channel.basic_qos(0, 10, False)
        channel.basic_consume(queue, callback=lambda m: (got.append(m.body), m.channel.basic_ack(
            m.delivery_tag)))
        for n in range(100):
            channel.basic_publish(amqp.Message(f"text {n}"), routing_key=queue)
        drain_until(channel.connection, lambda: len(got) == 100, "100 messages")
        expect_equal(got, [f"text {n}" for n in range(100)], "bodies")


@case
def login_methods(broker):
    for method in ("PLAIN", "AMQPLAIN"):
        with channel_and_queue(broker, login_method=method) as (channel, queue):
            channel.basic_publish(amqp.Message(method), routing_key=queue)
            expect_equal(channel.basic_get(queue, no_ack=True).body, method, method)


@case
def confirmed_publish(broker):
    with channel_and_queue(broker, confirm_publish=True) as (channel, queue):
        for n in range(50):
            channel.basic_publish(amqp.Message(str(n), delivery_mode=2), routing_key=queue)
        expect_equal(channel.queue_purge(queue), 50, "purged after 50 confirms")


@case
def mandatory_return(broker):
    with channel_and_queue(broker) as (channel, queue):
        returned = []
        channel.events["basic_return"].add(
            lambda error, exchange, key, message: returned.append(
                (error.reply_code, error.reply_text, exchange, key, message.body)))
        channel.basic_publish(amqp.Message("lost"), routing_key=queue + ".absent", mandatory=True)
        drain_until(channel.connection, lambda: returned, "the return")
        expect_equal(returned, [(312, "NO_ROUTE", "", queue + ".absent", "lost")], "the return")


@case
def properties_of_every_type(broker):
    with channel_and_queue(broker) as (channel, queue):
        headers = {"i": 1, "neg": -(2**40), "s": "ünï", "f": 1.5, "b": True, "l": [1, "x"],
                   "t": {"a": {"b": None}}}
        channel.basic_publish(
            amqp.Message("m", content_type="text/plain", content_encoding="utf-8", priority=4,
                         application_headers=headers, correlation_id="c", reply_to="r",
                         message_id="i", app_id="e2e", type="kind"),
            routing_key=queue)
        message = channel.basic_get(queue, no_ack=True)
        expect_equal(message.headers, headers, "headers")
        for name, wanted in (("priority", 4), ("reply_to", "r"), ("type", "kind"),
                             ("message_id", "i"), ("app_id", "e2e"), ("correlation_id", "c")):
            expect_equal(message.properties[name], wanted, name)


@case
def recover_gives_again(broker):
    with channel_and_queue(broker) as (channel, queue):
        channel.basic_publish(amqp.Message("again"), routing_key=queue)
        expect_equal(channel.basic_get(queue).delivery_info["redelivered"], False, "first time")
        channel.basic_recover(requeue=True)
        second = channel.basic_get(queue)
        expect_equal(second.delivery_info["redelivered"], True, "after recover")
        channel.basic_ack(second.delivery_tag)


@case
def flow_is_answered(broker):
    with channel_and_queue(broker) as (channel, queue):
        channel.flow(True)
        channel.basic_publish(amqp.Message("flows"), routing_key=queue)
        expect_equal(channel.basic_get(queue, no_ack=True).body, "flows", "body")


@case
def flow_stops_and_goes_on(broker):
    with channel_and_queue(broker) as (channel, queue):
        got = []
        channel.basic_consume(queue, no_ack=True, callback=lambda message: got.append(message.body))
        channel.flow(False)
        for body in ("one", "two"):
            channel.basic_publish(amqp.Message(body), routing_key=queue)
        waiting = channel.queue_declare(queue, passive=True).message_count
        expect_equal((got, waiting), ([], 2), "while stopped: delivered and waiting")
        channel.flow(True)
        while len(got) < 2:
            channel.connection.drain_events(timeout=20)
        expect_equal(got, ["one", "two"], "delivered then")


@case
def transaction(broker):
    with channel_and_queue(broker) as (channel, queue):
        channel.tx_select()
        channel.basic_publish(amqp.Message("never"), routing_key=queue)
        channel.tx_rollback()
        channel.basic_publish(amqp.Message("kept"), routing_key=queue)
        channel.tx_commit()
        expect_equal(channel.basic_get(queue).body, "kept", "what was committed")
        expect_equal(channel.basic_get(queue), None, "nothing else")


@case
def heartbeats_keep_a_quiet_connection(broker):
    """The broker sends heartbeats at least every interval, and takes ours as a sign of life."""
    with connected(broker, heartbeat=3) as connection:
        expect_equal(connection.heartbeat, 3, "agreed interval")
        quiet = connection.bytes_recv  # py-amqp counts frames under this name
        wait_until(lambda: connection.bytes_recv >= quiet + 2, "two frames of heartbeat",
                   pause=lambda: heartbeat_turn(connection))
        queue = connection.channel().queue_declare("", exclusive=True).queue
        expect_equal(bool(queue), True, "the connection is of use after the quiet")


def heartbeat_turn(connection):
    with contextlib.suppress(socket.timeout):
        connection.drain_events(timeout=0.5)
    connection.heartbeat_tick(rate=2)


@case
def told_off_404(broker):
    with connected(broker) as connection:
        name = broker.name("absent")
        expect_error(amqp.NotFound, 404, f"NOT_FOUND - no queue '{name}' in vhost '/'",
                     lambda: connection.channel().queue_declare(name, passive=True))
        expect_error(amqp.NotFound, 404, f"NOT_FOUND - no queue '{name}' in vhost '/'",
                     lambda: connection.channel().queue_purge(name))
        channel = connection.channel()
        queue = channel.queue_declare("", exclusive=True).queue
        expect_error(amqp.NotFound, 404, f"NOT_FOUND - no exchange '{name}' in vhost '/'",
                     lambda: channel.queue_bind(queue, name))


@case
def told_off_406(broker):
    with channel_and_queue(broker) as (channel, queue):
        expect_error(
            amqp.PreconditionFailed, 406,
            "PRECONDITION_FAILED - inequivalent arg 'auto_delete' for queue "
            f"'{queue}' in vhost '/': received 'true' but current is 'false'",
            lambda: channel.queue_declare(queue, exclusive=True, auto_delete=True))


@case
def told_off_403_credentials(broker):
    def log_in():
        with connected(broker, password="wrong"):
            pass

    expect_error(amqp.AccessRefused, 403, "ACCESS_REFUSED - Login was refused", log_in)


@case
def told_off_403_default_exchange(broker):
    with connected(broker) as connection:
        expect_error(amqp.AccessRefused, 403,
                     "ACCESS_REFUSED - operation not permitted on the default exchange",
                     lambda: connection.channel().exchange_delete(""))


@case
def told_off_406_unknown_exchange_type(broker):
    # RabbitMQ before 3.13 closed the whole connection with 503 instead.
    with connected(broker) as connection:
        name = broker.name("strange")
        expect_error(
            amqp.PreconditionFailed, 406, "PRECONDITION_FAILED - unknown exchange type 'strange'",
            lambda: connection.channel().exchange_declare(name, "strange"))


main()
