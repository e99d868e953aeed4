"""Tutorial 2, work queues: each word is a persistent task in a durable queue."""

import pika

from settings import WORDS, connect, name, say

connection = connect()
channel = connection.channel()
channel.queue_declare(queue=name("tasks"), durable=True)
for word in WORDS:
    channel.basic_publish(exchange="", routing_key=name("tasks"), body=word,
                          properties=pika.BasicProperties(
                              delivery_mode=pika.DeliveryMode.Persistent))
say("sent", len(WORDS))
connection.close()
