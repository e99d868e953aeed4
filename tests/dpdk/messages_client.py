#!/usr/bin/env python3
"""Messages through a broker at ADDRESS, small and large, confirmed, and compared when they come:

    messages_client.py ADDRESS
"""
import random
import sys

import pika

COUNT = 300


def main():
    chance = random.Random(2)
    bodies = [chance.randbytes(chance.choice([0, 1, 100, 1000, 20_000, 300_000]))
              for _ in range(COUNT)]
    with pika.BlockingConnection(pika.ConnectionParameters(sys.argv[1])) as connection, \
            pika.BlockingConnection(pika.ConnectionParameters(sys.argv[1])) as other:
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
