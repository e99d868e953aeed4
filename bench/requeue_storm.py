"""A client that requeues without end: it takes a prefetch of messages and gives them back."""
import os
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), 'tests', 'wire'))

from amqp_raw import content, method  # noqa: E402  (the path is made above)
from probe import Probe  # noqa: E402

QUEUE, WINDOW = 'storm', 1000
DELIVER = b'\x00\x3c\x00\x3c'  # class and method of basic.deliver
BODY = b'.' * 128


def storm(port, seconds):
    """Returns how many messages were given back."""
    probe = Probe(('127.0.0.1', port), (0, False)).open()
    probe.call(1, 'Queue.Declare', queue=QUEUE, auto_delete=True)
    publish = method(1, 'Basic.Publish', exchange='', routing_key=QUEUE)
    probe.raw((publish + content(1, BODY, {}, probe.payload_max)) * WINDOW)
    probe.call(1, 'Basic.Qos', prefetch_count=WINDOW)
    # Not a call: what is delivered would be read with its answer.
    probe.raw(method(1, 'Basic.Consume', queue=QUEUE, consumer_tag='storm'))
    return requeue_all(probe.wire.socket, time.monotonic() + seconds)


def requeue_all(socket, end):
    delivered, returned, tail = 0, 0, b''
    socket.settimeout(1)
    while time.monotonic() < end:
        try:
            data = tail + socket.recv(1 << 18)
        except TimeoutError:
            continue
        delivered += data.count(DELIVER)
        tail = data[-len(DELIVER) + 1:]
        while delivered - returned >= WINDOW:
            returned += WINDOW
            socket.sendall(method(1, 'Basic.Nack', delivery_tag=returned, multiple=True,
                                  requeue=True))
    socket.close()
    return returned
