"""Frames and content: wrong types, ends, sizes and order; methods that cannot be decoded."""
import struct

from amqp_raw import frame, header, method
from suite import NOTHING, SELF, Family, connection_close

family = Family('framing')
case = family.case

GONE = 'socket closed by server after 0.0s'
RETURNED = "ch1 Basic.Return {{'reply_code': 312, 'reply_text': 'NO_ROUTE', 'exchange': '', " \
           "'routing_key': '{}'}} ; ch1 HEADER size={}"


def sends(name, golden, *frames, lepus=None, marker='flow'):
    """These bytes on a connection whose channel 1 is open."""
    @case(name, golden, lepus)
    def run(p):
        p.open()
        p.raw(b''.join(frames))
        return p.observe(marker=marker, channel=2 if marker == 'open' else 1)


def frame_error(detail, of=None):
    return connection_close(501, detail, of)


def unexpected_frame(detail, of=None):
    return connection_close(505, detail, of)


def with_or_without_end(golden):
    """RabbitMQ leaves the socket open for 3 s when it lost the frame boundary; Lepus may close."""
    return golden.removesuffix(SELF), golden


def rejected_table(of):
    """RabbitMQ crashes on a table that it cannot read; a close that says so is better."""
    return connection_close(502, 'SYNTAX', of).replace('- SYNTAX"', '- …"')


# --- frames ---

BAD_END = with_or_without_end(frame_error(
    'type 1, all octets = <<0,20,0,10,0>>: {invalid_frame_end_marker,0}'))
sends('bad frame end octet', BAD_END[0], frame(1, 2, b'\0\x14\0\x0a\0', end=b'\0'), lepus=BAD_END)
sends('unknown frame type 9', frame_error('type 9, all octets = <<"abcd">>: unknown_frame'),
      frame(9, 1, b'abcd'))
sends('unknown frame type 4 ch0', frame_error('type 4, all octets = <<"abcd">>: unknown_frame'),
      frame(4, 0, b'abcd'))
sends('heartbeat on channel 1', unexpected_frame('type 8, all octets = <<>>'), frame(8, 1, b''))
sends('heartbeat with payload', frame_error('type 8, all octets = <<"xx">>: unknown_frame'),
      frame(8, 0, b'xx'))
sends('heartbeat channel 0 ok', NOTHING, frame(8, 0, b''))
sends('method frame with 3-byte payload',
      frame_error('type 1, all octets = <<0,20,0>>: unknown_frame'), frame(1, 1, b'\0\x14\0'))
sends('empty method frame', frame_error('type 1, all octets = <<>>: unknown_frame'),
      frame(1, 1, b''))


# --- methods that cannot be decoded ---

def unknown_method(name, channel, class_id, method_id):
    """RabbitMQ's reader crashes and the socket goes; Lepus says what it did not know."""
    sends(name, GONE, frame(1, channel, struct.pack('>HH', class_id, method_id)),
          lepus=connection_close(503, f'unknown method: class {class_id}, method {method_id}',
                                 (class_id, method_id)))


unknown_method('unknown class 999', 1, 999, 10)
unknown_method('unknown method 60/999', 1, 60, 999)
unknown_method('unknown method on ch 0 (10/999)', 0, 10, 999)

sends('truncated method args (queue.declare)',
      frame_error('cannot decode <<0,0,5,97,98>>', 'Queue.Declare'),
      frame(1, 1, b'\0\x32\0\x0a' + b'\0\0\x05ab'))
sends('trailing garbage after method args (channel.flow)',
      frame_error('cannot decode <<1,71,65,82,66,65,71,69>>', 'Channel.Flow'),
      frame(1, 1, b'\0\x14\0\x14' + b'\x01GARBAGE'))
sends('queue.declare with unknown field-table tag', GONE,
      frame(1, 1, b'\0\x32\0\x0a' + b'\0\0\x02tq\0' + b'\0\0\0\x07' + b'\x01aZ\0\0\0\x01'),
      lepus=rejected_table('Queue.Declare'))
sends('queue.declare with table length beyond frame',
      frame_error('cannot decode <<0,0,2,116,113,0,0,0,1,144,1,97,73,0,0,0,1>>', 'Queue.Declare'),
      frame(1, 1, b'\0\x32\0\x0a' + b'\0\0\x02tq\0' + b'\0\0\x01\x90' + b'\x01aI\0\0\0\x01'))


# --- frame sizes ---

def small_frames(name, golden, size, mandatory, lepus=None):
    """One body frame of size bytes where frame_max 4096 was agreed."""
    @case(name, golden, lepus)
    def run(p):
        p.open(tune={'frame_max': 4096})
        p.publish_head('nope', mandatory=mandatory)
        p.raw(header(1, size) + frame(3, 1, b'x' * size))
        return p.observe()


small_frames('frame payload larger than frame_max-8 (+0 over fudge)', NOTHING, 4096, False)
small_frames('frame payload exactly frame_max-8',
             RETURNED.format('nope', 4088) + ' ; ch1 BODY 4088', 4088, True)
TOO_LARGE = with_or_without_end(frame_error(
    'type 3, all octets = <<>>: {frame_too_large,4097,4088}'))
small_frames('frame payload frame_max+1 -> too large', TOO_LARGE[0], 4097, True, TOO_LARGE)
GIANT = with_or_without_end(frame_error(
    'type 3, all octets = <<>>: {frame_too_large,1073741824,131064}'))
sends('frame header announcing 1 GiB', GIANT[0], struct.pack('>BHI', 3, 1, 1 << 30), lepus=GIANT)


# --- order of method, header and body ---

PUBLISH = method(1, 'Basic.Publish', routing_key='x')
MANDATORY = method(1, 'Basic.Publish', routing_key='x', mandatory=True)
DECLARE = method(1, 'Queue.Declare', exclusive=True)
NO_METHOD = unexpected_frame('expected method frame, got non method frame instead')
NO_HEADER = unexpected_frame(
    'expected content header for class 60, got non content header frame instead', 'Basic.Publish')
NO_BODY = unexpected_frame(
    'expected content body, got non content body frame instead', 'Basic.Publish')
sends('content header without method', NO_METHOD, header(1, 1))
sends('content body without method', NO_METHOD, frame(3, 1, b'x'))
sends('publish then body without header', NO_HEADER, PUBLISH, frame(3, 1, b'x'))
sends('publish then another method', NO_HEADER, PUBLISH, DECLARE)
sends('publish then header of wrong class (50)', unexpected_frame(
    'expected content header for class 60, got one for class 50 instead', 'Basic.Publish'),
      PUBLISH, header(1, 1, class_id=50))
sends('publish then header with weight 1', NO_HEADER, PUBLISH, header(1, 1, weight=1))
sends('publish then short header frame',
      frame_error('type 2, all octets = <<0,60,0,0>>: unknown_frame'),
      PUBLISH, frame(2, 1, b'\0\x3c\0\0'))
sends('publish, header, then method before body', NO_BODY, PUBLISH, header(1, 1), DECLARE)
sends('publish, header, second header', NO_BODY, PUBLISH, header(1, 1), header(1, 1))

# RabbitMQ waits for ever for a frame that takes the remaining size to exactly zero; later versions
# say what is wrong, and refuse a size that no message may have. Channel 2 proves that "nothing"
# means the connection lives: channel 1 would not answer.
sends('body longer than announced', NOTHING, PUBLISH, header(1, 2), frame(3, 1, b'abcd'),
      marker='open', lepus=connection_close(
          501, 'content body frame exceeds remaining content size…', 'Basic.Publish'))
sends('zero-size body then stray body frame', RETURNED.format('x', 0) + ' ; ' + NO_METHOD,
      MANDATORY, header(1, 0), frame(3, 1, b'x'))
sends('empty body frame inside content', RETURNED.format('x', 2) + ' ; ch1 BODY 2',
      MANDATORY, header(1, 2), frame(3, 1, b''), frame(3, 1, b'ab'))
sends('body_size 2^64-1 announced then quiet', NOTHING, PUBLISH, header(1, 2 ** 64 - 1),
      marker='open', lepus=connection_close(
          501, 'content body size 18446744073709551615 exceeds maximum allowed size 536870912',
          'Basic.Publish'))


# --- properties that cannot be read: RabbitMQ's channel crashes (541) ---

def bad_properties(name, raw):
    sends(name, 'ch0 Connection.Close 541 "INTERNAL_ERROR" class=0 method=0' + SELF,
          MANDATORY, header(1, 1, raw), frame(3, 1, b'x'), lepus=rejected_table('Basic.Publish'))


bad_properties('truncated properties (content-type flag, no data)', b'\x80\0')
bad_properties('property flags continuation bit set', b'\0\x01\0\0')
bad_properties('headers table with bad tag in properties',
               b'\x20\0' + b'\0\0\0\x07' + b'\x01aZ\0\0\0\x01')


# --- methods that only servers send ---

def from_server(name, method_name, after=b'', **arguments):
    sends(f'server-to-client method from client: {name}',
          connection_close(503, 'unimplemented method', method_name),
          method(1, method_name, **arguments), after)


from_server('basic.deliver', 'Basic.Deliver', header(1, 0), consumer_tag='t', delivery_tag=1)
from_server('queue.declare-ok', 'Queue.DeclareOk', queue='q')
from_server('basic.get-empty', 'Basic.GetEmpty')
sends('connection.blocked from client',
      connection_close(504, 'unexpected method in connection state running', 'Connection.Blocked'),
      method(0, 'Connection.Blocked', reason='x'))
