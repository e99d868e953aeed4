"""Logins with OAuth 2 tokens: keys, scopes, renewal and expiry."""
import base64
import http.server
import json
import os
import subprocess
import threading
import time

from tool import check, closed_with

REFUSED = (403, 'ACCESS_REFUSED - Login was refused using authentication mechanism PLAIN. For '
                'details see the broker logfile.')


def encoded(data):
    return base64.urlsafe_b64encode(data).rstrip(b'=').decode()


class Issuer:
    """Signs tokens with a key of its own, by the program openssl."""

    def __init__(self, folder, kid='k'):
        self.kid = kid
        self.private = os.path.join(folder, f'{kid}.key')
        self.public = os.path.join(folder, f'{kid}.pem')
        subprocess.run(['openssl', 'genpkey', '-algorithm', 'RSA', '-out', self.private,
                        '-pkeyopt', 'rsa_keygen_bits:2048'], check=True, capture_output=True)
        subprocess.run(['openssl', 'pkey', '-in', self.private, '-pubout', '-out', self.public],
                       check=True, capture_output=True)

    def token(self, scope, seconds=600, **claims):
        payload = {'sub': 'ann', 'aud': ['rabbitmq'], 'exp': int(time.time()) + seconds,
                   'scope': scope, **claims}
        header = {'alg': 'RS256', 'typ': 'JWT', 'kid': self.kid}
        text = '.'.join(encoded(json.dumps(part).encode()) for part in (header, payload))
        done = subprocess.run(['openssl', 'dgst', '-sha256', '-sign', self.private],
                              input=text.encode(), check=True, capture_output=True)
        return f'{text}.{encoded(done.stdout)}'

    def jwk(self):
        done = subprocess.run(['openssl', 'rsa', '-in', self.private, '-noout', '-modulus'],
                              check=True, capture_output=True, text=True)
        modulus = bytes.fromhex(done.stdout.strip().split('=')[1])
        return {'kty': 'RSA', 'kid': self.kid, 'use': 'sig', 'n': encoded(modulus), 'e': 'AQAB'}


class KeyServer:
    """Serves a set of keys; counts how often it is asked."""

    def __init__(self, keys):
        self.keys, self.count = keys, 0

    def __enter__(self):
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                owner.count += 1
                body = json.dumps({'keys': owner.keys}).encode()
                self.send_response(200)
                self.send_header('Content-Length', str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        self.url = f'http://127.0.0.1:{self.server.server_address[1]}/keys'
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def settings(**more):
    return {'auth_backends.1': 'oauth2', 'auth_backends.2': 'internal',
            'auth_oauth2.resource_server_id': 'rabbitmq', **more}


def login(world, token):
    probe = world.new_probe()
    probe.start()
    probe.start_ok(user='', password=token)
    return probe


ALL = 'rabbitmq.configure:*/* rabbitmq.write:*/* rabbitmq.read:*/*'


def a_token_lets_in_with_its_scopes(world):
    issuer = Issuer(world.node.directory)
    world.start(**settings(**{'auth_oauth2.signing_keys.k': issuer.public}))
    token = issuer.token('rabbitmq.configure:*/mine rabbitmq.write:*/amq.default '
                         'rabbitmq.read:*/mine rabbitmq.tag:management other.read:*/*')
    probe = world.probe(user='', password=token)
    probe.call(1, 'Queue.Declare', queue='mine')
    probe.publish(key='mine')
    probe.stored('mine', 1)
    check(world.rows('list_connections', 'user') == [{'user': 'ann'}], 'another user')
    probe.send(1, 'Queue.Declare', queue='other')
    got = probe.expect('Channel.Close').arguments
    check(got['reply_text'] == "ACCESS_REFUSED - configure access to queue 'other' in vhost '/' "
                               "refused for user 'ann'", f'{got}')
    world.probe()       # guest, of the internal backend


def a_long_token_fits_into_the_first_frame(world):
    issuer = Issuer(world.node.directory)
    keys = settings(**{'auth_oauth2.signing_keys.k': issuer.public})
    world.start(**keys)
    token = issuer.token(ALL, groups='g' * 4500)
    check(len(token) > 6000, f'{len(token)} bytes')
    world.probe(user='', password=token)
    told = login(world, issuer.token(ALL, groups='g' * 9000)).observe()
    check('closed' in told, f'a frame above initial_frame_max: {told}')
    world.node.stop()
    world.start(initial_frame_max='32KiB', **keys)
    world.probe(user='', password=issuer.token(ALL, groups='g' * 9000))


def a_token_that_is_not_right_is_refused(world):
    issuer = Issuer(world.node.directory)
    stranger = Issuer(world.node.directory, 'stranger')
    stranger.kid = 'k'
    world.start(**settings(**{'auth_oauth2.signing_keys.k': issuer.public}))
    good = issuer.token(ALL)
    unsigned = '.'.join((encoded(json.dumps({'alg': 'none'}).encode()), good.split('.')[1], ''))
    for token in (stranger.token(ALL), issuer.token(ALL, seconds=-5), unsigned, 'garbage',
                  issuer.token(ALL, aud='other'), good[:-10]):
        told = closed_with(login(world, token))
        check(told == REFUSED, f'told {told}')
    for why in ('its signature is wrong', 'has expired at timestamp', "algorithm 'none'",
                'three parts', "not meant for 'rabbitmq'"):
        world.logs(why)
    login(world, good).expect('Connection.Tune')


def keys_are_fetched_and_fetched_again(world):
    old, new = Issuer(world.node.directory, 'old'), Issuer(world.node.directory, 'new')
    with KeyServer([old.jwk()]) as server:
        world.start(**settings(**{'auth_oauth2.jwks_url': server.url}))
        for _ in range(3):
            login(world, old.token(ALL)).expect('Connection.Tune')
        check(server.count == 1, f'fetched {server.count} times')
        for _ in range(3):
            told = closed_with(login(world, new.token(ALL)))
            check(told == REFUSED, f'told {told}')
        check(server.count == 1, f'fetched {server.count} times within its pause')


def a_bad_key_file_stops_the_start(world):
    path = os.path.join(world.node.directory, 'bad.pem')
    with open(path, 'w', encoding='utf-8') as file:
        file.write('no key')
    line = world.node.fails_to_start(settings=settings(**{'auth_oauth2.signing_keys.k': path}))
    check('auth_oauth2.signing_keys.k' in line and 'neither a public key' in line, line)


def a_token_is_renewed(world):
    issuer = Issuer(world.node.directory)
    world.start(**settings(**{'auth_oauth2.signing_keys.k': issuer.public}))
    probe = world.probe(user='', password=issuer.token(ALL, seconds=4))
    probe.call(0, 'Connection.UpdateSecret', new_secret=issuer.token(ALL), reason='renewed')
    time.sleep(5)       # Past the end of the first one.
    probe.call(1, 'Queue.Declare', queue='q')
    probe.send(0, 'Connection.UpdateSecret', new_secret=issuer.token(ALL, sub='bob'), reason='')
    told = closed_with(probe)
    check(told == (530, 'NOT_ALLOWED - New secret was refused by one of the backends'), f'{told}')


def an_expired_token_gives_no_rights(world):
    """The connection stays, as in RabbitMQ, and so does what is consumed."""
    issuer = Issuer(world.node.directory)
    world.start(**settings(**{'auth_oauth2.signing_keys.k': issuer.public}))
    probe = world.probe(user='', password=issuer.token(ALL, seconds=3))
    probe.call(1, 'Queue.Declare', queue='q')
    probe.call(1, 'Basic.Consume', queue='q', no_ack=True)
    time.sleep(4)       # Past its end.
    other = world.probe()
    other.publish(key='q')
    probe.expect('Basic.Deliver')
    probe.content()
    probe.send(1, 'Queue.Declare', queue='other')
    got = probe.expect('Channel.Close').arguments
    check(got['reply_code'] == 403 and 'backend rabbit_auth_backend_oauth2 returned an error: '
          '"Provided JWT token has expired at timestamp ' in got['reply_text'], f'{got}')
    probe.send(1, 'Channel.CloseOk')
    probe.call(0, 'Connection.UpdateSecret', new_secret=issuer.token(ALL), reason='late')
    probe.call(1, 'Channel.Open')
    probe.call(1, 'Queue.Declare', queue='other')


CASES = [a_token_lets_in_with_its_scopes, a_long_token_fits_into_the_first_frame,
         a_token_that_is_not_right_is_refused,
         keys_are_fetched_and_fetched_again, a_bad_key_file_stops_the_start, a_token_is_renewed,
         an_expired_token_gives_no_rights]
