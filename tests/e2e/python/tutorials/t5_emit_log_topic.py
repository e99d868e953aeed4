"""Tutorial 5, topics: a line with a key of several words: `FACILITY.SEVERITY TEXT`."""

from settings import WORDS, connect, name, say

connection = connect()
channel = connection.channel()
channel.exchange_declare(exchange=name("topic"), exchange_type="topic")
channel.basic_publish(exchange=name("topic"), routing_key=WORDS[0], body=WORDS[1])
say("sent", *WORDS)
connection.close()
