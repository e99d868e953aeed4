"""pika, aio-pika and kombu (py-amqp) over TLS.

Arguments: HOST PORT STRICT_PORT DIRECTORY. The broker at PORT takes clients with and without a
certificate, the one at STRICT_PORT only those with one; DIRECTORY holds what `tls_files.py` makes.
"""

import asyncio
import contextlib
import socket
import ssl
import sys
import time

import aio_pika
import pika
from kombu import Connection, Producer, Queue

from harness import case, expect_equal, expect_in, main, wait_until

STRICT_PORT = int(sys.argv[3])
DIRECTORY = sys.argv[4]
USER = "e2e-client"  # the common name of the client's certificate
BODIES = [b"", b"one", b"two", bytes(range(256)) * 4096]  # the last one is 1 MiB
HEARTBEAT_SECONDS = 1
IDLE_SECONDS = 3  # a side that hears nothing for two heartbeats closes the connection
NOT_TRUSTED = "CERTIFICATE_VERIFY_FAILED"
NO_CERTIFICATE = "CERTIFICATE_REQUIRED"


def path(name):
    return f"{DIRECTORY}/{name}"


def context(ca="trusted", own=False):
    """TLS 1.3 with a check of the broker's certificate and name; `own`: with a certificate."""
    made = ssl.create_default_context(cafile=path(f"{ca}-ca.pem"))
    made.minimum_version = ssl.TLSVersion.TLSv1_3
    if own:
        made.load_cert_chain(path("trusted-client.pem"), path("trusted-client.key"))
    return made


def expect_refused(text, action):
    """Fails unless `action` raises an error that has the text, or was caused by one that has."""
    try:
        action()
    except Exception as error:  # noqa: BLE001 - what it is differs from client to client
        chain = []
        while error is not None and error not in chain:  # some errors are their own cause's cause
            chain.append(error)
            error = error.__cause__ or error.__context__
        expect_in(text, " after ".join(map(repr, chain)), "the reason")
        return
    raise AssertionError(f"not refused, {text} wanted")


# --- pika ---

@contextlib.contextmanager
def pika_channel(broker, port=None, tls=None, **options):
    """A channel with confirms; the block's end closes the connection."""
    parameters = pika.ConnectionParameters(
        broker.host, port or broker.port,
        ssl_options=pika.SSLOptions(tls or context(), "localhost"), **options)
    connection = pika.BlockingConnection(parameters)
    channel = connection.channel()
    channel.confirm_delivery()
    yield channel
    connection.close()
    expect_equal(connection.is_closed, True, "closed")


@case
def pika_messages(broker):
    with pika_channel(broker) as channel:
        queue = channel.queue_declare("", exclusive=True).method.queue
        for body in BODIES:
            channel.basic_publish("", queue, body, mandatory=True)
        got = []
        for method, _, body in channel.consume(queue, inactivity_timeout=20):
            got.append(body)
            channel.basic_ack(method.delivery_tag)
            if len(got) == len(BODIES):
                break
        channel.cancel()
        expect_equal(got == BODIES, True, "bodies as published")


@case
def pika_wrong_ca(broker):
    expect_refused(NOT_TRUSTED, pika_channel(broker, tls=context("other")).__enter__)


@case
def pika_wrong_name(broker):
    options = pika.SSLOptions(context(), "another.example")
    parameters = pika.ConnectionParameters(broker.host, broker.port, ssl_options=options)
    expect_refused(NOT_TRUSTED, lambda: pika.BlockingConnection(parameters))


@case
def pika_login_by_certificate(broker):
    for port in broker.port, STRICT_PORT:
        with pika_channel(broker, port, context(own=True),
                          credentials=pika.credentials.ExternalCredentials()) as channel:
            queue = channel.queue_declare("", exclusive=True).method.queue
            # Only the user's own name is taken as the user-id of a message.
            channel.basic_publish("", queue, b"m", pika.BasicProperties(user_id=USER))
            expect_equal(channel.basic_get(queue, True)[2], b"m", "the message")


@case
def pika_without_certificate(broker):
    expect_refused(NO_CERTIFICATE, pika_channel(broker, STRICT_PORT).__enter__)


@case
def pika_heartbeat(broker):
    with pika_channel(broker, heartbeat=HEARTBEAT_SECONDS) as channel:
        channel.connection.process_data_events(time_limit=IDLE_SECONDS)
        channel.queue_declare("", exclusive=True)


# --- aio-pika ---

def aio_pika_connection(broker, port=None, tls=None, query=""):
    url = f"amqps://guest:guest@{broker.host}:{port or broker.port}/%2F?{query}"
    return aio_pika.connect(url, ssl_context=tls or context())


async def opened(connecting):
    return await connecting


def asynchronous(function):
    """A case written as a coroutine."""
    def run(broker):
        asyncio.run(function(broker))

    run.__name__ = function.__name__
    return case(run)


@asynchronous
async def aio_pika_messages(broker):
    async with await aio_pika_connection(broker) as connection:
        channel = await connection.channel()
        queue = await channel.declare_queue(exclusive=True)
        for body in BODIES:
            await channel.default_exchange.publish(aio_pika.Message(body), queue.name)
        got = []
        async with queue.iterator(timeout=20) as messages:
            async for message in messages:
                async with message.process():
                    got.append(message.body)
                if len(got) == len(BODIES):
                    break
        expect_equal(got == BODIES, True, "bodies as published")


@case
def aio_pika_wrong_ca(broker):
    expect_refused(NOT_TRUSTED,
                   lambda: asyncio.run(opened(aio_pika_connection(broker, tls=context("other")))))


@asynchronous
async def aio_pika_login_by_certificate(broker):
    files = (f"cafile={path('trusted-ca.pem')}&certfile={path('trusted-client.pem')}"
             f"&keyfile={path('trusted-client.key')}")
    for port in broker.port, STRICT_PORT:
        url = f"amqps://{broker.host}:{port}/%2F?auth=external&{files}"
        async with await aio_pika.connect(url) as connection:
            channel = await connection.channel()
            queue = await channel.declare_queue(exclusive=True)
            await channel.default_exchange.publish(aio_pika.Message(b"m", user_id=USER), queue.name)
            expect_equal((await queue.get(no_ack=True)).body, b"m", "the message")


@case
def aio_pika_without_certificate(broker):
    expect_refused(NO_CERTIFICATE,
                   lambda: asyncio.run(opened(aio_pika_connection(broker, STRICT_PORT))))


@asynchronous
async def aio_pika_heartbeat(broker):
    query = f"heartbeat={HEARTBEAT_SECONDS}"
    async with await aio_pika_connection(broker, query=query) as connection:
        channel = await connection.channel()
        await asyncio.sleep(IDLE_SECONDS)  # heartbeats go both ways meanwhile
        await channel.declare_queue(exclusive=True)


# --- kombu, which uses py-amqp ---

def kombu_connection(broker, port=None, ca="trusted", own=False, **options):
    tls = {"ca_certs": path(f"{ca}-ca.pem"), "cert_reqs": ssl.CERT_REQUIRED,
           "server_hostname": "localhost", "tls_minimum_version": ssl.TLSVersion.TLSv1_3}
    if own:
        tls.update(certfile=path("trusted-client.pem"), keyfile=path("trusted-client.key"))
    return Connection(hostname=broker.host, port=port or broker.port, ssl=tls,
                      transport_options={"confirm_publish": True, "max_retries": 1,
                                         "interval_start": 0}, **options)


@case
def kombu_messages(broker):
    with kombu_connection(broker) as connection:
        queue = Queue(broker.name("kombu"), exclusive=True)(connection.default_channel)
        queue.declare()
        producer, got = Producer(connection), []
        for body in BODIES:
            producer.publish(body, routing_key=queue.name, content_type="application/data",
                             content_encoding="binary")

        def take(message):
            got.append(message.body or b"")  # the empty one is text there
            message.ack()

        with connection.Consumer(queue, on_message=take):
            wait_until(lambda: len(got) == len(BODIES), "the messages",
                       pause=lambda: connection.drain_events(timeout=20))
        expect_equal(got == BODIES, True, "bodies as published")


@case
def kombu_wrong_ca(broker):
    expect_refused(NOT_TRUSTED, lambda: kombu_connection(broker, ca="other").connection)


@case
def kombu_login_by_certificate(broker):
    for port in broker.port, STRICT_PORT:
        with kombu_connection(broker, port, own=True, login_method="EXTERNAL") as connection:
            queue = Queue(broker.name("kombu"), exclusive=True)(connection.default_channel)
            queue.declare()
            Producer(connection).publish("m", routing_key=queue.name, user_id=USER)
            expect_equal(queue.get(no_ack=True).payload, "m", "the message")


@case
def kombu_without_certificate(broker):
    expect_refused(NO_CERTIFICATE, lambda: kombu_connection(broker, STRICT_PORT).connection)


@case
def kombu_heartbeat(broker):
    with kombu_connection(broker, heartbeat=HEARTBEAT_SECONDS) as connection:
        channel, end = connection.default_channel, time.monotonic() + IDLE_SECONDS
        while time.monotonic() < end:
            with contextlib.suppress(socket.timeout):
                connection.drain_events(timeout=0.3)
            connection.heartbeat_check()
        channel.queue_declare("", exclusive=True)


main()
