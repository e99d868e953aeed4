"""AMQP connections for the crash suite: all in one thread, over one selector.

One thread gives one order to everything that was sent and received, which is what the model's clock
stands for. Frames are made and taken apart by tests/wire/amqp_raw.py; what is new here is that
many connections run side by side and that the end of the broker is an ordinary event.

    Loop.run(until, deadline)  reads and writes until `until()` is true: False at the deadline
    Connection                 one socket: handshake, frames in and out, `gone` after the end
    Channel.ask(name, then)    sends a synchronous method; `then(name, arguments, content)` later
    Channel.call(name)         the same, waiting: raises Gone or Refused
"""
import os
import selectors
import socket
import ssl
import struct
import sys
import time
from collections import deque

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'wire'))

import amqp_raw  # noqa: E402

HANDSHAKE_S = 10
CALL_S = 30
READ_SIZE = 1 << 18
BACKLOG_MAX = 1 << 19    # bytes waiting to be sent, from which on nothing more is published
FRAME_MAX = 131072
EXPECTED_CLOSE = (200, 320)
HEAD = struct.Struct('>BHI')
ACK = b'\x00\x3c\x00\x50'
NACK = b'\x00\x3c\x00\x78'
WOULD_BLOCK = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class Gone(Exception):
    """The connection has ended."""


class Refused(Exception):
    """The broker closed the channel: reply code and text."""

    def __init__(self, code, text):
        super().__init__(f'{code} {text}')
        self.code = code


class Content:
    """A message as it was received."""

    def __init__(self, name, arguments):
        self.name, self.arguments = name, arguments
        self.properties, self.parts, self.left = {}, [], 0


class Channel:
    """Handlers are attributes: on_delivery(content), on_confirm(tag, multiple, positive)."""

    def __init__(self, connection, number):
        self.connection, self.number = connection, number
        self.waiting = deque()
        self.content = None
        self.refused = None
        self.on_delivery = self.on_confirm = None

    def send(self, name, **arguments):
        self.connection.send(amqp_raw.method(self.number, name, **arguments))

    def ask(self, name, then, **arguments):
        self.waiting.append(then)
        self.send(name, **arguments)

    def call(self, name, **arguments):
        answers = []
        self.ask(name, lambda *answer: answers.append(answer), **arguments)
        done = self.connection.loop.run(
            lambda: answers or self.refused or self.connection.gone, CALL_S)
        if answers:
            return answers[0][1]
        if self.refused:
            raise self.refused
        raise Gone(f'{name}: ' + ('the connection ended' if done else f'no answer in {CALL_S} s'))

    def publish(self, exchange, key, body, properties):
        self.connection.send(
            amqp_raw.method(self.number, 'Basic.Publish', exchange=exchange, routing_key=key)
            + amqp_raw.content(self.number, body, properties, FRAME_MAX - 8))

    # ---- frames ------------------------------------------------------------------------------

    def on_method(self, payload):
        if payload[:4] == ACK or payload[:4] == NACK:
            tag, flags = struct.unpack('>QB', payload[4:13])
            if self.on_confirm:
                self.on_confirm(tag, flags & 1, payload[:4] == ACK)
            return
        name, arguments = amqp_raw.decode_method(payload)
        if name in ('Basic.Deliver', 'Basic.GetOk', 'Basic.Return'):
            self.content = Content(name, arguments)
        elif name == 'Channel.Close':
            self.refused = Refused(arguments['reply_code'], arguments['reply_text'])
            self.waiting.clear()
            self.send('Channel.CloseOk')
        elif name == 'Basic.Cancel':
            self.refused = Refused(0, 'the broker cancelled a consumer')
        elif self.waiting:
            self.waiting.popleft()(name, arguments, None)

    def on_header(self, frame):
        self.content.left = frame.header_size()
        self.content.properties = frame.properties()
        if not self.content.left:
            self._complete()

    def on_body(self, payload):
        self.content.parts.append(payload)
        self.content.left -= len(payload)
        if self.content.left <= 0:
            self._complete()

    def _complete(self):
        content, self.content = self.content, None
        content.body = b''.join(content.parts)
        if content.name == 'Basic.GetOk':
            self.waiting.popleft()(content.name, content.arguments, content)
        elif content.name == 'Basic.Deliver' and self.on_delivery:
            self.on_delivery(content)


class Connection:
    def __init__(self, loop, port, tls=None):
        """`tls`: an SSLContext, or None for plain TCP."""
        self.loop = loop
        self.gone = self.blocked = False
        self.channels = {}
        self.out = bytearray()
        self.socket = self._open(port, tls)
        self.socket.setblocking(False)
        loop.add(self)

    def _open(self, port, tls):
        """The handshake, step by step. What arrives after its last frame is kept for later."""
        deadline = time.monotonic() + HANDSHAKE_S
        try:
            wire = amqp_raw.Wire('127.0.0.1', port)
            if tls:
                wire.socket = tls.wrap_socket(wire.socket)
        except OSError as error:
            raise Gone(f'connecting: {error}') from error
        capabilities = {name: True for name in ('basic.nack', 'publisher_confirms',
                                                'connection.blocked', 'consumer_cancel_notify')}
        steps = [(amqp_raw.PROTOCOL_HEADER, 'Connection.Start'),
                 (amqp_raw.method(0, 'Connection.StartOk', mechanism='PLAIN', locale='en_US',
                                  client_properties={'capabilities': capabilities},
                                  response=b'\0guest\0guest'), 'Connection.Tune'),
                 (amqp_raw.method(0, 'Connection.TuneOk', channel_max=2047, frame_max=FRAME_MAX)
                  + amqp_raw.method(0, 'Connection.Open', virtual_host='/'), 'Connection.OpenOk')]
        try:
            for sent, wanted in steps:
                wire.send(sent)
                answer = wire.receive(deadline)
                if getattr(answer, 'name', None) != wanted:
                    raise Gone(f'handshake: {answer} in place of {wanted}')
        except (amqp_raw.Closed, amqp_raw.Late) as error:
            wire.close()
            raise Gone('the connection ended in the handshake') from error
        except BaseException:
            wire.close()
            raise
        self.buffer = wire.buffer
        return wire.socket

    def channel(self):
        number = len(self.channels) + 1
        channel = self.channels[number] = Channel(self, number)
        channel.call('Channel.Open')
        return channel

    def may_publish(self):
        return not self.gone and not self.blocked and len(self.out) < BACKLOG_MAX

    def send(self, data):
        if self.gone:
            return
        self.out += data
        self.loop.want_write(self)

    def on_writable(self):
        try:
            sent = self.socket.send(self.out)
        except WOULD_BLOCK:
            return
        except OSError:
            # Not the end yet: what the broker sent before it ended can still be read.
            self.out.clear()
            self.loop.stop_write(self)
            return
        del self.out[:sent]
        if not self.out:
            self.loop.stop_write(self)

    def on_readable(self):
        """TLS may hold back more than one read takes: nobody would wake us for that."""
        while not self.gone:
            try:
                data = self.socket.recv(READ_SIZE)
            except WOULD_BLOCK:
                return
            except OSError:
                data = b''
            self.buffer += data
            self._take_frames()
            if not data:
                self.close()
            elif not isinstance(self.socket, ssl.SSLSocket) or not self.socket.pending():
                return

    def close(self):
        if not self.gone:
            self.gone = True
            self.loop.remove(self)
            self.socket.close()

    def _take_frames(self):
        buffer, at = self.buffer, 0
        while len(buffer) - at >= 8 and not self.gone:
            kind, number, size = HEAD.unpack_from(buffer, at)
            if len(buffer) - at < size + 8:
                break
            payload = bytes(buffer[at + 7:at + 7 + size])
            if buffer[at + 7 + size] != 0xCE:
                raise ValueError('a frame without its end')
            at += size + 8
            self._on_frame(kind, number, payload)
        del buffer[:at]

    def _on_frame(self, kind, number, payload):
        if number == 0:
            self._on_connection_method(kind, payload)
            return
        channel = self.channels[number]
        if kind == amqp_raw.METHOD:
            channel.on_method(payload)
        elif kind == amqp_raw.HEADER:
            channel.on_header(amqp_raw.Frame(kind, number, payload))
        elif kind == amqp_raw.BODY:
            channel.on_body(payload)

    def _on_connection_method(self, kind, payload):
        if kind != amqp_raw.METHOD:
            return
        name, arguments = amqp_raw.decode_method(payload)
        if name == 'Connection.Blocked':
            self.blocked = True
        elif name == 'Connection.Unblocked':
            self.blocked = False
        elif name == 'Connection.Close':
            self.send(amqp_raw.method(0, 'Connection.CloseOk'))
            self.on_writable()
            if arguments['reply_code'] not in EXPECTED_CLOSE:
                self.loop.closings.append('{reply_code} {reply_text}'.format(**arguments))


class Loop:
    def __init__(self):
        self.selector = selectors.DefaultSelector()
        self.connections = []
        self.closings = []     # why the broker closed connections, but for its own end
        self.steppers = []     # called before each wait: they publish what may be published

    def add(self, connection):
        self.connections.append(connection)
        self.selector.register(connection.socket, selectors.EVENT_READ, connection)

    def remove(self, connection):
        self.connections.remove(connection)
        self.selector.unregister(connection.socket)

    def want_write(self, connection):
        both = selectors.EVENT_READ | selectors.EVENT_WRITE
        if self.selector.get_key(connection.socket).events != both:
            self.selector.modify(connection.socket, both, connection)

    def stop_write(self, connection):
        if not connection.gone:
            self.selector.modify(connection.socket, selectors.EVENT_READ, connection)

    def run(self, until, seconds):
        """True when `until()` came true, False after `seconds`."""
        end = time.monotonic() + seconds
        while not until():
            left = end - time.monotonic()
            if left <= 0:
                return False
            for step in self.steppers:
                step()
            for key, events in self.selector.select(min(left, 0.05)):
                connection = key.data
                if events & selectors.EVENT_READ and not connection.gone:
                    connection.on_readable()
                if events & selectors.EVENT_WRITE and not connection.gone:
                    connection.on_writable()
        return True

    def close(self):
        """Ends all connections as a client that is gone would."""
        self.steppers.clear()
        for connection in list(self.connections):
            connection.close()

    def drain(self, seconds):
        """Reads what is left of a broker that has ended."""
        self.steppers.clear()
        self.run(lambda: not self.connections, seconds)
        self.close()
