"""Raw AMQP 0-9-1 frames over a socket: the wire suite's only way to talk to a broker.

    frame: | type 1 | channel 2 | size 4 | payload | 0xCE |

Wire is one TCP connection. It sends any bytes at all and turns what comes back into Frame objects;
render() gives a frame in the notation of the golden table, for example

    ch1 Channel.Close 404 "NOT_FOUND - no queue 'q' in vhost '/'" class=50 method=30
    ch1 HEADER size=5 ; ch1 BODY 5

Nothing here sleeps: every wait ends with bytes, with the end of the stream, or at a deadline.
"""
import re
import socket
import struct
import time

from amqp_methods import Cursor, decode_method, encode_method, shortstr, table

METHOD, HEADER, BODY, HEARTBEAT = 1, 2, 3, 8
PROTOCOL_HEADER = b'AMQP\x00\x00\x09\x01'
FRAME_END = b'\xce'

# Property name, type and flag bit of class basic, in wire order.
PROPERTIES = [('content_type', 'shortstr', 15), ('content_encoding', 'shortstr', 14),
              ('headers', 'table', 13), ('delivery_mode', '>B', 12), ('priority', '>B', 11),
              ('correlation_id', 'shortstr', 10), ('reply_to', 'shortstr', 9),
              ('expiration', 'shortstr', 8), ('message_id', 'shortstr', 7),
              ('timestamp', '>Q', 6), ('type', 'shortstr', 5), ('user_id', 'shortstr', 4),
              ('app_id', 'shortstr', 3), ('cluster_id', 'shortstr', 2)]


def frame(kind, channel, payload, end=FRAME_END):
    return struct.pack('>BHI', kind, channel, len(payload)) + payload + end


def method(channel, name, **arguments):
    return frame(METHOD, channel, encode_method(name, **arguments))


def properties_bytes(properties):
    """Flags and values of basic properties, in wire order."""
    flags, values = 0, []
    unknown = set(properties) - {name for name, _, _ in PROPERTIES}
    if unknown:
        raise TypeError(f'basic has no property {sorted(unknown)}')
    for name, kind, bit in PROPERTIES:
        if name not in properties:
            continue
        flags |= 1 << bit
        value = properties[name]
        if kind.startswith('>'):
            values.append(struct.pack(kind, value))
        else:
            values.append(shortstr(value) if kind == 'shortstr' else table(value))
    return struct.pack('>H', flags) + b''.join(values)


def header(channel, size, properties=None, class_id=60, weight=0):
    """Content header; properties is a dict, or bytes that stand for flags and values."""
    raw = properties if isinstance(properties, bytes) else properties_bytes(properties or {})
    return frame(HEADER, channel, struct.pack('>HHQ', class_id, weight, size) + raw)


def content(channel, body, properties=None, payload_max=131064):
    """Content header and body frames of one message."""
    parts = [body[at:at + payload_max] for at in range(0, len(body), payload_max)]
    return header(channel, len(body), properties) + b''.join(
        frame(BODY, channel, part) for part in parts)


class Frame:
    """One frame from the server; method frames carry name and arguments."""

    def __init__(self, kind, channel, payload):
        self.kind, self.channel, self.payload = kind, channel, payload
        self.name, self.arguments, self.error = None, {}, None
        if kind == METHOD:
            try:
                self.name, self.arguments = decode_method(payload)
            except (ValueError, struct.error) as error:
                self.error = error

    def header_size(self):
        return struct.unpack('>Q', self.payload[4:12])[0]

    def properties(self):
        """Decoded properties of a content header."""
        cursor, found = Cursor(self.payload), {}
        cursor.take(12)
        flags = cursor.fixed('>H')
        for name, kind, bit in PROPERTIES:
            if flags >> bit & 1:
                fixed = kind.startswith('>')
                found[name] = cursor.fixed(kind) if fixed else getattr(cursor, kind)()
        return found

    def render(self):
        where = f'ch{self.channel}'
        if self.kind == HEADER:
            return f'{where} HEADER size={self.header_size()}'
        if self.kind == BODY:
            return f'{where} BODY {len(self.payload)}'
        if self.kind == HEARTBEAT:
            return f'{where} heartbeat'
        if self.name is None:
            return f'{where} UNDECODED type {self.kind} {self.payload.hex()} {self.error}'
        if self.name == 'Connection.Start':
            return f'{where} Connection.Start (connection.start; see table 1)'
        if self.name in ('Connection.Close', 'Channel.Close'):
            return '{} {} {reply_code} "{reply_text}" class={class_id} method={method_id}'.format(
                where, self.name, **self.arguments)
        return f'{where} {self.name} {self.arguments or ""}'.rstrip()


def generalise(text, aliases):
    """Replaces names that differ from run to run: server-made ones and those of this case."""
    text = re.sub(r'amq\.(gen|ctag)-[A-Za-z0-9_-]{22}(?![A-Za-z0-9_-])',
                  r'amq.\1-<22 base64url>', text)
    for actual in sorted(aliases, key=len, reverse=True):
        text = text.replace(actual, aliases[actual])
    return text


class Closed(Exception):
    """The server ended the stream."""


class Late(Exception):
    """Nothing complete arrived before the deadline."""


class Wire:
    """A connection that sends raw bytes and receives frames: over TCP, or to the unix socket
    `host` without a port.
    """

    def __init__(self, host, port=None, timeout=10.0):
        if port is None:
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(timeout)
            self.socket.connect(host)
        else:
            self.socket = socket.create_connection((host, port), timeout)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = bytearray()
        self.ended = False

    def send(self, data):
        """Sends all of data; a peer that has gone already shows itself at the next receive."""
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def fill(self, deadline):
        """Waits for more bytes: Late at the deadline, Closed at the end of the stream."""
        if self.ended:
            raise Closed
        self.socket.settimeout(max(deadline - time.monotonic(), 0.001))
        try:
            data = self.socket.recv(1 << 18)
        except TimeoutError:
            raise Late from None
        except ConnectionError:
            data = b''
        if not data:
            self.ended = True
            raise Closed
        self.buffer += data

    def take(self, size, deadline):
        while len(self.buffer) < size:
            self.fill(deadline)
        data = bytes(self.buffer[:size])
        del self.buffer[:size]
        return data

    def receive(self, deadline):
        """The next frame, or the 8 bytes of a protocol header as a string."""
        while len(self.buffer) < 8:
            self.fill(deadline)
        if self.buffer[:4] == b'AMQP':
            return f'PROTOCOL-HEADER {self.take(8, deadline)[4:].hex()}'
        kind, channel, size = struct.unpack('>BHI', self.buffer[:7])
        while len(self.buffer) < size + 8:
            self.fill(deadline)
        data = self.take(size + 8, deadline)
        if data[-1:] != FRAME_END:
            raise ValueError(f'server sent a frame that ends with {data[-1:].hex()}')
        return Frame(kind, channel, data[7:-1])

    def close(self):
        self.socket.close()
