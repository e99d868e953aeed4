"""Bad peers and bad input beyond the golden table: each gets its answer and harms nobody else.

Stalled handshakes, thousands of silent connections, a reader that does not read, a peer that is
gone without a word, tables nested too deep, lengths that run over their frame, resets in the middle
of a message, and seeded garbage. After the floods a session that was open before and a new one must
work.
"""
import random
import resource
import socket
import struct
import time

from amqp_methods import RawTable
from amqp_raw import PROTOCOL_HEADER, Closed, Frame, Late, frame, header, method
from probe import Probe, Unexpected
from suite import REPLY_NAMES, SELF, Family, connection_close, ids

family = Family('bad input')
case = family.case

LIMITS = {'silent connections': 10000}     # run.py lowers it for RabbitMQ: 100 KiB each
FUZZ_SEED, FUZZ_ROUNDS = 20240229, 50
WORKS = 'an older and a new session work'
DECLARED = ("ch1 Queue.DeclareOk {'queue': 'amq.gen-<22 base64url>', 'message_count': 0, "
            "'consumer_count': 0}")


def round_trip(session, body=b'still here'):
    """A message through a queue of the session's own and back."""
    queue = session.call(1, 'Queue.Declare', exclusive=True)['queue']
    session.publish(key=queue, body=body)
    got = session.get(queue)
    session.call(1, 'Queue.Delete', queue=queue)
    if got is None or got[2] != body:
        raise Unexpected(f'{body!r} was published, {got} came back')


def both_work(old):
    round_trip(old)
    new = old.other()
    round_trip(new)
    return WORKS


# --- handshakes that stall: 10 s, then closed without a word ---

def stalls(name, step):
    @case(f'handshake stalls: {name}', 'socket closed by server after 10.0s', seconds=10)
    def run(p):
        step(p)
        return p.observe()


def until_tune_ok(p):
    p.login()
    p.tune_ok()


stalls('nothing sent', Probe.dial)
stalls('after connection.start', Probe.start)
stalls('after connection.tune', Probe.login)
stalls('after tune-ok', until_tune_ok)


@case('handshake stalls: half of a start-ok frame', 'socket closed by server after 10.0s',
      seconds=10)
def half_a_frame(p):
    p.start()
    p.raw(method(0, 'Connection.StartOk', mechanism='PLAIN', response='\0guest\0guest')[:20])
    return p.observe()


# --- tables and lengths that lie ---

def nested(depth, tag=b'F'):
    """A table that holds a table that holds ...; with tag A the inner ones are arrays."""
    inner = b''
    for _ in range(depth - 1):
        inner = (b'\x01a' if tag == b'F' else b'') + tag + struct.pack('>I', len(inner)) + inner
    return RawTable(inner if tag == b'F' else b'\x01a' + inner)


def refused(of):
    """501 or 502 with any text: RabbitMQ crashes, hangs or accepts where these are sent."""
    return tuple(connection_close(code, 'WHY', of).replace('WHY"', '…"') for code in (502, 501))


def table_case(name, table, golden):
    @case(f'queue.declare: {name}', golden, refused('Queue.Declare'))
    def run(p):
        p.open()
        p.send(1, 'Queue.Declare', exclusive=True, arguments=RawTable(table))
        return p.observe()


GONE = 'socket closed by server after 0.0s'
family.answers('queue.declare: 8 nested tables are accepted', DECLARED, 'Queue.Declare',
               exclusive=True, arguments=nested(8))
table_case('tables nested 10 000 deep', nested(10000), DECLARED)
table_case('arrays nested 10 000 deep', nested(10000, b'A'), DECLARED)
table_case('key runs over its table', b'\xc8abc', GONE)
table_case('string value runs over its table', b'\x01aS\0\0\x01\0abc', GONE)
table_case('array runs over its table', b'\x01aA\0\0\x01\0t\x01', GONE)
table_case('inner table of 4 GiB', b'\x01aF\xff\xff\xff\xff', GONE)
table_case('timestamp cut short', b'\x01aT\0\0', GONE)
table_case('value missing', b'\x01a', GONE)


def raw_method(name, golden, of, arguments):
    @case(f'{of}: {name}', golden)
    def run(p):
        p.open()
        p.method_bytes(1, struct.pack('>HH', *ids(of)) + arguments)
        return p.observe()


raw_method('shortstr runs over the frame', connection_close(
    501, 'cannot decode <<0,0,200,97,98,99>>', 'Queue.Declare'), 'Queue.Declare', b'\0\0\xc8abc')
raw_method('arguments missing', connection_close(501, 'cannot decode <<>>', 'Queue.Declare'),
           'Queue.Declare', b'')
raw_method('4 GiB of arguments announced', connection_close(
    501, 'cannot decode <<0,0,0,0,255,255,255,255>>', 'Queue.Declare'), 'Queue.Declare',
    b'\0\0\0\0\xff\xff\xff\xff')


def properties_case(name, raw, golden=None):
    crash = f'ch0 Connection.Close 541 "{REPLY_NAMES[541]}" class=0 method=0{SELF}'

    @case(f'properties: {name}', golden or crash, refused('Basic.Publish'))
    def run(p):
        p.open()
        p.publish_head(mandatory=True)
        p.raw(header(1, 1, raw) + frame(3, 1, b'x'))
        return p.observe()


RETURNED = ("ch1 Basic.Return {'reply_code': 312, 'reply_text': 'NO_ROUTE', 'exchange': '', "
            "'routing_key': 'x'} ; ch1 HEADER size=1 ; ch1 BODY 1")
DEEP = nested(5000)
properties_case('shortstr runs over the frame', b'\x80\0\xffabc')
properties_case('headers run over the frame', b'\x20\0\xff\xff\xff\xff')
properties_case('bytes left over', b'\0\0garbage')
properties_case('timestamp cut short', b'\0\x40\0\0')
properties_case('tables nested 5 000 deep', b'\x20\0' + struct.pack('>I', len(DEEP)) + DEEP,
                RETURNED)


# --- bytes that come in an unusual rhythm ---

def whole_session(queue):
    """Everything a client says from the protocol header to basic.get, as one string of bytes."""
    return PROTOCOL_HEADER + b''.join([
        method(0, 'Connection.StartOk', mechanism='PLAIN', response='\0guest\0guest'),
        method(0, 'Connection.TuneOk', channel_max=2047, frame_max=131072),
        method(0, 'Connection.Open', virtual_host='/'), method(1, 'Channel.Open'),
        method(1, 'Queue.Declare', queue=queue, exclusive=True),
        method(1, 'Basic.Publish', routing_key=queue), header(1, 3), frame(3, 1, b'abc'),
        method(1, 'Basic.Get', queue=queue, no_ack=True)])


SESSION = ['Connection.Start', 'Connection.Tune', 'Connection.OpenOk', 'Channel.OpenOk',
           'Queue.DeclareOk', 'Basic.GetOk']


def rhythm(name, chunk_size):
    @case(f'whole session sent {name}', ' ; '.join(SESSION))
    def run(p):
        p.dial()
        data = whole_session(p.name('rhythm'))
        for at in range(0, len(data), chunk_size):
            p.raw(data[at:at + chunk_size])
        names = [p.receive().name for _ in SESSION]
        if p.content()[1] != b'abc':
            raise Unexpected('another body came back')
        return ' ; '.join(names)


rhythm('in one write, waiting for nothing', 1 << 20)
rhythm('byte by byte', 1)


# --- peers that go, or stay without a word ---

@case('reset in the middle of a message body', WORKS)
def reset_in_body(p):
    p.open()
    queue = p.call(1, 'Queue.Declare', exclusive=True)['queue']
    for _ in range(20):
        rude = p.other()
        rude.send(1, 'Basic.Publish', routing_key=queue)
        rude.raw(header(1, 1000) + frame(3, 1, b'x' * 500) + frame(3, 1, b'y' * 499)[:100])
        rude.wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        rude.wire.close()
    if p.get(queue) is not None:
        raise Unexpected('an incomplete message was routed')
    return both_work(p)


@case('half-open peer: heartbeat expires, its unacked message comes to another', seconds=4, golden=(
    "ch1 Basic.Deliver {'consumer_tag': 't', 'delivery_tag': 1, 'redelivered': True, "
    "'exchange': '', 'routing_key': 'half'} ; ch1 HEADER size=3 ; ch1 BODY 3"))
def half_open_peer(p):
    p.open()
    p.call(1, 'Queue.Declare', queue='%half')
    p.publish(key=p.name('half'))
    p.stored('%half', 1)
    p.other(tune={'heartbeat': 1}).get('%half', no_ack=False)
    p.call(1, 'Basic.Consume', queue='%half', consumer_tag='t', no_ack=True)
    return p.observe()


MESSAGES, SIZE = 384, 65536


@case('slow reader: 24 MiB wait for it while another connection works', seconds=6,
      golden=f'others answered in time ; {MESSAGES} messages in order')
def slow_reader(p):
    p.open()
    p.wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    queue = p.call(1, 'Queue.Declare', queue='%slow')['queue']
    p.call(1, 'Basic.Consume', queue=queue, no_ack=True)
    publisher, other = p.other(), p.other()
    slowest = 0.0
    for number in range(MESSAGES):
        publisher.publish(key=queue, body=struct.pack('>I', number) * (SIZE // 4))
        if number % 8 == 0:
            began = time.monotonic()
            round_trip(other)
            slowest = max(slowest, time.monotonic() - began)
    for number in range(MESSAGES):
        p.expect('Basic.Deliver')
        if p.content()[1] != struct.pack('>I', number) * (SIZE // 4):
            return f'message {number} is another one'
    first = 'others answered in time' if slowest < 2 else f'others waited {slowest:.1f} s'
    return f'{first} ; {MESSAGES} messages in order'


@case('2047 channels on one connection, then all closed', WORKS)
def all_channels(p):
    p.open()
    many = p.other()
    for number in range(2, 2048):
        many.send(number, 'Channel.Open')
    for number in range(2, 2048):
        many.expect('Channel.OpenOk')
    for number in range(2, 2048):
        many.send(number, 'Channel.Close', reply_code=200)
    for number in range(2, 2048):
        many.expect('Channel.CloseOk')
    round_trip(many)
    return both_work(p)


@case('silent connections by the thousand', WORKS, alone=True)
def silent_connections(p):
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    count = min(LIMITS['silent connections'], hard - 200)
    p.open()
    silent = []
    try:
        for _ in range(count):
            silent.append(socket.create_connection(p.target, 5))
        return both_work(p)
    finally:
        for one in silent:
            one.close()


# --- garbage ---

def random_frames(chance):
    """Frames whose envelope is right and whose rest is chance."""
    kinds = [1, 1, 1, 2, 3, 8, chance.randrange(256)]
    return b''.join(frame(chance.choice(kinds), chance.randrange(4),
                          chance.randbytes(chance.randrange(60)))
                    for _ in range(chance.randrange(1, 6)))


def damaged_session(chance):
    """Legal methods and a message, with a few bytes changed."""
    data = bytearray(b''.join([
        method(1, 'Queue.Declare', exclusive=True, arguments={'x-a': [1, 'b', {'c': None}]}),
        method(1, 'Queue.Bind', exchange='amq.topic', routing_key='fuzz.#'),
        method(1, 'Confirm.Select'), method(1, 'Basic.Qos', prefetch_count=3),
        method(1, 'Basic.Publish', exchange='amq.topic', routing_key='fuzz.a'),
        header(1, 4, {'content_type': 'text/plain', 'headers': {'k': 1}, 'delivery_mode': 1}),
        frame(3, 1, b'abcd'), method(1, 'Basic.Get'),
        method(1, 'Basic.Ack', delivery_tag=1), method(1, 'Basic.Consume', consumer_tag='f'),
        method(1, 'Basic.Cancel', consumer_tag='f'), method(1, 'Basic.Recover', requeue=True)]))
    for _ in range(chance.randrange(1, 5)):
        data[chance.randrange(len(data))] = chance.randrange(256)
    return bytes(data)


def garbage(p, chance):
    """Four connections with garbage of four kinds; each says that nothing more will come."""
    for kind in range(4):
        probe = Probe(p.target, p.want)
        if kind < 2:
            probe.dial()
            probe.raw(PROTOCOL_HEADER * kind + chance.randbytes(chance.randrange(1, 300)))
        else:
            probe.open()
            probe.raw(random_frames(chance) if kind == 2 else damaged_session(chance))
        try:
            probe.wire.socket.shutdown(socket.SHUT_WR)
        except OSError:
            pass       # the server has gone already, as it may
        yield probe


def drained(probe, deadline):
    """Whether the server ends the stream; what it said before must be legal frames."""
    try:
        while True:
            got = probe.wire.receive(deadline)
            if isinstance(got, Frame) and got.error:
                raise Unexpected(got.render())
    except Closed:
        return True
    except Late:
        return False
    finally:
        probe.close()


@case(f'{4 * FUZZ_ROUNDS} connections with garbage', WORKS, alone=True)
def fuzz(p):
    p.open()
    chance = random.Random(FUZZ_SEED)
    probes = [probe for _ in range(FUZZ_ROUNDS) for probe in garbage(p, chance)]
    deadline = time.monotonic() + 8
    left = [number for number, probe in enumerate(probes) if not drained(probe, deadline)]
    if left:
        return f'connections {left} of seed {FUZZ_SEED} were left open after the client said end'
    return both_work(p)
