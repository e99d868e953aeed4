"""Who may log in and who says so: mechanisms, passwords, guessing, a service over HTTP."""
import socket
import time

from auth_service import AuthService
from tool import check, closed_with

REFUSED = (403, 'ACCESS_REFUSED - Login was refused using authentication mechanism PLAIN. For '
                'details see the broker logfile.')


def login(world, user='ann', password='pass', **options):
    """A connection that has sent its credentials."""
    probe = world.new_probe()
    probe.start()
    probe.start_ok(user=user, password=password, **options)
    return probe


def is_refused(world, **options):
    told = closed_with(login(world, **options))
    check(told == REFUSED, f'told {told}')


# --- mechanisms and passwords

def mechanisms_are_offered_as_configured(world):
    world.start(**{'auth_mechanisms.1': 'ANONYMOUS', 'auth_mechanisms.2': 'EXTERNAL',
                   'auth_mechanisms.3': 'PLAIN'})
    probe = world.new_probe()
    offered = probe.start().arguments['mechanisms']
    check(offered in (b'ANONYMOUS PLAIN', 'ANONYMOUS PLAIN'),
          f'{offered!r}: EXTERNAL needs TLS')
    probe.start_ok(mechanism='ANONYMOUS', response='whoever')
    probe.expect('Connection.Tune')
    probe.tune_ok()
    probe.call(0, 'Connection.Open', virtual_host='/')
    row = world.rows('list_connections', 'user', 'auth_mechanism')
    check(row == [{'user': 'guest', 'auth_mechanism': 'ANONYMOUS'}], f'{row}')


def anonymous_may_be_nobody(world):
    world.start(**{'auth_mechanisms.1': 'ANONYMOUS', 'auth_mechanisms.2': 'PLAIN',
                   'anonymous_login_user': 'none'})
    offered = world.new_probe().start().arguments['mechanisms']
    check(offered in (b'PLAIN', 'PLAIN'), f'{offered!r}')


def passwords_follow_the_rule(world):
    world.start(**{'credential_validator.validation_backend':
                   'rabbit_credential_validator_min_password_length',
                   'credential_validator.min_length': '5'})
    error = world.fails(65, 'add_user', 'ann', 'pass')
    check('minimum required password length: 5' in error, error)
    world.ok('add_user', 'ann', 'passw')
    error = world.fails(65, 'change_password', 'ann', 'none')
    check('minimum required password length: 5' in error, error)
    check(world.status()['auth_attempts'][0]['auth_attempts'] == 0, 'nobody logged in')


def the_default_user_follows_it_too(world):
    settings = {'credential_validator.validation_backend': 'regexp',
                'credential_validator.regexp': '[0-9]'}
    line = world.node.fails_to_start(settings=settings)
    check("the password of user 'guest' in the configuration: provided password does not match"
          in line, line)


def who_guesses_is_slowed_down_and_counted(world):
    world.start(**{'login_failures.per_source': '10'})
    for _ in range(10):
        is_refused(world, user='guest', password='wrong')
    began = time.monotonic()
    is_refused(world, user='guest', password='guest')
    check(time.monotonic() - began > 0.05, 'told at once')
    attempts = world.status()['auth_attempts'][0]
    check(attempts['auth_attempts_failed'] == 11, f'{attempts}')
    check(attempts['auth_attempts_blocked'] >= 1, f'{attempts}')
    world.logs('too many failed logins')


# --- a service over HTTP

def a_service_lets_users_in(world):
    with AuthService() as service:
        service.answers['user'] = lambda asked: (
            'allow management' if asked.get('password') == 'pass' else 'deny')
        world.start(**service.settings())
        probe = login(world)
        probe.expect('Connection.Tune')
        probe.tune_ok()
        probe.call(0, 'Connection.Open', virtual_host='/')
        probe.open()
        probe.call(1, 'Queue.Declare', queue='q')
        probe.publish(key='q')
        probe.stored('q', 1)
        check(service.asked('user') == [{'username': 'ann', 'password': 'pass'}],
              f"{service.asked('user')}")
        check(service.asked('vhost') == [{'username': 'ann', 'vhost': '/', 'ip': '127.0.0.1',
                                          'tags': 'management'}], f"{service.asked('vhost')}")
        wanted = {'username': 'ann', 'vhost': '/', 'resource': 'queue', 'name': 'q',
                  'permission': 'configure', 'tags': 'management'}
        check(service.asked('resource')[0] == wanted, f"{service.asked('resource')}")
        names = [(one['name'], one['permission']) for one in service.asked('resource')]
        check(('amq.default', 'write') in names, f'{names}')
        check(len(names) == len(set(names)), f'asked twice: {names}')
        check(service.methods() == {'GET'}, f'{service.methods()}')
        is_refused(world, password='wrong')
        probe = world.probe()       # guest, whom the service refuses and the broker knows
        probe.call(1, 'Queue.Declare', queue='of-guest')


def a_service_is_asked_by_post_if_wanted(world):
    with AuthService() as service:
        world.start(**service.settings(**{'auth_http.http_method': 'post'}))
        login(world, user='a&b').expect('Connection.Tune')
        check(service.methods() == {'POST'}, f'{service.methods()}')
        check(service.asked('user')[0]['username'] == 'a&b', f"{service.asked('user')}")


def a_service_says_what_is_allowed(world):
    with AuthService() as service:
        service.answers['resource'] = lambda asked: 'allow' if asked['name'] == 'mine' else 'deny'
        service.answers['topic'] = lambda asked: ('allow' if asked['routing_key'] == 'a'
                                                  else 'deny')
        world.start(**service.settings())
        probe = world.probe(user='ann', password='pass')
        probe.call(1, 'Queue.Declare', queue='mine')
        probe.send(1, 'Queue.Declare', queue='other')
        got = probe.expect('Channel.Close').arguments
        check(got['reply_text'] == "ACCESS_REFUSED - configure access to queue 'other' in vhost "
                                   "'/' refused for user 'ann'", f'{got}')
        service.answers['resource'] = 'allow'
        probe.send(1, 'Channel.CloseOk')
        probe.open()
        probe.publish(exchange='amq.topic', key='a')
        probe.publish(exchange='amq.topic', key='b')
        got = probe.expect('Channel.Close').arguments
        check(got['reply_text'].startswith("ACCESS_REFUSED - write access to topic 'b'"), f'{got}')
        service.answers['vhost'] = 'deny not there'
        other = login(world, user='bob')
        other.expect('Connection.Tune')
        other.tune_ok()
        other.send(0, 'Connection.Open', virtual_host='/')
        told = closed_with(other)
        check(told[0] == 530, f'{told}')
        world.logs('not there')


def a_slow_service_stalls_only_who_waits_for_it(world):
    with AuthService() as service:
        service.answers['user'] = None
        world.start(**service.settings(**{'auth_http.request_timeout': '3000',
                                          'auth_backends.1': 'internal',
                                          'auth_backends.2': 'http'}))
        waiting = [login(world, user=f'user{number}') for number in range(50)]
        began = time.monotonic()
        probe = world.probe()
        probe.call(1, 'Queue.Declare', queue='q')
        for _ in range(100):
            probe.publish(key='q')
        probe.stored('q', 100)
        check(time.monotonic() - began < 2.5, 'guest had to wait')
        for number, one in enumerate(waiting):
            told = closed_with(one) if number < 10 else None
            check(told in (None, REFUSED), f'{told}')
        world.logs('cannot be asked')


def who_hangs_up_meanwhile_is_forgotten(world):
    with AuthService() as service:
        service.answers['user'] = None
        world.start(**service.settings())
        for number in range(20):
            login(world, user=f'user{number}').wire.close()
        service.over.set()
        service.answers['user'] = 'allow'
        world.probe(user='ann', password='pass')
        rows = world.rows('list_connections', 'user')
        check(rows == [{'user': 'ann'}], f'{rows}')


def a_dead_service_refuses(world):
    with socket.socket() as reserved:
        reserved.bind(('127.0.0.1', 0))     # Nobody listens.
        url = f'http://127.0.0.1:{reserved.getsockname()[1]}/auth'
        world.start(**{'auth_backends.1': 'http', 'auth_http.user_path': url})
        is_refused(world)
        world.logs('authentication over HTTP fails')


def garbage_refuses(world):
    with AuthService() as service:
        world.start(**service.settings())
        for text in ('', 'allowed', '<html>', 'x' * 1_000_000):
            service.answers['user'] = text
            is_refused(world)
        service.answers['user'] = 'allow'
        service.status = 500
        is_refused(world)
        service.status = 200
        login(world).expect('Connection.Tune')


def a_broker_stops_while_a_service_is_asked(world):
    with AuthService() as service:
        service.answers['user'] = None
        world.start(**service.settings())
        login(world)
        while not service.asked('user'):
            time.sleep(0.01)
        world.node.process.terminate()
        code = world.node.wait()
        check(code == 0, f'exit code {code}')


CASES = [mechanisms_are_offered_as_configured, anonymous_may_be_nobody, passwords_follow_the_rule,
         the_default_user_follows_it_too, who_guesses_is_slowed_down_and_counted,
         a_service_lets_users_in, a_service_is_asked_by_post_if_wanted,
         a_service_says_what_is_allowed, a_slow_service_stalls_only_who_waits_for_it,
         who_hangs_up_meanwhile_is_forgotten, a_dead_service_refuses, garbage_refuses,
         a_broker_stops_while_a_service_is_asked]
