"""Certificates that are read at the start and again, and what is wrong with them."""
import os
import shutil
import signal
import threading

from broker import check
from certificates import Authority


def server_of(world):
    with world.handshake() as connection:
        return dict(pair[0] for pair in connection.getpeercert()['subject'])['commonName']


def what_is_wrong_stops_the_start(world):
    directory = world.node.directory
    other = Authority(directory, 'other').issue('other')
    locked = world.ca.issue('locked', password='secret')
    empty = os.path.join(directory, 'empty.pem')
    open(empty, 'w', encoding='ascii').close()
    missing = os.path.join(directory, 'missing.pem')
    for options, wanted in (
            ({'certfile': missing}, f'ssl_options.certfile = {missing}: cannot read it: No such '),
            ({'certfile': empty}, f'ssl_options.certfile = {empty}: it holds no certificate'),
            ({'certfile': directory}, f'ssl_options.certfile = {directory}: cannot read it: Is a '),
            ({'keyfile': missing}, f'ssl_options.keyfile = {missing}: cannot read it: No such '),
            ({'keyfile': empty}, f'ssl_options.keyfile = {empty}: it holds no private key'),
            ({'keyfile': other.key},
             f'ssl_options.keyfile = {other.key}: it is not the key of the certificate in '),
            ({'certfile': locked.cert, 'keyfile': locked.key},
             f'ssl_options.keyfile = {locked.key}: the key cannot be read; if it is encrypted, '),
            ({'certfile': locked.cert, 'keyfile': locked.key, 'password': 'wrong'},
             f'ssl_options.keyfile = {locked.key}: the key cannot be read with this password'),
            ({'verify': 'verify_peer', 'cacertfile': missing},
             f'ssl_options.cacertfile = {missing}: cannot read it: No such '),
            ({'ciphers.1': 'AES-NONE'}, "ssl_options.ciphers: there is no cipher suite 'AES-NONE'"),
            ({'sni.a.example.certfile': world.server.cert},
             'ssl_options.sni.a.example.keyfile: it is not set')):
        text = world.node.fails_to_start(settings=world.settings(**options))
        check(wanted in text, f'{options}: {text}')
    world.start_tls(certfile=locked.cert, keyfile=locked.key, password='secret')
    check(server_of(world) == 'locked', 'another certificate')


def replace(world, issued):
    """As a renewal does: the files have the same names."""
    for new, old in ((issued.cert, world.server.cert), (issued.key, world.server.key)):
        shutil.copy(new, old + '.new')
        os.replace(old + '.new', old)


def reload_brings_new_certificates(world):
    world.start_tls()
    before = world.tls_probe()
    for number, again in enumerate((lambda: world.ok('-q', 'reload_certificates'),
                                    lambda: world.node.process.send_signal(signal.SIGHUP))):
        name = f'renewed{number}'
        replace(world, world.ca.issue(name))
        again()
        world.logged('TLS certificate', f'CN={name},')
        if number == 0:
            check(server_of(world) == name, 'reload_certificates is done before it is')
        # The shards get them a moment after the log.
        check(any(server_of(world) == name for _ in range(1000)), f'not {name}')
    before.call(1, 'Queue.Declare', queue='q')


def a_bad_file_changes_nothing(world):
    world.start_tls()
    shutil.copy(world.server.cert, world.server.cert + '.good')
    with open(world.server.cert, 'w', encoding='ascii') as file:
        file.write('nonsense')
    text = world.fails(64 + 1, 'reload_certificates')
    check(f'ssl_options.certfile = {world.server.cert}: it holds no certificate' in text, text)
    world.node.process.send_signal(signal.SIGHUP)
    world.logged('TLS certificates kept as they were', 'it holds no certificate')
    check(server_of(world) == 'server', 'another certificate')


def certificates_are_shown(world):
    world.server = world.ca.issue('short', days=10)
    world.start_tls()
    text = world.ok('certificates')
    check('Subject: CN=short,O=Lepus tests' in text, text)
    check('Days left: 9' in text or 'Days left: 10' in text, text)
    world.logged(' warning ', 'TLS certificate expires soon', 'days_left=')


def reload_under_load(world):
    world.start_tls()
    failures = []
    stop = threading.Event()

    def connect():
        while not stop.is_set():
            try:
                with world.handshake():
                    pass
            except OSError as error:
                failures.append(error)
    threads = [threading.Thread(target=connect) for _ in range(4)]
    probe = world.tls_probe()
    for thread in threads:
        thread.start()
    for number in range(10):
        replace(world, world.ca.issue(f'n{number}'))
        world.ok('-q', 'reload_certificates')
        probe.call(1, 'Queue.Declare', queue='q')
    stop.set()
    for thread in threads:
        thread.join()
    check(not failures, f'{failures[:3]}')


CASES = [what_is_wrong_stops_the_start, reload_brings_new_certificates, a_bad_file_changes_nothing,
         certificates_are_shown, reload_under_load]
