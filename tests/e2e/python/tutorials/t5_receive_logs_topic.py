"""Tutorial 5, topics: listens to the patterns given as words, with * and #."""

from settings import WORDS, connect, name, say

channel = connect().channel()
channel.exchange_declare(exchange=name("topic"), exchange_type="topic")
queue = channel.queue_declare(queue="", exclusive=True).method.queue
for pattern in WORDS:
    channel.queue_bind(exchange=name("topic"), queue=queue, routing_key=pattern)
channel.basic_consume(
    queue=queue, auto_ack=True,
    on_message_callback=lambda _ch, method, _p, body: say("got", method.routing_key, body.decode()))
say("waiting")
channel.start_consuming()
