"""Tutorial 1, hello: prints what comes to the queue, without acknowledgements."""

from settings import connect, name, say

channel = connect().channel()
channel.queue_declare(queue=name("hello"))
channel.basic_consume(queue=name("hello"), auto_ack=True,
                      on_message_callback=lambda _ch, _method, _p, body: say("got", body.decode()))
say("waiting")
channel.start_consuming()
