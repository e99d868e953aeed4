"""Tutorial 1, hello: one message through the default exchange."""

from settings import WORDS, connect, name, say

connection = connect()
channel = connection.channel()
channel.queue_declare(queue=name("hello"))
channel.basic_publish(exchange="", routing_key=name("hello"), body=WORDS[0])
say("sent", WORDS[0])
connection.close()
