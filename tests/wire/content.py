"""What a message must keep on its way: properties byte for byte, body, order, frame limits."""
import struct

from amqp_methods import Tag
from amqp_raw import BODY, frame, header
from probe import Unexpected
from suite import NOTHING, Family

family = Family('content')
case = family.case

KEPT = 'kept byte for byte'
EVERY_TAG = {
    't': True, 'b': Tag('b', -7), 'B': Tag('B', 200), 's': Tag('s', -300), 'u': Tag('u', 65000),
    'I': -70000, 'i': Tag('i', 4000000000), 'l': Tag('l', -2 ** 62), 'L': Tag('L', 2 ** 62),
    'f': Tag('f', 1.5), 'd': Tag('d', -2.25), 'D': Tag('D', (2, -314)), 'S': 'text',
    'bytes': b'\0\xff\xfe', 'x': Tag('x', b'\x01\x02\0'), 'T': Tag('T', 1700000000), 'V': None,
    'A': [1, 'two', [3, {'four': None}], Tag('l', 5)], 'F': {'inner': {'again': [True, False]}},
    '': 'empty key', 'empty table': {}, 'empty array': [], 'k' * 128: 'long key',
    'non-ascii ü': 'ä'}
EVERY_PROPERTY = {
    'content_type': 'text/plain', 'content_encoding': 'utf-8', 'headers': EVERY_TAG,
    'delivery_mode': 2, 'priority': 3, 'correlation_id': 'c' * 255, 'reply_to': 'r',
    'expiration': '60000', 'message_id': 'm', 'timestamp': 1700000000, 'type': 't',
    'user_id': 'guest', 'app_id': 'a', 'cluster_id': 'x'}


def own_queue(p, **options):
    p.open(**options)
    return p.call(1, 'Queue.Declare', exclusive=True)['queue']


def head_after(p, queue):
    """Raw flags and values of the message that basic.get brings."""
    p.call(1, 'Basic.Get', queue=queue, no_ack=True)
    return p.receive().payload[12:]


def keeps(name, properties):
    @case(f'properties {name}', KEPT)
    def run(p):
        queue = own_queue(p)
        sent = header(1, 0, properties)
        p.send(1, 'Basic.Publish', routing_key=queue)
        p.raw(sent)
        got = head_after(p, queue)
        return KEPT if got == sent[19:-1] else f'sent {sent[19:-1].hex()}, came {got.hex()}'


keeps('none', {})
keeps('all fourteen, headers with every tag', EVERY_PROPERTY)
keeps('empty strings and an empty table', {'content_type': '', 'headers': {}, 'app_id': ''})
keeps('same key twice', b'\x20\0' + struct.pack('>I', 14) + b'\x01kI\0\0\0\x01' * 2)
for one in EVERY_PROPERTY:
    keeps(f'only {one}', {one: EVERY_PROPERTY[one]})


def body_of(size):
    """Bytes whose every position is recognisable."""
    return b''.join(struct.pack('>I', number) for number in range(size // 4 + 1))[:size]


def bodies(name, size, cuts=None, frame_max=131072):
    """A body sent in frames that end at the cuts, got back in frames that respect frame_max."""
    @case(f'body {name}', KEPT)
    def run(p):
        queue, body = own_queue(p, tune={'frame_max': frame_max}), body_of(size)
        edges = [0, *(cuts or range(frame_max - 8, size, frame_max - 8)), size]
        p.send(1, 'Basic.Publish', routing_key=queue)
        p.raw(header(1, size))
        for begin, end in zip(edges, edges[1:]):
            if begin != end or cuts:
                p.raw(frame(BODY, 1, body[begin:end]))
        p.call(1, 'Basic.Get', queue=queue, no_ack=True)
        if p.receive().header_size() != size:
            raise Unexpected('another size came back')
        came = b''
        while len(came) < size:
            part = p.receive().payload
            if len(part) + 8 > frame_max:
                raise Unexpected(f'a frame of {len(part) + 8} bytes where {frame_max} was agreed')
            came += part
        return KEPT if came == body else 'another body came back'


bodies('of no bytes', 0)
bodies('of one byte', 1)
bodies('of exactly one frame', 131064)
bodies('of one frame and a byte', 131065)
bodies('of 4 MiB', 4 << 20)
bodies('of 300 000 bytes where frames are 4096', 300000, frame_max=4096)
bodies('in frames of odd sizes, empty ones between', 1000, [1, 1, 2, 500, 500, 500, 999])


@case('big message from a connection with big frames to one with small ones', KEPT)
def small_frames_out(p):
    p.open()
    queue, body = p.call(1, 'Queue.Declare', queue='%cut')['queue'], body_of(200000)
    p.publish(key=queue, body=body)
    p.stored(queue, 1)
    small = p.other(tune={'frame_max': 4096})
    small.call(1, 'Basic.Get', queue=queue, no_ack=True)
    small.receive()
    came, longest = b'', 0
    while len(came) < len(body):
        part = small.receive().payload
        came, longest = came + part, max(longest, len(part))
    return KEPT if came == body and longest <= 4088 else f'{len(came)} bytes, frames of {longest}'


@case('1000 messages of one publisher keep their order', 'in order')
def keeps_order(p):
    queue = own_queue(p)
    p.call(1, 'Basic.Consume', queue=queue, consumer_tag='t', no_ack=True)
    for number in range(1000):
        p.publish(key=queue, body=struct.pack('>I', number))
    for number in range(1000):
        deliver = p.expect('Basic.Deliver').arguments
        body = p.content()[1]
        if deliver['delivery_tag'] != number + 1 or body != struct.pack('>I', number):
            return f'{number + 1} wanted, tag {deliver["delivery_tag"]} body {body.hex()} came'
    return 'in order'


@case('requeued messages go back to their places', 'in order')
def requeue_order(p):
    queue = own_queue(p)
    for number in range(5):
        p.publish(key=queue, body=struct.pack('>I', number))
    for _ in range(3):
        p.get(queue, no_ack=False)
    p.send(1, 'Basic.Nack', delivery_tag=3, multiple=True, requeue=True)
    p.stored(queue, 5)
    seen = [p.get(queue)[2] for _ in range(5)]
    return 'in order' if seen == [struct.pack('>I', number) for number in range(5)] else str(seen)


@case('BCC is taken out before delivery, CC stays, both route', "CC kept, BCC gone, 3 copies")
def carbon_copies(p):
    p.open()
    names = [p.call(1, 'Queue.Declare', exclusive=True)['queue'] for _ in range(3)]
    p.publish(key=names[0], properties={'headers': {'CC': [names[1]], 'BCC': [names[2]], 'k': 'v'}})
    for name in names:
        p.stored(name, 1)
    headers = [p.get(name)[1]['headers'] for name in names]
    good = all(one == {'CC': [names[1]], 'k': 'v'} for one in headers)
    return 'CC kept, BCC gone, 3 copies' if good else str(headers)


@case('interleaved contents on two channels', 'both came whole')
def interleaved(p):
    queue = own_queue(p)
    p.open(2)
    for channel in (1, 2):
        p.send(channel, 'Basic.Publish', routing_key=queue)
    for channel in (2, 1):
        p.raw(header(channel, 4))
    for part in (b'ab', b'cd'):
        for channel in (1, 2):
            p.raw(frame(BODY, channel, part if channel == 1 else part.upper()))
    p.call(2, 'Channel.Flow', active=True)
    p.stored(queue, 2)
    seen = sorted(p.get(queue)[2] for _ in range(2))
    return 'both came whole' if seen == [b'ABCD', b'abcd'] else str(seen)


@case('heartbeats between the frames of a content', NOTHING)
def heartbeat_inside_content(p):
    queue = own_queue(p)
    p.send(1, 'Basic.Publish', routing_key=queue)
    beat = frame(8, 0, b'')
    p.raw(beat + header(1, 4) + beat + frame(BODY, 1, b'ab') + beat + frame(BODY, 1, b'cd'))
    observed = p.observe()
    p.stored(queue, 1)
    return observed
