"""Logins by certificate: the SASL mechanism EXTERNAL."""
from broker import check
from tool import closed_with

EXTERNAL = {'auth_mechanisms.1': 'EXTERNAL', 'auth_mechanisms.2': 'PLAIN'}
REFUSED = (403, 'ACCESS_REFUSED - Login was refused using authentication mechanism EXTERNAL. For '
                'details see the broker logfile.')


def start(world, **more):
    world.start_tls({**EXTERNAL, **more}, cacertfile=world.ca.cert, verify='verify_peer')


def make_user(world, name):
    world.quietly('add_user', name, 'a password that nobody knows')
    world.quietly('set_permissions', name, '.*', '.*', '.*')


def logs_in_as(world, certificate, name):
    probe = world.tls_probe(world.context(certificate), mechanism='EXTERNAL', response='')
    probe.call(1, 'Queue.Declare', queue=f'of {name}')
    rows = world.rows('list_connections', 'user', 'auth_mechanism')
    check({'user': name, 'auth_mechanism': 'EXTERNAL'} in rows, f'{rows}')


def is_refused(world, certificate, *reasons):
    probe = world.new_tls_probe(world.context(certificate))
    probe.start()
    probe.start_ok(mechanism='EXTERNAL', response='')
    told = closed_with(probe)
    check(told == REFUSED, f'{told}')
    world.logged('login refused', *reasons)


def a_certificate_names_its_user_by_its_whole_name(world):
    start(world)
    make_user(world, 'CN=client,O=Lepus tests')
    logs_in_as(world, world.ca.issue('client'), 'CN=client,O=Lepus tests')
    is_refused(world, world.ca.issue('stranger'), 'CN=stranger,O=Lepus tests')


def a_certificate_names_its_user_by_its_common_name(world):
    start(world, ssl_cert_login_from='common_name')
    make_user(world, 'client')
    logs_in_as(world, world.ca.issue('client'), 'client')


def a_certificate_names_its_user_by_another_name(world):
    start(world, ssl_cert_login_from='subject_alternative_name', ssl_cert_login_san_type='email',
          ssl_cert_login_san_index=1)
    make_user(world, 'second@example.org')
    names = 'DNS:client.example.org,email:first@example.org,email:second@example.org'
    logs_in_as(world, world.ca.issue('client', names), 'second@example.org')
    is_refused(world, world.ca.issue('one', 'email:first@example.org'), 'presented no TLS')


def without_a_certificate_there_is_no_user(world):
    start(world)
    is_refused(world, None, 'connection peer presented no TLS (x.509) certificate')
    world.tls_probe(world.context())  # With a password.


def a_plain_listener_offers_no_certificates(world):
    start(world)
    for probe, wanted in ((world.new_probe(), b'PLAIN'),
                          (world.new_tls_probe(world.context()), b'EXTERNAL PLAIN')):
        offered = probe.start().arguments['mechanisms']
        check(offered in (wanted, wanted.decode()), f'{offered}')


CASES = [a_certificate_names_its_user_by_its_whole_name,
         a_certificate_names_its_user_by_its_common_name,
         a_certificate_names_its_user_by_another_name, without_a_certificate_there_is_no_user,
         a_plain_listener_offers_no_certificates]
