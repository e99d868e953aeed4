"""The HTTP API and the metrics over TLS: passwords, tokens and certificates."""
import base64
import http.client
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), 'ctl'))

from broker import check, free_port  # noqa: E402  (the path is made above)
from cases_tokens import Issuer, settings as token_settings  # noqa: E402

BASIC = {'Authorization': 'Basic ' + base64.b64encode(b'guest:guest').decode()}


class Door:
    """A port of the broker that speaks HTTPS."""

    def __init__(self, world, key, **options):
        self.world, self.port = world, free_port()
        keys = {'port': self.port, 'ip': '127.0.0.1', 'certfile': world.server.cert,
                'keyfile': world.server.key, **options}
        self.settings = {f'{key}.ssl.{name}': value for name, value in keys.items()}

    def ask(self, path, headers=None, own=None, method='GET', body=None):
        connection = http.client.HTTPSConnection('127.0.0.1', self.port, timeout=20,
                                                 context=self.world.context(own))
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def who(self, headers=None, own=None):
        """The user's name, or the status of the refusal."""
        status, text = self.ask('/api/whoami', headers, own)
        return json.loads(text)['name'] if status == 200 else status


def the_api_and_the_metrics_speak_tls(world):
    api, metrics = Door(world, 'management'), Door(world, 'prometheus')
    world.start(**api.settings, **metrics.settings)
    check(api.who(BASIC) == 'guest', 'not let in by a password')
    check(api.who() == 401, 'let in without a password')
    status, _ = api.ask('/api/queues/%2F/q', BASIC, method='PUT', body='{"durable":true}')
    check(status == 201, f'a declaration got {status}')
    status, text = metrics.ask('/metrics')
    check(status == 200 and '\nrabbitmq_queues 1\n' in text, f'{status} {text[:300]}')
    listeners = {(row['protocol'], row['port'])
                 for row in json.loads(api.ask('/api/overview', BASIC)[1])['listeners']}
    check({('https', api.port), ('https/prometheus', metrics.port)} <= listeners, f'{listeners}')


def the_api_takes_tokens(world):
    issuer = Issuer(world.node.directory)
    api = Door(world, 'management')
    world.start(**api.settings, **token_settings(**{'auth_oauth2.signing_keys.k': issuer.public,
                                                    'management.disable_basic_auth': 'true'}))
    def bearer(*words, **claims):
        return {'Authorization': 'Bearer ' + issuer.token(*words, **claims)}
    check(api.who(bearer('rabbitmq.tag:management')) == 'ann', 'not let in by a token')
    check(api.who(bearer('rabbitmq.read:*/*')) == 401, 'let in without a tag')
    check(api.who(bearer('rabbitmq.tag:management', seconds=-5)) == 401, 'let in by an old token')
    check(api.who({'Authorization': 'Bearer garbage'}) == 401, 'let in by garbage')
    check(api.who(BASIC) == 401, 'let in by a password')
    may_monitor = bearer('rabbitmq.tag:monitoring')
    check(api.ask('/api/nodes', may_monitor)[0] == 200, 'nodes are shown to monitoring')
    check(api.ask('/api/users', may_monitor)[0] == 401, 'users are shown to monitoring')


def a_certificate_logs_in_where_it_may(world):
    api = Door(world, 'management', cacertfile=world.ca.cert, verify='verify_peer')
    own, stranger = world.ca.issue('client'), world.ca.issue('stranger')
    world.start(**api.settings, **{'management.ssl_cert_login': 'true',
                                   'ssl_cert_login_from': 'common_name'})
    world.quietly('add_user', 'client', 'a password that nobody knows')
    world.quietly('set_user_tags', 'client', 'management')
    check(api.who(own=own) == 'client', 'not let in by a certificate')
    check(api.who(own=stranger) == 401, 'let in as nobody')
    check(api.who() == 401, 'let in without anything')
    check(api.who(BASIC, own=own) == 'guest', 'a password comes first')
    check(api.ask('/api/users', own=own)[0] == 401, 'users are shown to management')


def a_certificate_alone_does_not_log_in(world):
    api = Door(world, 'management', cacertfile=world.ca.cert, verify='verify_peer')
    world.start(**api.settings, ssl_cert_login_from='common_name')
    world.quietly('add_user', 'client', 'a password that nobody knows')
    world.quietly('set_user_tags', 'client', 'management')
    check(api.who(own=world.ca.issue('client')) == 401, 'let in, although nobody allowed it')


def certificates_of_the_api_expire_too(world):
    soon = world.ca.issue('soon', 'IP:127.0.0.1', days=10)
    api = Door(world, 'management', certfile=soon.cert, keyfile=soon.key)
    world.start_tls(more=api.settings)
    world.ok('-q', 'check_certificate_expiration', '--within', '1')
    text = world.fails(69, '-q', 'check_certificate_expiration', '--within', '4')
    check('management.ssl.certfile' in text and 'ssl_options' not in text, f'{text}')


CASES = [the_api_and_the_metrics_speak_tls, the_api_takes_tokens,
         a_certificate_logs_in_where_it_may, a_certificate_alone_does_not_log_in,
         certificates_of_the_api_expire_too]
