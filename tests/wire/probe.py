"""Probe: what a case holds in its hands. It logs in, sends methods or any bytes, and observes.

observe() reads until the expected number of frames has come, then sends a marker (a method that is
always answered) and reads on to the marker's answer, so that a frame too many is seen as well and
"nothing" is proven without waiting for a time to pass:

    after Channel.Close       close-ok and channel.open on the same channel
    after Channel.CloseOk     channel.open on the same channel
    else                      channel.flow(active) on the case's channel, or channel.open on
                              another one where the case says so
    after Connection.Close    close-ok, then the server ends the stream itself (or does not)

Names: an argument '%NAME' becomes a name that only this case of this run uses, and appears as NAME
in what is observed.
"""
import itertools
import os
import time

from amqp_methods import BY_NAME, table_body
from amqp_raw import (PROTOCOL_HEADER, Closed, Frame, Late, Wire, content, frame, generalise,
                      method)
from suite import NOTHING

WAIT = 8.0         # for anything the server owes us
WAIT_END = 13.0    # for an end of the stream that is due, handshake timeout (10 s) included
WAIT_SELF = 1.5    # for the end of the stream after close-ok
CAPABILITIES = ('publisher_confirms', 'exchange_exchange_bindings', 'basic.nack',
                'consumer_cancel_notify', 'connection.blocked', 'authentication_failure_close')
RUN_ID = f'{os.getpid() % 1296:x}{int(time.time()) % 46656:x}'
SERIAL = itertools.count()


class Unexpected(Exception):
    """A step that sets the stage of a case got another answer than it needs."""


class Probe:
    def __init__(self, target, want, names=None):
        self.target, self.want = target, want
        self.names = {} if names is None else names     # '%LABEL' -> actual name, kept by probes
        self.wire, self.others, self.payload_max = None, [], 131064
        self.confirming, self.confirmed = False, set()

    # --- connection ---

    def dial(self):
        self.wire = Wire(*self.target)

    def start(self):
        """Connected, protocol header sent, connection.start received."""
        self.dial()
        self.raw(PROTOCOL_HEADER)
        return self.expect('Connection.Start')

    def start_ok(self, user='guest', password='guest', **options):
        """Sends start-ok; options: response mechanism locale capabilities extra (properties)."""
        names = options.get('capabilities', CAPABILITIES)
        properties = {'product': 'wire', 'capabilities': {name: True for name in names},
                      **options.get('extra', {})}
        response = options.get('response', f'\0{user}\0{password}')
        self.send(0, 'Connection.StartOk', client_properties=properties, response=response,
                  mechanism=options.get('mechanism', 'PLAIN'),
                  locale=options.get('locale', 'en_US'))

    def login(self, **options):
        """Up to and including connection.tune."""
        self.start()
        self.start_ok(**options)
        return self.expect('Connection.Tune')

    def tune_ok(self, channel_max=2047, frame_max=131072, heartbeat=0):
        self.payload_max = frame_max - 8
        self.send(0, 'Connection.TuneOk', channel_max=channel_max, frame_max=frame_max,
                  heartbeat=heartbeat)

    def connect(self, vhost='/', tune=None, **options):
        """A connection that is open; tune holds arguments of tune-ok."""
        self.login(**options)
        self.tune_ok(**(tune or {}))
        self.call(0, 'Connection.Open', virtual_host=vhost)
        return self

    def open(self, channel=1, **options):
        """An open channel, on a connection that is made if there is none."""
        if self.wire is None:
            self.connect(**options)
        self.call(channel, 'Channel.Open')
        return self

    def other(self, **options):
        """Another connection with channel 1 open and the same names; closed with this one."""
        probe = Probe(self.target, self.want, self.names)
        self.others.append(probe)
        return probe.open(**options)

    def close(self):
        for probe in [*self.others, self]:
            if probe.wire is not None:
                probe.wire.close()

    # --- sending ---

    def name(self, label):
        """This case's own name for a label."""
        if label not in self.names:
            self.names[label] = f'w{RUN_ID}.{next(SERIAL)}.{label}'
        return self.names[label]

    def raw(self, data):
        self.wire.send(data)

    def send(self, channel, name, /, **arguments):
        for key, value in arguments.items():
            if isinstance(value, str) and value.startswith('%'):
                arguments[key] = self.name(value[1:])
        self.raw(method(channel, name, **arguments))

    def publish(self, exchange='', key='', body=b'abc', properties=None, **options):
        """basic.publish with its content on channel 1; options: channel, mandatory, immediate."""
        channel = options.pop('channel', 1)
        self.send(channel, 'Basic.Publish', exchange=exchange, routing_key=key, **options)
        self.raw(content(channel, body, properties, self.payload_max))

    def publish_head(self, key='x', **options):
        """A basic.publish without its content."""
        self.send(1, 'Basic.Publish', routing_key=key, **options)

    def method_bytes(self, channel, payload):
        """A method frame with any payload."""
        self.raw(frame(1, channel, payload))

    # --- receiving ---

    def receive(self, seconds=WAIT):
        return self.wire.receive(time.monotonic() + seconds)

    def expect(self, *names):
        """The next frame, which must be one of these methods."""
        got = self.receive()
        if not isinstance(got, Frame) or got.name not in names:
            raise Unexpected(f'{names} wanted, got {self.show(got)}')
        return got

    def call(self, channel, name, /, **arguments):
        """Sends a method and returns its answer's arguments; basic.get returns the whole frame."""
        self.send(channel, name, **arguments)
        if name == 'Basic.Get':
            return self.expect('Basic.GetOk', 'Basic.GetEmpty')
        if name == 'Confirm.Select':
            self.confirming = True
        return self.expect(f'{name}Ok').arguments if f'{name}Ok' in BY_NAME else None

    def content(self):
        """Properties and body of the content that comes next."""
        head = self.receive()
        size, body = head.header_size(), b''
        while len(body) < size:
            body += self.receive().payload
        return head.properties(), body

    def get(self, queue, no_ack=True):
        """basic.get: (get-ok arguments, properties, body), or None when the queue is empty."""
        got = self.call(1, 'Basic.Get', queue=queue, no_ack=no_ack)
        return (got.arguments, *self.content()) if got.name == 'Basic.GetOk' else None

    def stored(self, queue, count):
        """Waits until the queue holds count messages: publishing has no answer of its own."""
        deadline = time.monotonic() + WAIT
        while self.call(1, 'Queue.Declare', queue=queue, passive=True)['message_count'] != count:
            if time.monotonic() > deadline:
                raise Unexpected(f'queue {queue} never held {count} messages')

    # --- observing ---

    def show(self, got):
        """A frame in the table's notation; several confirms in one ack are as many entries."""
        if isinstance(got, str):
            return [got]
        if self.confirming and got.name == 'Basic.Ack':
            return self.show_confirms(got)
        return [got.render()]

    def show_confirms(self, got):
        tag = got.arguments['delivery_tag']
        tags = set(range(1, tag + 1)) - self.confirmed if got.arguments['multiple'] else {tag}
        self.confirmed |= tags
        entries = []
        for number in sorted(tags):
            got.arguments = {'delivery_tag': number, 'multiple': False}
            entries.append(got.render())
        return entries

    def observe(self, channel=1, marker='flow'):
        """Everything the server answers, as one string. marker: flow, open (that channel), None."""
        began, seen = time.monotonic(), []
        ends = self.want[1]
        deadline = began + (WAIT_END if ends else WAIT)
        try:
            self.observe_frames(seen, deadline, (channel, marker))
        except Closed:
            seen.append(f'socket closed by server after {time.monotonic() - began:.1f}s')
        except Late:
            seen.append(f'[then nothing within {deadline - began:.0f} s]')
        observed = ' ; '.join(seen) or NOTHING
        return generalise(observed, {name: label for label, name in self.names.items()})

    def observe_frames(self, seen, deadline, how):
        frames, ends = self.want
        last = None
        while ends or len(seen) < frames:
            last = self.wire.receive(deadline)
            seen.extend(self.show(last))
            name = getattr(last, 'name', None)
            if name == 'Connection.Close':
                return self.observe_end(seen)
            if name == 'Connection.CloseOk':
                return None
            if name == 'Channel.Close':
                break
        return self.observe_marker(seen, deadline, (last, *how))

    def observe_end(self, seen):
        """Answers connection.close; notes whether the server then ends the stream by itself."""
        self.raw(method(0, 'Connection.CloseOk'))
        try:
            while True:
                seen.extend(self.show(self.receive(WAIT_SELF)))
        except Closed:
            seen.append('server closes socket itself')
        except Late:
            pass

    def observe_marker(self, seen, deadline, how):
        last, channel, marker = how
        name = getattr(last, 'name', None)
        if marker is None:
            return
        if name == 'Channel.Close':
            self.send(last.channel, 'Channel.CloseOk')
        if name in ('Channel.Close', 'Channel.CloseOk'):
            channel, marker = last.channel, 'open'
        if marker == 'open':
            answer = f"ch{channel} Channel.OpenOk {{'channel_id': ''}}"
            self.send(channel, 'Channel.Open')
        else:
            answer = f"ch{channel} Channel.FlowOk {{'active': True}}"
            self.send(channel, 'Channel.Flow', active=True)
        while True:
            got = self.wire.receive(deadline)
            shown = self.show(got)
            if shown == [answer]:
                return
            seen.extend(shown)
            if getattr(got, 'name', None) == 'Connection.Close':
                self.observe_end(seen)
                return


def amqplain(user, password):
    """SASL AMQPLAIN response: a field table without its length."""
    return table_body({'LOGIN': user, 'PASSWORD': password})
