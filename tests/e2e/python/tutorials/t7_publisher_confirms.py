"""Tutorial 7, publisher confirms: one by one, in batches, and all handled as they come.

The first way uses the blocking connection, which waits in each publish. The others use pika's
asynchronous one, where acks (also those for many messages at once) are matched with what is
outstanding.
"""

import pika

from settings import HOST, PORT, WORDS, connect, say

COUNT = int(WORDS[0])


def publish_and_wait_for_each(channel, queue):
    channel.confirm_delivery()
    for n in range(COUNT):
        channel.basic_publish(exchange="", routing_key=queue, body=str(n), mandatory=True)
    return COUNT


class AsynchronousPublisher:
    """Publishes `batch_size` messages, goes on when all of them are settled, ends after COUNT."""

    def __init__(self, queue, batch_size):
        self.queue = queue
        self.batch_size = batch_size
        self.channel = None
        self.sent = self.acked = 0
        self.outstanding = set()
        self.connection = pika.SelectConnection(
            pika.ConnectionParameters(HOST, PORT),
            on_open_callback=lambda c: c.channel(on_open_callback=self.on_channel),
            on_close_callback=lambda c, _reason: c.ioloop.stop())

    def on_channel(self, channel):
        self.channel = channel
        channel.confirm_delivery(
            ack_nack_callback=self.on_confirm, callback=lambda _: self.publish_batch())

    def publish_batch(self):
        for _ in range(min(self.batch_size, COUNT - self.sent)):
            self.sent += 1
            self.outstanding.add(self.sent)
            self.channel.basic_publish("", self.queue, str(self.sent))

    def on_confirm(self, frame):
        tag, multiple = frame.method.delivery_tag, frame.method.multiple
        settled = {t for t in self.outstanding if t <= tag} if multiple else {tag}
        self.outstanding -= settled
        if isinstance(frame.method, pika.spec.Basic.Ack):
            self.acked += len(settled)
        if self.outstanding:
            return
        if self.sent == COUNT:
            self.connection.close()
        else:
            self.publish_batch()

    def run(self):
        self.connection.ioloop.start()
        return self.acked


connection = connect()
queue = connection.channel().queue_declare(queue="").method.queue
try:
    say("each", publish_and_wait_for_each(connection.channel(), queue))
    say("batches", AsynchronousPublisher(queue, 50).run())
    say("as they come", AsynchronousPublisher(queue, COUNT).run())
    say("in the queue", connection.channel().queue_purge(queue).method.message_count)
finally:
    connection.channel().queue_delete(queue)
    connection.close()
