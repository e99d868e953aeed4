"""OAuth 2 with several resource servers and providers, and keys that an issuer's document names."""
import http.server
import json
import os
import ssl
import sys
import threading
import time

from cases_tokens import REFUSED, Issuer, login, settings
from tool import HERE, check, closed_with

sys.path.insert(0, os.path.dirname(HERE))
from certificates import Authority  # noqa: E402  (the path is made above)

DOCUMENT = '/.well-known/openid-configuration'
SCOPES = 'configure:*/* write:*/* read:*/*'


def scopes(prefix):
    return ' '.join(prefix + one for one in SCOPES.split())


class Provider:
    """Answers each path with what `answers` has for it: (status, body or a place)."""

    def __init__(self, tls=None):
        self.answers, self.asked, self.tls = {}, [], tls

    def __enter__(self):
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                owner.asked.append(self.path)
                status, body = owner.answers.get(self.path, (404, ''))
                self.send_response(status)
                if status // 100 == 3:
                    self.send_header('Location', body)
                    body = ''
                self.send_header('Content-Length', str(len(body)))
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        if self.tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self.tls.cert, self.tls.key)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        self.url = f'http{"s" if self.tls else ""}://127.0.0.1:{self.server.server_address[1]}'
        return self

    def serves(self, *issuers, document=DOCUMENT):
        self.answers[document] = (200, json.dumps({'issuer': self.url,
                                                   'jwks_uri': f'{self.url}/keys'}))
        self.answers['/keys'] = (200, json.dumps({'keys': [one.jwk() for one in issuers]}))

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def refused(world, token, why):
    told = closed_with(login(world, token))
    check(told == REFUSED, f'told {told}')
    world.logs(why)


def accepted(world, token):
    login(world, token).expect('Connection.Tune')


def the_issuers_document_names_the_keys(world):
    issuer = Issuer(world.node.directory)
    authority = Authority(world.node.directory, 'issuers')
    with Provider(authority.issue('issuer', 'IP:127.0.0.1')) as provider:
        provider.serves(issuer)
        world.start(**settings(**{'auth_oauth2.issuer': provider.url + '/',
                                  'auth_oauth2.https.cacertfile': authority.cert}))
        for _ in range(3):
            accepted(world, issuer.token(scopes('rabbitmq.')))
        check(provider.asked == [DOCUMENT, '/keys'], f'asked for {provider.asked}')


def an_issuer_of_another_authority_is_not_believed(world):
    issuer = Issuer(world.node.directory)
    authority = Authority(world.node.directory, 'issuers')
    other = Authority(world.node.directory, 'others')
    with Provider(authority.issue('issuer', 'IP:127.0.0.1')) as provider:
        provider.serves(issuer)
        world.start(**settings(**{'auth_oauth2.issuer': provider.url,
                                  'auth_oauth2.https.cacertfile': other.cert}))
        refused(world, issuer.token(scopes('rabbitmq.')), 'SSL peer certificate')
        check(provider.asked == [], f'asked for {provider.asked}')


def a_document_that_is_not_right_is_named_in_the_log(world):
    issuer = Issuer(world.node.directory)
    token = issuer.token(scopes('rabbitmq.'))
    with Provider() as provider:
        keys = f'{provider.url}/keys'
        wrong = [((200, '<html>'), 'it is not a JSON object'),
                 ((200, '{}'), "it names no 'issuer'"),
                 ((200, '{"issuer":"x"}'), "it names no 'jwks_uri'"),
                 ((200, '{"issuer":"x","jwks_uri":"file:///etc/passwd"}'), 'no URL of http'),
                 ((200, 'x' * 100_000), 'its answer is too long'),
                 ((500, 'down'), 'status 500'),
                 ((302, keys), f"it redirects to '{keys}', which is not followed"),
                 ((200, json.dumps({'issuer': 'x', 'jwks_uri': keys})), 'status 404')]
        for answer, why in wrong:
            provider.answers[DOCUMENT] = answer
            world.start(**settings(**{'auth_oauth2.issuer': provider.url}))
            refused(world, token, why)
            world.node.stop()
        provider.serves(issuer)
        provider.answers['/keys'] = (200, '{"keys":7}')
        world.start(**settings(**{'auth_oauth2.issuer': provider.url}))
        refused(world, token, "the list 'keys'")


def an_issuer_that_cannot_be_reached_refuses(world):
    issuer = Issuer(world.node.directory)
    with Provider() as provider:
        url = provider.url
    world.start(**settings(**{'auth_oauth2.issuer': url}))
    refused(world, issuer.token(scopes('rabbitmq.')), 'the keys of tokens cannot be fetched')
    world.probe()       # guest, of the internal backend


def keys_that_changed_are_fetched_once_in_a_while(world):
    """The pause is 10 s; tokens that name unknown keys do not shorten it."""
    old, new = Issuer(world.node.directory, 'old'), Issuer(world.node.directory, 'new')
    with Provider() as provider:
        provider.serves(old)
        world.start(**settings(**{'auth_oauth2.issuer': provider.url}))
        accepted(world, old.token(scopes('rabbitmq.')))
        fetched_at = time.monotonic()
        provider.serves(new)
        token = new.token(scopes('rabbitmq.'))
        for _ in range(3):
            refused(world, token, "its key 'new' is not known")
        check(len(provider.asked) == 2, f'asked for {provider.asked}')
        time.sleep(max(0.0, fetched_at + 10.1 - time.monotonic()))
        accepted(world, token)
        check(len(provider.asked) == 4, f'asked for {provider.asked}')
        refused(world, old.token(scopes('rabbitmq.')), "its key 'old' is not known")


def resource_servers_have_providers_of_their_own(world):
    own, ops = Issuer(world.node.directory), Issuer(world.node.directory, 'ops')
    with Provider() as provider:
        provider.serves(ops, document='/where?realm=a%20b')
        world.start(**settings(**{
            'auth_oauth2.signing_keys.k': own.public,
            'auth_oauth2.resource_servers.ops.id': 'rabbitmq-ops',
            'auth_oauth2.resource_servers.ops.oauth_provider_id': 'p',
            'auth_oauth2.resource_servers.ops.scope_prefix': 'api://',
            'auth_oauth2.resource_servers.ops.preferred_username_claims.1': 'email',
            'auth_oauth2.resource_servers.ops.scope_aliases.1.alias': 'all.of.it',
            'auth_oauth2.resource_servers.ops.scope_aliases.1.scope': scopes('api://'),
            'auth_oauth2.oauth_providers.p.issuer': provider.url,
            'auth_oauth2.oauth_providers.p.discovery_endpoint_path': 'where',
            'auth_oauth2.oauth_providers.p.discovery_endpoint_params.realm': 'a b'}))
        probe = world.probe(user='', password=ops.token('all.of.it', aud='rabbitmq-ops',
                                                        email='ann@x'))
        probe.call(1, 'Queue.Declare', queue='q', exclusive=True)
        check(world.rows('list_connections', 'user') == [{'user': 'ann@x'}], 'another user')
        accepted(world, own.token(scopes('rabbitmq.')))
        check(len(provider.asked) == 2, f'asked for {provider.asked}')
        # A key of one provider is none of the other's.
        refused(world, own.token(scopes('api://'), aud='rabbitmq-ops'), "its key 'k' is not known")
        refused(world, ops.token(scopes('rabbitmq.')), "its key 'ops' is not known")
        refused(world, own.token(scopes('rabbitmq.'), aud=['rabbitmq', 'rabbitmq-ops']),
                'one resource server only')
        refused(world, own.token(scopes('rabbitmq.'), aud='x'), "'rabbitmq' or 'rabbitmq-ops'")


def a_provider_that_is_not_there_stops_the_start(world):
    line = world.node.fails_to_start(settings=settings(**{
        'auth_oauth2.issuer': 'https://x',
        'auth_oauth2.resource_servers.r.oauth_provider_id': 'p'}))
    check('auth_oauth2.resource_servers.r.oauth_provider_id: there is no '
          'auth_oauth2.oauth_providers.p' in line, line)


CASES = [the_issuers_document_names_the_keys, an_issuer_of_another_authority_is_not_believed,
         a_document_that_is_not_right_is_named_in_the_log,
         an_issuer_that_cannot_be_reached_refuses, keys_that_changed_are_fetched_once_in_a_while,
         resource_servers_have_providers_of_their_own,
         a_provider_that_is_not_there_stops_the_start]
