#!/usr/bin/env python3
"""Messages through a broker at ADDRESS, small and large, confirmed, and compared when they come:

    messages_client.py ADDRESS [--small] [--tls CERTIFICATE_OF_AUTHORITY]
"""
import argparse
import random
import ssl
import sys

import pika

SIZES = [0, 1, 100, 1000, 20_000, 300_000]
COUNT = 300


def connect(options):
    tls = None
    if options.tls:
        tls = pika.SSLOptions(ssl.create_default_context(cafile=options.tls), options.address)
    return pika.BlockingConnection(pika.ConnectionParameters(
        options.address, port=5671 if tls else 5672, ssl_options=tls))


def main():
    parser = argparse.ArgumentParser(description="messages, sent and compared")
    parser.add_argument("address")
    parser.add_argument("--small", action="store_true", help="none of more than 20 000 bytes")
    parser.add_argument("--tls", metavar="FILE", help="over TLS, with this authority")
    options = parser.parse_args()
    chance = random.Random(2)
    sizes = SIZES[:-1] if options.small else SIZES
    bodies = [chance.randbytes(chance.choice(sizes)) for _ in range(COUNT)]
    with connect(options) as connection, connect(options) as other:
        channel = connection.channel()
        channel.queue_declare("over.the.bypass", durable=True)
        channel.confirm_delivery()
        for body in bodies:
            channel.basic_publish("", "over.the.bypass", body,
                                  pika.BasicProperties(delivery_mode=2))
        reader = other.channel()
        reader.basic_qos(prefetch_count=20)
        got = 0
        for method, _, body in reader.consume("over.the.bypass", inactivity_timeout=30):
            if method is None or body != bodies[got]:
                print(f"messages_client: message {got} is missing or wrong")
                return 1
            reader.basic_ack(method.delivery_tag)
            got += 1
            if got == COUNT:
                break
        reader.cancel()
        channel.queue_delete("over.the.bypass")
    return 0


if __name__ == "__main__":
    sys.exit(main())
