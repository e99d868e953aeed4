"""Tutorial 3, publish/subscribe: a line for every listener there is."""

from settings import WORDS, connect, name, say

connection = connect()
channel = connection.channel()
channel.exchange_declare(exchange=name("logs"), exchange_type="fanout")
channel.basic_publish(exchange=name("logs"), routing_key="", body=WORDS[0])
say("sent", WORDS[0])
connection.close()
