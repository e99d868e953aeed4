"""Connection class and channel 0 on a connection that is open."""
import time

from amqp_raw import Closed, Late, frame, header, method
from suite import Family, connection_close

family = Family('connection')
case = family.case


def unexpected(of):
    return connection_close(504, 'unexpected method in connection state running', of)


def unimplemented(of):
    return connection_close(503, 'unimplemented method', of)


def sends(name, golden, channel, method, /, **arguments):
    """One method on a connection whose channel 1 is open."""
    @case(name, golden)
    def run(p):
        p.open()
        p.send(channel, method, **arguments)
        return p.observe()


sends('second connection.open when running', unexpected('Connection.Open'),
      0, 'Connection.Open', virtual_host='/')
sends('client connection.close', 'ch0 Connection.CloseOk',
      0, 'Connection.Close', reply_code=200, reply_text='bye')
sends('unsolicited connection.close-ok', unexpected('Connection.CloseOk'),
      0, 'Connection.CloseOk')
sends('basic.publish method on channel 0', unexpected('Basic.Publish'), 0, 'Basic.Publish')
sends('channel.open on channel 0', unexpected('Channel.Open'), 0, 'Channel.Open')
sends('connection.tune-ok on channel 1', unimplemented('Connection.TuneOk'),
      1, 'Connection.TuneOk', channel_max=2047, frame_max=131072)
sends('connection.close on channel 1', unimplemented('Connection.Close'),
      1, 'Connection.Close', reply_code=200, reply_text='bye')
sends('update-secret', 'ch0 Connection.UpdateSecretOk',
      0, 'Connection.UpdateSecret', new_secret='s', reason='test')


@case('content header on channel 0', connection_close(
    505, 'type 2, all octets = <<0,60,0,0,0,0,0,0,0,0,0,1,0,0>>'))
def header_on_channel_0(p):
    p.open()
    p.raw(header(0, 1))
    return p.observe()


@case('content body on channel 0', connection_close(505, 'type 3, all octets = <<"x">>'))
def body_on_channel_0(p):
    p.open()
    p.raw(frame(3, 0, b'x'))
    return p.observe()


@case('channel_max=2: open third channel', connection_close(
    530, 'number of channels opened (2) has reached the negotiated channel_max (2)'))
def third_channel(p):
    p.open(tune={'channel_max': 2})
    p.open(2)
    p.send(3, 'Channel.Open')
    return p.observe()


@case('channel_max=2: open channel number 100 only', "ch100 Channel.OpenOk {'channel_id': ''}")
def channel_number_over_max(p):
    p.connect(tune={'channel_max': 2})
    p.send(100, 'Channel.Open')
    return p.observe(channel=100)


def heartbeats(end, *counts):
    return tuple(' ; '.join(['ch0 heartbeat'] * count + [end]) for count in counts)


# The server sends one every half interval and gives up after three silent ones; how many fit in
# before that hangs on where its timers start.
@case('heartbeat 1s, client silent: server sends heartbeats, then drops',
      heartbeats('socket closed by server after 3.0s', 5, 4, 6, 7),
      heartbeats('socket closed by server after 3.0s', 5), seconds=3)
def heartbeat_expiry(p):
    p.connect(tune={'heartbeat': 1})
    return p.observe()


@case('heartbeat 4s, idle: the first one comes after half the interval', 'in time', seconds=2)
def first_heartbeat(p):
    p.connect(tune={'heartbeat': 4})
    began = time.monotonic()
    p.receive(6)
    waited = time.monotonic() - began
    return 'in time' if 1.8 < waited < 3.5 else f'after {waited:.1f}s'


@case('connection.close 32 times in one segment', '32 answers, socket left to the client')
def many_closes(p):
    p.connect()
    p.raw(method(0, 'Connection.Close', reply_code=200, reply_text='bye') * 32)
    for _ in range(32):
        p.expect('Connection.CloseOk')
    try:
        p.receive(1)
    except Late:
        return '32 answers, socket left to the client'
    except Closed:
        return '32 answers, socket closed'
    return 'more than 32 answers'
