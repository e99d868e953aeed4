"""Tutorial 4, routing: listens to the severities given as words."""

from settings import WORDS, connect, name, say

channel = connect().channel()
channel.exchange_declare(exchange=name("direct"), exchange_type="direct")
queue = channel.queue_declare(queue="", exclusive=True).method.queue
for severity in WORDS:
    channel.queue_bind(exchange=name("direct"), queue=queue, routing_key=severity)
channel.basic_consume(
    queue=queue, auto_ack=True,
    on_message_callback=lambda _ch, method, _p, body: say("got", method.routing_key, body.decode()))
say("waiting")
channel.start_consuming()
