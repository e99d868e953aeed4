"""pika's blocking connection: the whole life of queues and messages, and being told off."""

import hashlib
import time

import pika
from pika import exceptions

from harness import case, expect_equal, expect_in, main
from pika_help import channel_of, expect_channel_closed, queue_of, take

NACKED_TAG = 99


@case
def server_properties(broker):
    with channel_of(broker) as channel:
        properties = channel.connection._impl.server_properties  # pika has no public name for it
        for capability in ("publisher_confirms", "exchange_exchange_bindings", "basic.nack",
                           "consumer_cancel_notify", "connection.blocked", "consumer_priorities",
                           "authentication_failure_close", "per_consumer_qos",
                           "direct_reply_to"):
            expect_equal(properties["capabilities"].get(capability), True, capability)
        for key in ("product", "version", "platform", "cluster_name"):
            expect_equal(bool(properties.get(key)), True, f"server property {key}")


@case
def publish_then_consume_in_order(broker):
    with channel_of(broker) as channel, queue_of(broker, channel) as queue:
        for n in range(300):
            channel.basic_publish("", queue, str(n).encode())
        channel.basic_qos(prefetch_count=20)
        got = []
        for method, _, body in channel.consume(queue, inactivity_timeout=20):
            if method is None:
                break
            got.append(int(body))
            channel.basic_ack(method.delivery_tag)
            if len(got) == 300:
                break
        channel.cancel()
        expect_equal(got, list(range(300)), "bodies in order")
        expect_equal(channel.queue_declare(queue, passive=True).method.message_count, 0, "left")


@case
def confirms_and_mandatory_return(broker):
    with channel_of(broker) as channel, queue_of(broker, channel) as queue:
        channel.confirm_delivery()
        for n in range(200):
            channel.basic_publish("", queue, b"x", mandatory=True)
        expect_equal(channel.queue_declare(queue, passive=True).method.message_count, 200, "ready")
        try:
            channel.basic_publish("", queue + ".absent", b"lost", mandatory=True)
        except exceptions.UnroutableError as error:
            returned = error.messages[0].method
            expect_equal((returned.reply_code, returned.reply_text), (312, "NO_ROUTE"), "return")
            expect_equal(returned.routing_key, queue + ".absent", "routing key of the return")
            return
        raise AssertionError("the unroutable message was not returned")


@case
def properties_come_back_unchanged(broker):
    headers = {"bool": True, "int": -5, "long": 2**40, "text": "ünï", "none": None,
               "list": [1, "two", {"three": 3}], "table": {"deep": {"deeper": {"deepest": 1}}}}
    sent = pika.BasicProperties(
        content_type="text/plain", content_encoding="utf-8", headers=headers, delivery_mode=2,
        priority=3, correlation_id="c-1", reply_to="somewhere", expiration="60000",
        message_id="m-1", timestamp=1700000000, type="kind", user_id="guest", app_id="e2e",
    )
    with channel_of(broker) as channel, queue_of(broker, channel) as queue:
        channel.basic_publish("", queue, b"body", sent)
        _, properties, body = take(channel, queue, 1, auto_ack=True)[0]
        expect_equal(body, b"body", "body")
        expect_equal(properties.__dict__, sent.__dict__, "properties")


@case
def large_bodies_in_many_frames(broker):
    with channel_of(broker, frame_max=8192) as channel, queue_of(broker, channel) as queue:
        sent = [bytes([size % 251]) * size for size in (0, 1, 8184, 8185, 1 << 20, 5 << 20)]
        for body in sent:
            channel.basic_publish("", queue, body)
        got = [body for _, _, body in take(channel, queue, len(sent), auto_ack=True)]
        digest = [(len(b), hashlib.sha256(b).hexdigest()) for b in got]
        wanted = [(len(b), hashlib.sha256(b).hexdigest()) for b in sent]
        expect_equal(digest, wanted, "sizes and digests of the bodies")


@case
def nack_reject_and_redelivery(broker):
    with channel_of(broker) as channel, queue_of(broker, channel) as queue:
        for body in (b"a", b"b", b"c"):
            channel.basic_publish("", queue, body)
        first = take(channel, queue, 3)
        channel.basic_nack(first[1][0].delivery_tag, multiple=True, requeue=True)
        channel.basic_reject(first[2][0].delivery_tag, requeue=False)
        channel.cancel()
        again = [channel.basic_get(queue) for _ in range(3)]
        expect_equal([body for _, _, body in again], [b"a", b"b", None], "order after the requeue")
        expect_equal([m.redelivered for m, _, _ in again[:2]], [True, True], "redelivered flags")
        expect_equal([m.message_count for m, _, _ in again[:2]], [1, 0], "messages left at get")


@case
def unacked_come_back_after_close(broker):
    with channel_of(broker) as channel, queue_of(broker, channel) as queue:
        with channel_of(broker) as other:
            channel.basic_publish("", queue, b"mine")
            expect_equal(take(other, queue, 1)[0][0].redelivered, False, "first redelivered flag")
        method, _, body = take(channel, queue, 1)[0]
        expect_equal((method.redelivered, body), (True, b"mine"), "after the first one left")
        channel.basic_ack(method.delivery_tag)


@case
def routing_by_every_exchange_type(broker):
    with channel_of(broker) as channel:
        routes = {
            "direct": ("red", {}, ["red", "blue"], [True, False]),
            "fanout": ("", {}, ["any", ""], [True, True]),
            "topic": ("*.log.#", {}, ["a.log", "a.b.log", "a.log.c.d"], [True, False, True]),
        }
        for kind, (binding, arguments, keys, wanted) in routes.items():
            exchange, queue = broker.name("exchange"), broker.name("queue")
            channel.exchange_declare(exchange, kind, auto_delete=True)
            channel.queue_declare(queue, exclusive=True)
            channel.queue_bind(queue, exchange, binding, arguments)
            for key, routed in zip(keys, wanted):
                channel.basic_publish(exchange, key, key.encode())
                _, _, body = channel.basic_get(queue, auto_ack=True)
                expect_equal(body, key.encode() if routed else None, f"{kind} with key {key}")
            channel.queue_delete(queue)


@case
def headers_and_exchange_to_exchange(broker):
    with channel_of(broker) as channel:
        source, target = broker.name("source"), broker.name("target")
        queue = channel.queue_declare("", exclusive=True).method.queue
        expect_equal(queue.startswith("amq.gen-"), True, f"name from the server, {queue}")
        channel.exchange_declare(target, "fanout", auto_delete=True)
        channel.exchange_declare(source, "headers", auto_delete=True)
        channel.queue_bind(queue, target)
        channel.exchange_bind(target, source, arguments={"x-match": "all", "a": 1, "b": "two"})
        for headers in ({"a": 1}, {"a": 1, "b": "two", "c": 3}, {"a": 2, "b": "two"}):
            channel.basic_publish(source, "", b"m", pika.BasicProperties(headers=headers))
        _, properties, _ = take(channel, queue, 1, auto_ack=True)[0]
        expect_equal(properties.headers, {"a": 1, "b": "two", "c": 3}, "headers of the one routed")
        channel.exchange_unbind(target, source, arguments={"x-match": "all", "a": 1, "b": "two"})


@case
def transactions(broker):
    with channel_of(broker) as channel, queue_of(broker, channel) as queue:
        channel.tx_select()
        channel.basic_publish("", queue, b"never")
        channel.tx_rollback()
        channel.basic_publish("", queue, b"kept")
        _, _, early = channel.basic_get(queue)
        expect_equal(early, None, "before the commit")
        channel.tx_commit()
        _, _, body = channel.basic_get(queue, auto_ack=True)
        expect_equal(body, b"kept", "after the commit")


@case
def direct_reply_to(broker):
    with channel_of(broker) as channel, queue_of(broker, channel) as queue:
        answers = []
        channel.basic_consume("amq.rabbitmq.reply-to", lambda *got: answers.append(got[3]),
                              auto_ack=True)
        channel.basic_publish("", queue, b"question",
                              pika.BasicProperties(reply_to="amq.rabbitmq.reply-to"))
        with channel_of(broker) as server:
            _, properties, _ = take(server, queue, 1, auto_ack=True)[0]
            expect_in("amq.rabbitmq.reply-to.", properties.reply_to, "rewritten reply-to")
            server.basic_publish("", properties.reply_to, b"answer")
        deadline = time.monotonic() + 20
        while not answers and time.monotonic() < deadline:
            channel.connection.process_data_events(time_limit=0.1)
        expect_equal(answers, [b"answer"], "answers")


@case
def cancelled_when_the_queue_goes(broker):
    with channel_of(broker) as channel, queue_of(broker, channel) as queue:
        cancelled = []
        channel.add_on_cancel_callback(lambda method: cancelled.append(method.method.consumer_tag))
        tag = channel.basic_consume(queue, lambda *_: None)
        with channel_of(broker) as other:
            other.queue_delete(queue)
        deadline = time.monotonic() + 20
        while not cancelled and time.monotonic() < deadline:
            channel.connection.process_data_events(time_limit=0.1)
        expect_equal(cancelled, [tag], "consumers cancelled by the broker")


@case
def told_off_404_absent_queue(broker):
    with channel_of(broker) as channel:
        name = broker.name("absent")
        expect_channel_closed(404, f"NOT_FOUND - no queue '{name}' in vhost '/'",
                              lambda: channel.queue_declare(name, passive=True))
        other = channel.connection.channel()
        expect_channel_closed(404, f"NOT_FOUND - no exchange '{name}' in vhost '/'",
                              lambda: other.exchange_declare(name, passive=True))
        third = channel.connection.channel()
        expect_equal(third.is_open, True, "the connection lives on")


@case
def told_off_404_publish_to_absent_exchange(broker):
    with channel_of(broker) as channel:
        name = broker.name("absent")
        channel.confirm_delivery()
        expect_channel_closed(404, f"NOT_FOUND - no exchange '{name}' in vhost '/'",
                              lambda: channel.basic_publish(name, "", b"m"))


@case
def told_off_406_other_arguments(broker):
    with channel_of(broker) as channel, queue_of(broker, channel) as queue:
        expect_channel_closed(
            406, f"PRECONDITION_FAILED - inequivalent arg 'durable' for queue '{queue}' in vhost "
            "'/': received 'true' but current is 'false'",
            lambda: channel.queue_declare(queue, durable=True))
        other = channel.connection.channel()
        expect_channel_closed(
            406, f"PRECONDITION_FAILED - inequivalent arg 'x-max-length' for queue '{queue}' in "
            "vhost '/': received the value '7' of type 'signedint' but current is none",
            lambda: other.queue_declare(queue, arguments={"x-max-length": 7}))
        third = channel.connection.channel()
        expect_channel_closed(
            406, "PRECONDITION_FAILED - inequivalent arg 'type' for exchange 'amq.direct' in "
            "vhost '/': received 'topic' but current is 'direct'",
            lambda: third.exchange_declare("amq.direct", "topic", durable=True))


@case
def told_off_406_unknown_tag(broker):
    with channel_of(broker) as channel:
        channel.basic_ack(NACKED_TAG)
        expect_channel_closed(406, "PRECONDITION_FAILED - unknown delivery tag 99",
                              lambda: channel.queue_declare("", exclusive=True))


@case
def told_off_405_exclusive_queue(broker):
    with channel_of(broker) as channel, channel_of(broker) as other:
        queue = channel.queue_declare("", exclusive=True).method.queue
        expect_channel_closed(
            405, f"RESOURCE_LOCKED - cannot obtain exclusive access to locked queue '{queue}' in "
            "vhost '/'. It could be originally declared on another connection or the exclusive "
            "property value does not match that of the original declaration.",
            lambda: other.queue_declare(queue, passive=True))


@case
def told_off_403_exclusive_consumer(broker):
    with channel_of(broker) as channel, queue_of(broker, channel) as queue:
        channel.basic_consume(queue, lambda *_: None, exclusive=True)
        other = channel.connection.channel()
        expect_channel_closed(
            403, f"ACCESS_REFUSED - queue '{queue}' in vhost '/' in exclusive use",
            lambda: other.basic_consume(queue, lambda *_: None))


@case
def told_off_403_reserved_name(broker):
    with channel_of(broker) as channel:
        expect_channel_closed(
            403, "ACCESS_REFUSED - queue name 'amq.mine' contains reserved prefix 'amq.*'",
            lambda: channel.queue_declare("amq.mine"))


@case
def told_off_403_bad_credentials(broker):
    try:
        with channel_of(broker, credentials=pika.PlainCredentials("guest", "wrong")):
            pass
    except exceptions.ProbableAuthenticationError as error:
        expect_in("(403) 'ACCESS_REFUSED - Login was refused using authentication mechanism PLAIN."
                  " For details see the broker logfile.'", error, "the refusal")
        return
    raise AssertionError("a wrong password was taken")


@case
def told_off_530_absent_virtual_host(broker):
    try:
        with channel_of(broker, virtual_host="absent"):
            pass
    except exceptions.ProbableAccessDeniedError as error:
        expect_in("(530) 'NOT_ALLOWED - vhost absent not found'", error, "the refusal")
        return
    raise AssertionError("a virtual host that is not there was opened")


@case
def immediate_comes_back(broker):
    """pika has no argument for `immediate`, so the frame is made by hand."""
    with channel_of(broker) as channel:
        returned = []
        channel.add_on_return_callback(lambda *got: returned.append((got[1].reply_code, got[3])))
        method = pika.spec.Basic.Publish(exchange="", routing_key="x", immediate=True)
        channel._impl._send_method(method, (pika.BasicProperties(), b"m"))
        channel.queue_declare("", exclusive=True)
        channel.connection.process_data_events()
        expect_equal(returned, [(313, b"m")], "returned")


main()
