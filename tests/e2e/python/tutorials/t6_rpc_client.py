"""Tutorial 6, RPC: asks for each number in turn, with a reply queue and correlation ids."""

import uuid

import pika

from settings import WORDS, connect, name, say


class FibonacciClient:
    def __init__(self):
        self.connection = connect()
        self.channel = self.connection.channel()
        self.replies = self.channel.queue_declare(queue="", exclusive=True).method.queue
        self.channel.basic_consume(queue=self.replies, auto_ack=True,
                                   on_message_callback=self.on_reply)
        self.asked = None
        self.reply = None

    def on_reply(self, _channel, _method, properties, body):
        if properties.correlation_id == self.asked:
            self.reply = body.decode()

    def call(self, number):
        self.asked, self.reply = str(uuid.uuid4()), None
        self.channel.basic_publish(
            exchange="", routing_key=name("rpc"), body=number,
            properties=pika.BasicProperties(reply_to=self.replies, correlation_id=self.asked))
        while self.reply is None:
            self.connection.process_data_events(time_limit=1)
        return self.reply


client = FibonacciClient()
say("got", *[client.call(word) for word in WORDS])
client.connection.close()
