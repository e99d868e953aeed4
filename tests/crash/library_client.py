"""A publisher on a released client library, run as a program of its own by the crash suite.

    library_client.py pika|amqp PORT QUEUE CHANNEL

Publishes persistent messages with confirms, one after the other, until the connection ends. Says
`sent N` before each publish and `confirmed N` after its confirm, on standard output; that is all
the suite needs, since bodies follow from channel, number and size. The sizes come from CHANNEL.
"""
import random
import sys

import bodies


def say(word, number, size):
    print(word, number, size, flush=True)


def publish_pika(port, queue, messages):
    import pika
    connection = pika.BlockingConnection(pika.ConnectionParameters('127.0.0.1', port))
    channel = connection.channel()
    channel.confirm_delivery()
    for channel_number, number, size in messages:
        say('sent', number, size)
        channel.basic_publish(
            '', queue, bodies.make(channel_number, number, size), mandatory=True,
            properties=pika.BasicProperties(delivery_mode=2, message_id=bodies.name(
                channel_number, number, size)))
        say('confirmed', number, size)


def publish_amqp(port, queue, messages):
    import amqp
    with amqp.Connection(f'127.0.0.1:{port}', confirm_publish=True) as connection:
        channel = connection.channel()
        for channel_number, number, size in messages:
            message = amqp.Message(bodies.make(channel_number, number, size), delivery_mode=2,
                                   message_id=bodies.name(channel_number, number, size))
            say('sent', number, size)
            channel.basic_publish_confirm(message, exchange='', routing_key=queue)
            say('confirmed', number, size)


def main():
    library, port, queue, channel = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
    chance = random.Random(channel)
    messages = ((channel, number, bodies.random_size(chance)) for number in range(1, 400))
    try:
        {'pika': publish_pika, 'amqp': publish_amqp}[library](port, queue, messages)
    except Exception as error:    # the kill: each library has its own names for it
        print('ended', type(error).__name__, flush=True)


if __name__ == '__main__':
    main()
