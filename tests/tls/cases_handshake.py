"""Who may connect and who may not, and what the log says then."""
import socket
import ssl
import struct
import time

from broker import check
from certificates import Authority
from world import client_context

TLS_1_2, TLS_1_3 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3


def round_trip(probe, size=3):
    probe.call(1, 'Queue.Declare', queue='q', auto_delete=True)
    probe.publish(key='q', body=b'x' * size)
    probe.stored('q', 1)
    probe.send(1, 'Basic.Get', queue='q', no_ack=True)
    got = probe.expect('Basic.GetOk')
    check(got is not None, 'no message')


def messages_pass_with_either_version(world):
    world.start_tls()
    for version in (TLS_1_2, TLS_1_3):
        probe = world.tls_probe(world.context(version=version))
        round_trip(probe)
        check(probe.wire.socket.version() == {TLS_1_2: 'TLSv1.2', TLS_1_3: 'TLSv1.3'}[version],
              'another version')


def the_list_shows_what_protects(world):
    world.start_tls()
    world.tls_probe(world.context(version=TLS_1_3))
    world.probe()
    columns = ('ssl', 'ssl_protocol', 'ssl_key_exchange', 'ssl_cipher', 'ssl_hash',
               'peer_cert_subject')
    rows = world.rows('list_connections', *columns)
    shown = {row['ssl']: tuple(row[column] for column in columns[1:]) for row in rows}
    check(shown == {True: ('tlsv1.3', 'any', 'aes_256_gcm', 'aead', ''),
                    False: ('', '', '', '', '')}, f'{shown}')


def one_version_can_be_turned_off(world):
    world.start_tls(**{'versions.1': 'tlsv1.3'})
    world.tls_probe(world.context(version=TLS_1_3))
    text = world.refused(world.context(version=TLS_1_2))
    check('PROTOCOL_VERSION' in text.upper().replace(' ', '_'), text)
    world.logged('TLS handshake failed', 'speaks no version of TLS', 'listeners.ssl.default')


def a_suite_must_be_shared(world):
    world.start_tls(**{'versions.1': 'tlsv1.2',
                       'ciphers.1': 'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384',
                       'ciphers.2': 'ECDHE-ECDSA-CHACHA20-POLY1305'})
    context = world.context()
    context.set_ciphers('ECDHE-ECDSA-AES128-GCM-SHA256')
    world.refused(context)
    world.logged('TLS handshake failed', 'no cipher suite in common')
    context = world.context()
    context.set_ciphers('ECDHE-ECDSA-AES256-GCM-SHA384')
    world.tls_probe(context)


def a_client_that_does_not_trust_the_broker_says_so(world):
    world.start_tls()
    other = Authority(world.node.directory, 'other')
    text = world.refused(client_context(other.cert))
    check('CERTIFICATE_VERIFY_FAILED' in text, text)
    world.logged('TLS handshake failed', "alert 'unknown CA'")


def certificates_of_clients(world):
    other = Authority(world.node.directory, 'other')
    good = world.ca.issue('client')
    expired = world.ca.issue('expired', days=-1)
    world.start_tls(cacertfile=world.ca.cert, verify='verify_peer', fail_if_no_peer_cert='true')
    for version in (TLS_1_2, TLS_1_3):
        world.tls_probe(world.context(good, version))
        world.refused(world.context(other.issue('client'), version))
        world.logged('TLS handshake failed', "client's certificate is refused: ", 'issuer')
        world.refused(world.context(expired, version))
        world.logged('TLS handshake failed', 'certificate is refused: certificate has expired')
        world.refused(world.context(None, version))
        world.logged('TLS handshake failed', 'the client sent no certificate')
    row = world.rows('list_connections', 'peer_cert_subject', 'peer_cert_issuer',
                     'peer_cert_validity')[0]
    check(row['peer_cert_subject'] == 'CN=client,O=Lepus tests', f'{row}')
    check(row['peer_cert_issuer'] == 'CN=ca,O=Lepus tests', f'{row}')
    check(row['peer_cert_validity'].count('Z') == 2, f'{row}')


def a_certificate_can_be_optional(world):
    world.start_tls(cacertfile=world.ca.cert, verify='verify_peer')
    world.tls_probe()
    world.tls_probe(world.context(world.ca.issue('client')))
    world.refused(world.context(Authority(world.node.directory, 'other').issue('client')))


def a_revoked_certificate_is_refused(world):
    good, revoked = world.ca.issue('good'), world.ca.issue('revoked')
    world.start_tls(cacertfile=world.ca.cert, crlfile=world.ca.revocations(revoked),
                    verify='verify_peer', fail_if_no_peer_cert='true')
    world.tls_probe(world.context(good))
    world.refused(world.context(revoked))
    world.logged('TLS handshake failed', 'certificate is refused: certificate revoked')


def the_name_asked_for_chooses_the_certificate(world):
    one = world.ca.issue('one', 'DNS:one.example')
    any_other = world.ca.issue('any', 'DNS:*.wild.example')
    world.start_tls(**{'sni.one.example.certfile': one.cert, 'sni.one.example.keyfile': one.key,
                       'sni.*.wild.example.certfile': any_other.cert,
                       'sni.*.wild.example.keyfile': any_other.key})
    for asked, wanted in (('one.example', 'one'), ('ONE.example', 'one'),
                          ('a.wild.example', 'any'), ('a.b.wild.example', 'server'),
                          ('elsewhere', 'server'), (None, 'server')):
        with world.handshake(server_name=asked) as connection:
            subject = dict(pair[0] for pair in connection.getpeercert()['subject'])
            check(subject['commonName'] == wanted, f'{asked}: {subject}')


def who_speaks_no_tls_is_told_from_others(world):
    world.start_tls()
    for words, reason in ((b'AMQP\x00\x00\x09\x01', 'AMQP without TLS'),
                          (b'GET / HTTP/1.1\r\n\r\n', 'sent HTTP to a port for AMQP over TLS'),
                          (b'\x00' * 40, 'something that is no TLS')):
        with world.plain_socket() as connection:
            connection.sendall(words)
            check(connection.recv(100) == b'', 'an answer')
        world.logged('TLS handshake failed', reason)


class Stalled:
    """A client that goes a number of steps of the handshake, and no further."""

    def __init__(self, world, steps):
        self.socket = world.plain_socket()
        self.input, self.output = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = world.context().wrap_bio(self.input, self.output)
        for step in range(steps):
            try:
                self.tls.do_handshake()
            except ssl.SSLWantReadError:
                pass
            if step + 1 < steps:
                self.socket.sendall(self.output.read())
                self.input.write(self.socket.recv(65536))
        self.rest = self.output.read()


def a_handshake_that_stalls_is_ended(world):
    world.start_tls(more={'ssl_handshake_timeout': 700})
    begun = [Stalled(world, 1), Stalled(world, 1), Stalled(world, 2)]
    begun[1].socket.sendall(begun[1].rest[:50])
    began = time.monotonic()
    round_trip(world.tls_probe())
    for one in begun:
        one.socket.settimeout(10)
        while one.socket.recv(65536):
            pass
        one.socket.close()
    check(0.3 < time.monotonic() - began < 8, 'not in its time')
    world.logged('TLS handshake failed', 'TLS handshake timeout')


def a_handshake_may_come_in_single_bytes(world):
    world.start_tls()
    slow = Stalled(world, 1)
    for byte in slow.rest:
        slow.socket.sendall(bytes([byte]))
    slow.input.write(slow.socket.recv(65536))
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            slow.tls.do_handshake()
            break
        except ssl.SSLWantReadError:
            slow.input.write(slow.socket.recv(65536))
    slow.socket.sendall(slow.output.read())
    check(slow.tls.version() is not None, 'no handshake')


def large_messages_pass(world):
    world.start_tls()
    probe = world.tls_probe()
    probe.call(1, 'Queue.Declare', queue='big')
    for size in (16_000, 100_000, 3_000_000):
        probe.publish(key='big', body=b'z' * size)
    probe.stored('big', 3)
    probe.send(1, 'Basic.Get', queue='big', no_ack=True)
    probe.expect('Basic.GetOk')


def the_end_is_said(world):
    """close_notify both ways: the client sees an end and no cut."""
    world.start_tls()
    probe = world.tls_probe()
    probe.call(0, 'Connection.Close', reply_code=200, reply_text='', class_id=0, method_id=0)
    connection = probe.wire.socket
    connection.settimeout(10)
    # Without close_notify this would be an SSLEOFError.
    connection.unwrap()


def a_cut_connection_is_ended(world):
    world.start_tls()
    probe = world.tls_probe()
    raw = probe.wire.socket
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
    raw.close()
    probe.wire = None
    deadline = time.monotonic() + 10
    while world.rows('list_connections', 'name') and time.monotonic() < deadline:
        time.sleep(0.01)
    check(not world.rows('list_connections', 'name'), 'it is still there')


def events_tell_what_protects(world):
    client = world.ca.issue('client')
    world.start_tls(cacertfile=world.ca.cert, verify='verify_peer')
    probe = world.probe()
    probe.call(1, 'Queue.Declare', queue='events')
    probe.call(1, 'Queue.Bind', queue='events', exchange='amq.rabbitmq.event',
               routing_key='connection.created', arguments={})
    world.tls_probe(world.context(client, TLS_1_3))
    probe.stored('events', 1)
    told = probe.get('events')[1]['headers']
    wanted = {'ssl': True, 'ssl_protocol': 'tlsv1.3', 'ssl_key_exchange': 'any',
              'ssl_cipher': 'aes_256_gcm', 'ssl_hash': 'aead',
              'peer_cert_subject': 'CN=client,O=Lepus tests'}
    check({key: told.get(key) for key in wanted} == wanted, f'{told}')


CASES = [messages_pass_with_either_version, the_list_shows_what_protects,
         one_version_can_be_turned_off, a_suite_must_be_shared,
         a_client_that_does_not_trust_the_broker_says_so, certificates_of_clients,
         a_certificate_can_be_optional, a_revoked_certificate_is_refused,
         the_name_asked_for_chooses_the_certificate,
         who_speaks_no_tls_is_told_from_others, a_handshake_that_stalls_is_ended,
         a_handshake_may_come_in_single_bytes, large_messages_pass, the_end_is_said,
         a_cut_connection_is_ended, events_tell_what_protects]
