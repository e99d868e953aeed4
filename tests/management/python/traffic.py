"""Passes messages until its input ends, so that a broker has something to show: URL AMQP_PORT.

All that is counted happens: confirms, returned and dropped messages, deliveries with and without
acknowledgement, gets of all kinds, redeliveries, queues and channels that come and go. Two
connections stay, one of them named `management traffic`, with a consumer on `management.traffic`.
"""

import contextlib
import select
import sys
import urllib.parse

import pika

PAUSE_S = 0.2
QUEUE, POLLED = "management.traffic", "management.polled"
PERSISTENT = pika.BasicProperties(delivery_mode=2, content_type="text/plain")
SIZES = (10, 500, 5_000, 50_000)


def connect(port, name):
    host = urllib.parse.urlsplit(sys.argv[1]).hostname
    return pika.BlockingConnection(pika.ConnectionParameters(
        host, port, credentials=pika.PlainCredentials("guest", "guest"),
        client_properties={"connection_name": name}))


def one_round(publisher, number):
    """What is counted, once each."""
    for key in (QUEUE, POLLED, POLLED, POLLED):
        publisher.basic_publish("", key, b"x" * SIZES[number % len(SIZES)], PERSISTENT)
    publisher.basic_publish("", "management.nowhere", b"dropped", PERSISTENT)
    with contextlib.suppress(pika.exceptions.UnroutableError):
        publisher.basic_publish("", "management.nowhere", b"returned", PERSISTENT, mandatory=True)
    publisher.basic_get(POLLED, auto_ack=True)
    got, _, _ = publisher.basic_get(POLLED)
    if got:
        publisher.basic_nack(got.delivery_tag, requeue=True)
    while got := publisher.basic_get(POLLED)[0]:
        publisher.basic_ack(got.delivery_tag)  # the last get yields nothing, which is counted too


def come_and_go(link):
    """A queue and a channel that last for a moment."""
    channel = link.channel()
    queue = channel.queue_declare("", exclusive=True).method.queue
    channel.basic_consume(queue, lambda *_: None, auto_ack=True)
    channel.queue_delete(queue)
    channel.close()


def main():
    port = int(sys.argv[2])
    link, other = connect(port, "management traffic"), connect(port, "management publisher")
    consumer, publisher = link.channel(), other.channel()
    publisher.confirm_delivery()
    for queue in (QUEUE, POLLED):
        publisher.queue_declare(queue, durable=True)
    consumer.basic_qos(prefetch_count=20)
    consumer.basic_consume(
        QUEUE, lambda channel, method, *_: channel.basic_ack(method.delivery_tag),
        consumer_tag="management-consumer")
    automatic = link.channel()
    automatic.queue_declare("management.automatic", durable=True)
    automatic.basic_consume("management.automatic", lambda *_: None, auto_ack=True)
    print("ready", flush=True)
    number = 0
    while not select.select([sys.stdin], [], [], 0)[0]:
        one_round(publisher, number)
        publisher.basic_publish("", "management.automatic", b"automatic", PERSISTENT)
        come_and_go(other)
        if number % 20 == 0:
            connect(port, "management passer-by").close()
        link.process_data_events(time_limit=PAUSE_S)
        number += 1
    for queue in (QUEUE, POLLED, "management.automatic"):
        publisher.queue_delete(queue)
    link.close()
    other.close()


if __name__ == "__main__":
    main()
