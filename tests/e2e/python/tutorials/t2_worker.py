"""Tutorial 2, work queues: one task at a time, acknowledged when done.

The task `hold` is taken and never finished: the tutorial's worker that is killed at work.
"""

from settings import connect, name, say


def work(channel, method, _properties, body):
    say("redone" if method.redelivered else "took", body.decode())
    if body != b"hold" or method.redelivered:
        channel.basic_ack(delivery_tag=method.delivery_tag)


channel = connect().channel()
channel.queue_declare(queue=name("tasks"), durable=True)
channel.basic_qos(prefetch_count=1)
channel.basic_consume(queue=name("tasks"), on_message_callback=work)
say("waiting")
channel.start_consuming()
