"""Handshake: from the first eight bytes to connection.open-ok."""

import contextlib
import time

from amqp_raw import PROTOCOL_HEADER, Closed
from probe import amqplain
from suite import SELF, SILENT, Family, connection_close

family = Family('handshake')
case = family.case

REFUSED_HEADER = 'PROTOCOL-HEADER 00000901 ; socket closed by server after 0.0s'
STARTED = 'ch0 Connection.Start (connection.start; see table 1)'
TUNED = "ch0 Connection.Tune {'channel_max': 2047, 'frame_max': 131072, 'heartbeat': 60}"
OPENED = "ch0 Connection.OpenOk {'known_hosts': ''}"
LOGIN_REFUSED = ('ch0 Connection.Close 403 "ACCESS_REFUSED - Login was refused using '
                 'authentication mechanism PLAIN. For details see the broker logfile." '
                 'class=0 method=0' + SELF)

HEADERS = [
    ('PROXY protocol, which is not expected', b'PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n',
     REFUSED_HEADER),
    ('AMQP 0-10 header', b'AMQP\x01\x01\x00\x0a', REFUSED_HEADER),
    ('AMQP 1.0 header (plugin off)', b'AMQP\x00\x01\x00\x00', REFUSED_HEADER),
    ('AMQP 1.0 SASL header (plugin off)', b'AMQP\x03\x01\x00\x00', REFUSED_HEADER),
    ('0-9-2 (future revision)', b'AMQP\x00\x00\x09\x02', REFUSED_HEADER),
    ('0-9 header', b'AMQP\x01\x01\x00\x09', STARTED),
    ('0-8 header', b'AMQP\x01\x01\x08\x00', STARTED),
    ('0-8 header (9.1 form)', b'AMQP\x01\x01\x09\x01', STARTED),
    ('TLS ClientHello to plain port', b'\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03' + b'r' * 32,
     REFUSED_HEADER),
]


def protocol_header(name, first_bytes, golden):
    @case(name, golden)
    def run(p):
        p.dial()
        p.raw(first_bytes)
        return p.observe(marker=None)


for row in HEADERS:
    protocol_header(*row)


@case('HTTP request instead of header', REFUSED_HEADER,
      lepus='HTTP/1.1 400 Bad Request ; socket closed by server after 0.0s')
def http_request(p):
    p.dial()
    p.raw(b'GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    began = time.monotonic()
    with contextlib.suppress(Closed):
        while True:
            p.wire.fill(began + 5)
    answer = bytes(p.wire.buffer)
    ended = f'socket closed by server after {time.monotonic() - began:.1f}s'
    if answer == PROTOCOL_HEADER:
        return f'PROTOCOL-HEADER 00000901 ; {ended}'
    head, _, body = answer.partition(b'\r\n\r\n')
    lines = head.decode().split('\r\n')
    if f'Content-Length: {len(body)}' not in lines or b'AMQP' not in body:
        return f'{answer}'
    return f'{lines[0]} ; {ended}'


def login(name, golden, **options):
    """start-ok with these options, then what comes."""
    @case(name, golden, seconds=3 if golden == SILENT else 0)
    def run(p):
        p.start()
        p.start_ok(**options)
        return p.observe(marker=None)


login('start-ok good PLAIN -> tune', TUNED)
login('bad password, capability authentication_failure_close', LOGIN_REFUSED, password='wrong')
login('bad password, without the capability', SILENT, password='wrong', capabilities=())
login('unknown user', LOGIN_REFUSED, user='nobody', password='x')
login('unknown mechanism', SILENT, mechanism='NOPE')
login('EXTERNAL not offered', SILENT, mechanism='EXTERNAL', response='')
login('malformed PLAIN response', SILENT, response='garbage')
login('PLAIN with authzid', SILENT, response='guest\0guest\0guest')
login('unknown locale', TUNED, locale='xx_XX')
login('AMQPLAIN malformed', SILENT, mechanism='AMQPLAIN', response='garbage')
login('AMQPLAIN good', TUNED, mechanism='AMQPLAIN', response=amqplain('guest', 'guest'))


def tuned(name, golden, lepus=None, **arguments):
    """tune-ok with these arguments and connection.open in one go, then what comes."""
    @case(name, golden, lepus, seconds=3 if golden == SILENT else 0)
    def run(p):
        p.login()
        p.tune_ok(**arguments)
        p.send(0, 'Connection.Open', virtual_host='/')
        return p.observe(marker='open')


def negotiation(field, value, relation, bound):
    """RabbitMQ means to say this too, but drops the socket before the frame is out."""
    detail = f'negotiated {field} = {value} is {relation} than the {bound}'
    return tuple(connection_close(530, detail, of) for of in ('Connection.Tune', (10, 31), None))


FRAME_LOW, FRAME_HIGH = 'minimum allowed value (4096)', 'maximum allowed value (131072)'
CHANNEL_HIGH = 'maximum allowed value (2047)'
tuned('tune-ok frame_max=100 (<4096)', SILENT, negotiation('frame_max', 100, 'lower', FRAME_LOW),
      frame_max=100)
tuned('tune-ok frame_max=131073 (> server)', SILENT,
      negotiation('frame_max', 131073, 'higher', FRAME_HIGH), frame_max=131073)
tuned('tune-ok frame_max=0', SILENT, negotiation('frame_max', 0, 'higher', FRAME_HIGH), frame_max=0)
tuned('tune-ok channel_max=0', SILENT, negotiation('channel_max', 0, 'higher', CHANNEL_HIGH),
      channel_max=0)
tuned('tune-ok channel_max=65535 (> server)', SILENT,
      negotiation('channel_max', 65535, 'higher', CHANNEL_HIGH), channel_max=65535)
tuned('tune-ok frame_max=4096 channel_max=1', OPENED, frame_max=4096, channel_max=1)
tuned('tune-ok heartbeat larger than server', OPENED, heartbeat=600)


@case('open unknown vhost', connection_close(530, 'vhost nope not found', 'Connection.Open'))
def open_unknown_vhost(p):
    p.login()
    p.tune_ok()
    p.send(0, 'Connection.Open', virtual_host='nope')
    return p.observe()


@case('open vhost without permission', golden=connection_close(
    530, "access to vhost '/' refused for user 'probe_noperm'", 'Connection.Open'))
def open_vhost_without_permission(p):
    p.login(user='probe_noperm', password='probe')
    p.tune_ok()
    p.send(0, 'Connection.Open', virtual_host='/')
    return p.observe()


@case('open before tune-ok', SILENT, seconds=3)
def open_before_tune_ok(p):
    p.login()
    p.send(0, 'Connection.Open', virtual_host='/')
    return p.observe()


@case('channel.open before connection.open',
      connection_close(505, 'type 1, all octets = <<0,20,0,10,1,48>>'))
def channel_open_before_open(p):
    p.login()
    p.tune_ok()
    p.send(1, 'Channel.Open', out_of_band='0')
    return p.observe()


@case('channel.open instead of start-ok', SILENT, seconds=3)
def channel_open_instead_of_start_ok(p):
    p.start()
    p.send(1, 'Channel.Open')
    return p.observe()


@case('start-ok twice', SILENT, seconds=3)
def start_ok_twice(p):
    p.login()
    p.start_ok()
    return p.observe()


@case('pre-tune frame of 9000 bytes (>8192)', SILENT, seconds=3)
def big_frame_before_tune(p):
    p.start()
    p.start_ok(extra={'padding': 'x' * 9000})
    return p.observe()


@case('connection.close right after tune', SILENT, seconds=3)
def close_right_after_tune(p):
    p.login()
    p.send(0, 'Connection.Close', reply_code=200, reply_text='bye')
    return p.observe()


@case('partial header then silence: handshake timeout', 'socket closed by server after 10.0s',
      seconds=10)
def partial_header(p):
    p.dial()
    p.raw(PROTOCOL_HEADER[:4])
    return p.observe()
