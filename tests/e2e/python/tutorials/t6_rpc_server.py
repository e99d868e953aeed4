"""Tutorial 6, RPC: answers with Fibonacci numbers, one request at a time."""

import pika

from settings import connect, name, say


def fibonacci(n):
    here, after = 0, 1
    for _ in range(n):
        here, after = after, here + after
    return here


def answer(channel, method, properties, body):
    channel.basic_publish(
        exchange="", routing_key=properties.reply_to, body=str(fibonacci(int(body))),
        properties=pika.BasicProperties(correlation_id=properties.correlation_id))
    channel.basic_ack(delivery_tag=method.delivery_tag)


channel = connect().channel()
channel.queue_declare(queue=name("rpc"))
channel.basic_qos(prefetch_count=1)
channel.basic_consume(queue=name("rpc"), on_message_callback=answer)
say("waiting")
channel.start_consuming()
