"""Tutorial 4, routing: a line with its severity as routing key: `SEVERITY TEXT`."""

from settings import WORDS, connect, name, say

connection = connect()
channel = connection.channel()
channel.exchange_declare(exchange=name("direct"), exchange_type="direct")
channel.basic_publish(exchange=name("direct"), routing_key=WORDS[0], body=WORDS[1])
say("sent", *WORDS)
connection.close()
