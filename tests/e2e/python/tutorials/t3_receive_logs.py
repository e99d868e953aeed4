"""Tutorial 3, publish/subscribe: a queue of its own with a name from the broker."""

from settings import connect, name, say

channel = connect().channel()
channel.exchange_declare(exchange=name("logs"), exchange_type="fanout")
queue = channel.queue_declare(queue="", exclusive=True).method.queue
channel.queue_bind(exchange=name("logs"), queue=queue)
channel.basic_consume(queue=queue, auto_ack=True,
                      on_message_callback=lambda _ch, _method, _p, body: say("got", body.decode()))
say("waiting")
channel.start_consuming()
