"""aio-pika: the asyncio client, its robust connection included."""

import asyncio
import contextlib
import functools

import aio_pika
from aio_pika import DeliveryMode, ExchangeType, Message
from aiormq import exceptions

from harness import case, expect_equal, expect_in, main

WAIT_SECONDS_MAX = 20


def asynchronous(function):
    """A case written as a coroutine that takes the broker and an open channel."""
    @functools.wraps(function)
    def run(broker):
        async def with_channel():
            connection = await aio_pika.connect(broker.url)
            async with connection:
                await function(broker, await connection.channel())

        asyncio.run(asyncio.wait_for(with_channel(), 2 * WAIT_SECONDS_MAX))

    return case(run)


def own_queue(broker, channel):
    return channel.declare_queue(broker.name("aiopika"), exclusive=True)


async def expect_error(kind, text, action):
    try:
        await action
    except kind as error:
        expect_in(text, error, kind.__name__)
        return
    raise AssertionError(f"not refused, {kind.__name__} {text!r} wanted")


@asynchronous
async def publish_and_iterate(broker, channel):
    await channel.set_qos(prefetch_count=10)
    queue = await own_queue(broker, channel)
    for n in range(100):
        await channel.default_exchange.publish(Message(str(n).encode()), queue.name)
    got = []
    async with queue.iterator(timeout=WAIT_SECONDS_MAX) as messages:
        async for message in messages:
            async with message.process():
                got.append(int(message.body))
            if len(got) == 100:
                break
    expect_equal(got, list(range(100)), "bodies in order")


@asynchronous
async def confirms_in_parallel(broker, channel):
    queue = await own_queue(broker, channel)
    answers = await asyncio.gather(*(
        channel.default_exchange.publish(
            Message(b"m", delivery_mode=DeliveryMode.PERSISTENT), queue.name)
        for _ in range(300)))
    expect_equal({type(answer).__name__ for answer in answers}, {"Ack"}, "answers of the broker")
    passive = await channel.declare_queue(queue.name, passive=True)
    expect_equal(passive.declaration_result.message_count, 300, "messages in the queue")


@asynchronous
async def mandatory_return(broker, _channel):
    async with await aio_pika.connect(broker.url) as connection:
        strict = await connection.channel(on_return_raises=True)
        name = broker.name("absent")
        try:
            await strict.default_exchange.publish(Message(b"lost"), name, mandatory=True)
        except aio_pika.exceptions.DeliveryError as error:
            returned = error.message.delivery
            expect_equal((returned.reply_code, returned.reply_text, returned.routing_key),
                         (312, "NO_ROUTE", name), "the return")
            return
        raise AssertionError("the unroutable message was not returned")


@asynchronous
async def properties_and_headers(broker, channel):
    queue = await own_queue(broker, channel)
    headers = {"int": 1, "text": "ünï", "float": 2.5, "list": [1, "two"], "table": {"k": "v"}}
    sent = Message(b"body", headers=headers, content_type="text/plain", priority=2,
                   correlation_id="c", reply_to="r", message_id="m", expiration=30, type="kind",
                   app_id="e2e", user_id="guest")
    await channel.default_exchange.publish(sent, queue.name)
    got = await queue.get(no_ack=True, timeout=WAIT_SECONDS_MAX)
    expect_equal(dict(got.headers), headers, "headers")
    for name in ("content_type", "priority", "correlation_id", "reply_to", "message_id",
                 "expiration", "type", "app_id", "user_id"):
        expect_equal(getattr(got, name), getattr(sent, name), name)


@asynchronous
async def requeue_and_reject(broker, channel):
    queue = await own_queue(broker, channel)
    await channel.default_exchange.publish(Message(b"again"), queue.name)
    await (await queue.get(timeout=WAIT_SECONDS_MAX)).nack(requeue=True)
    second = await queue.get(timeout=WAIT_SECONDS_MAX)
    expect_equal((second.redelivered, second.body), (True, b"again"), "the second delivery")
    await second.reject(requeue=False)
    expect_equal(await queue.get(fail=False), None, "nothing left")


@asynchronous
async def topic_and_exchange_binding(broker, channel):
    source = await channel.declare_exchange(broker.name("s"), ExchangeType.TOPIC, auto_delete=True)
    target = await channel.declare_exchange(broker.name("t"), ExchangeType.FANOUT,
                                            auto_delete=True)
    queue = await own_queue(broker, channel)
    await queue.bind(target)
    await target.bind(source, "a.*")
    for key in ("a.b", "b.a", "a.c"):
        await source.publish(Message(key.encode()), key)
    got = [(await queue.get(no_ack=True, timeout=WAIT_SECONDS_MAX)).body for _ in range(2)]
    expect_equal(got, [b"a.b", b"a.c"], "what the binding lets through")
    await target.unbind(source, "a.*")
    await queue.delete()


@asynchronous
async def large_body(broker, channel):
    queue = await own_queue(broker, channel)
    body = bytes(range(256)) * 12_000
    await channel.default_exchange.publish(Message(body), queue.name)
    got = await queue.get(no_ack=True, timeout=WAIT_SECONDS_MAX)
    expect_equal(got.body == body, True, "3 MB come back unchanged")


@asynchronous
async def transaction(broker, channel):
    queue = await own_queue(broker, channel)
    async with await aio_pika.connect(broker.url) as connection:
        plain = await connection.channel(publisher_confirms=False)
        async with plain.transaction():
            await plain.default_exchange.publish(Message(b"kept"), queue.name)
            expect_equal(await queue.get(fail=False), None, "before the commit")
    got = await queue.get(no_ack=True, timeout=WAIT_SECONDS_MAX)
    expect_equal(got.body, b"kept", "after the commit")


@asynchronous
async def request_and_reply_by_pattern(broker, channel):
    """aio-pika's own RPC pattern: a queue for each method, one exclusive queue for replies."""
    rpc = await aio_pika.patterns.RPC.create(channel)
    method = broker.name("double")

    async def double(*, number):
        return 2 * number

    await rpc.register(method, double, auto_delete=True)
    got = await asyncio.gather(*(rpc.call(method, {"number": n}) for n in range(20)))
    expect_equal(got, [2 * n for n in range(20)], "answers")
    await rpc.close()


@asynchronous
async def robust_connection_restores_its_consumer(broker, channel):
    """The connection is lost; the client connects anew and declares and consumes as before."""
    name = broker.name("robust")
    robust = await aio_pika.connect_robust(broker.url, reconnect_interval=0.1)
    async with robust:
        mine = await robust.channel()
        queue = await mine.declare_queue(name, auto_delete=False)
        got = asyncio.Queue()

        async def on_message(message):
            await message.ack()
            await got.put(message.body)

        await queue.consume(on_message)
        await channel.default_exchange.publish(Message(b"before"), name)
        expect_equal(await asyncio.wait_for(got.get(), WAIT_SECONDS_MAX), b"before", "first")
        again = asyncio.Event()
        robust.reconnect_callbacks.add(lambda *_: again.set())
        await robust.transport.connection.close(ConnectionResetError("cut by the test"))
        await asyncio.wait_for(again.wait(), WAIT_SECONDS_MAX)
        await channel.default_exchange.publish(Message(b"after"), name)
        expect_equal(await asyncio.wait_for(got.get(), WAIT_SECONDS_MAX), b"after", "second")
    with contextlib.suppress(exceptions.ChannelNotFoundEntity):
        await channel.queue_delete(name)


@asynchronous
async def told_off_404(broker, channel):
    name = broker.name("absent")
    await expect_error(exceptions.ChannelNotFoundEntity,
                       f"NOT_FOUND - no queue '{name}' in vhost '/'",
                       channel.declare_queue(name, passive=True))


@asynchronous
async def told_off_406(broker, channel):
    queue = await own_queue(broker, channel)
    await expect_error(
        exceptions.ChannelPreconditionFailed,
        f"PRECONDITION_FAILED - inequivalent arg 'auto_delete' for queue '{queue.name}' in vhost "
        "'/': received 'true' but current is 'false'",
        channel.declare_queue(queue.name, exclusive=True, auto_delete=True))


@case
def told_off_403(broker):
    wrong = broker.url.replace("guest:guest", "guest:wrong")
    asyncio.run(expect_error(
        exceptions.ProbableAuthenticationError,
        "ACCESS_REFUSED - Login was refused using authentication mechanism PLAIN",
        aio_pika.connect(wrong)))


main()
