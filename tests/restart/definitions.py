#!/usr/bin/env python3
"""A user of RabbitMQ brings his definitions.json along: load_definitions and --export-definitions.

    tests/restart/definitions.py --broker build/release/lepus [--only TEXT]

data/rabbitmq-3.10.8.json is what that version's `rabbitmqctl export_definitions` wrote. Each case
has a broker and a data directory of its own. The last line is `N passed, N failed`.
"""
import base64
import hashlib
import json
import os
import random
import sqlite3
import subprocess
import sys
import time

from broker import FRAMES, HERE, STOP_S, Failed, Node, check, run_cases
from probe import Probe

RABBITMQ = os.path.join(HERE, 'data', 'rabbitmq-3.10.8.json')
PASSWORDS = {'shop': 's3cret', 'audit': 'gehaimnis mit ä', 'archive': 'sha512 pass',
             'guest': 'guest'}
CASES = []


def case(run):
    CASES.append(run)
    return run


class Import:
    """A node that starts with a definitions file."""
    def __init__(self, node):
        self.node = node
        self.path = os.path.join(node.directory, 'definitions.json')

    def start(self, definitions=None, **settings):
        return self.node.start(settings=self.settings(definitions, settings))

    def fails(self, definitions, **settings):
        return self.node.fails_to_start(settings=self.settings(definitions, settings))

    def settings(self, definitions, settings):
        if isinstance(definitions, str):
            return {'load_definitions': definitions, **settings}
        if definitions is None:
            return settings
        with open(self.path, 'w', encoding='utf-8') as file:
            json.dump(definitions, file)
        return {'load_definitions': self.path, **settings}

    def check(self, definitions, **settings):
        """lepus --check-definitions: exit code, standard output, standard error."""
        command = [self.node.program]
        for key, value in settings.items():
            command += ['--set', f'{key}={value}']
        path = self.settings(definitions, {})['load_definitions']
        done = subprocess.run([*command, '--check-definitions', path], capture_output=True,
                              text=True, timeout=STOP_S, check=False)
        return done.returncode, done.stdout, done.stderr

    def export(self, target='-'):
        done = subprocess.run([self.node.program, '--set', f'data_dir={self.node.data}',
                               '--export-definitions', target], capture_output=True, text=True,
                              timeout=STOP_S, check=False)
        return done.returncode, done.stdout, done.stderr

    def exported(self):
        code, text, error = self.export()
        check(code == 0 and not error, f'export: exit code {code}: {error}')
        return text

    def logs_in(self, user, password):
        probe = Probe(('127.0.0.1', self.node.port), FRAMES)
        self.node.probes.append(probe)
        probe.start()
        probe.start_ok(user=user, password=password)
        if probe.expect('Connection.Tune', 'Connection.Close').name == 'Connection.Close':
            return False
        return True

    def client(self, user='guest', vhost='orders'):
        probe = Probe(('127.0.0.1', self.node.port), FRAMES)
        self.node.probes.append(probe)
        return probe.open(user=user, password=PASSWORDS[user], vhost=vhost)


def arrives(probe, queue, exchange, key, properties=None):
    probe.publish(exchange=exchange, key=key, properties=properties)
    probe.call(1, 'Channel.Flow', active=True)
    return probe.get(queue) is not None


def expect_rabbitmq(world):
    """Everything of the file works."""
    for user, password in PASSWORDS.items():
        check(world.logs_in(user, password), f'{user} cannot log in')
        check(not world.logs_in(user, password + 'x'), f'{user} logs in with a wrong password')
        check(not world.logs_in(user, ''), f'{user} logs in without a password')
    probe = world.client()
    for queue in ('invoices', 'tmp.ä', 'lazy', 'lost', 'transient'):
        probe.call(1, 'Queue.Declare', queue=queue, passive=True)
    check(arrives(probe, 'invoices', 'events', 'eu.de.invoice'), 'the topic binding is gone')
    check(arrives(probe, 'invoices', 'direct-events', 'k2'), 'the direct binding is gone')
    check(arrives(probe, 'lost', 'events', 'nowhere'), 'the alternate exchange is gone')
    check(arrives(probe, 'lazy', 'headers-events', '', {'headers': {'size': 3}}),
          'the headers binding is gone')
    check(arrives(probe, 'lazy', 'amq.topic', 'logs.a.b'), 'the binding of amq.topic is gone')
    probe.call(1, 'Queue.Declare', queue='invoices', durable=True, arguments={
        'x-message-ttl': 3_600_000, 'x-max-priority': 5, 'x-dead-letter-exchange': 'unrouted',
        'x-dead-letter-routing-key': 'invoices.dead', 'x-max-length': 100_000,
        'x-overflow': 'reject-publish'})
    expect_refusals(world)


def expect_refusals(world):
    """What the file's permissions forbid."""
    for user, method, arguments, words in (
            ('shop', 'Queue.Declare', {'queue': 'other'}, "configure access to queue 'other'"),
            ('shop', 'Basic.Publish', {'exchange': 'events', 'routing_key': 'us.x'},
             "write access to topic 'us.x' in exchange 'events'"),
            ('audit', 'Basic.Publish', {'exchange': 'amq.direct', 'routing_key': 'k'},
             "write access to exchange 'amq.direct'")):
        probe = world.client(user)
        probe.send(1, method, **arguments)
        text = probe.expect('Channel.Close').arguments['reply_text']
        check(f"{words} in vhost 'orders' refused for user '{user}'" in text, text)
    probe = Probe(('127.0.0.1', world.node.port), FRAMES)
    world.node.probes.append(probe)
    probe.login(user='archive', password=PASSWORDS['archive'])
    probe.tune_ok()
    probe.send(0, 'Connection.Open', virtual_host='/')
    text = probe.expect('Connection.Close').arguments['reply_text']
    check(text == "NOT_ALLOWED - access to vhost '/' refused for user 'archive'", text)


@case
def rabbitmqs_own_export(node):
    """Also after restarts, with the file and without it, and after a kill."""
    world = Import(node)
    world.start(RABBITMQ)
    expect_rabbitmq(world)
    log = node.log()
    for text in ('1 global parameters are stored',
                 'and 2 more: the source or destination is neither'):
        check(log.count(text) == 1, f'{text!r} is logged {log.count(text)} times:\n{log}')
    check('olicy' not in log, f'something is wrong with a policy:\n{log}')
    node.kill()
    world.start(RABBITMQ)
    expect_rabbitmq(world)
    node.stop()
    world.start()
    for user, password in PASSWORDS.items():
        check(world.logs_in(user, password), f'{user} is gone without the file')
    check(not node.exists('Queue', 'transient'), 'a transient queue outlived the broker')


@case
def messages_survive_in_imported_queues(node):
    world = Import(node)
    world.start(RABBITMQ)
    probe = world.client()
    probe.call(1, 'Confirm.Select')
    for _ in range(20):
        probe.publish(exchange='events', key='eu.de.invoice', properties={'delivery_mode': 2})
    acked = 0
    while acked < 20:
        acked = probe.expect('Basic.Ack').arguments['delivery_tag']
    node.kill()
    world.start(RABBITMQ)
    world.client().stored('invoices', 20)


@case
def export_import_export_is_the_same(node):
    world = Import(node)
    world.start(RABBITMQ)
    node.stop()
    first = world.exported()
    data = json.loads(first)
    with open(RABBITMQ, encoding='utf-8') as file:
        original = json.load(file)
    # A list of pairs there; RabbitMQ itself reads only an object.
    policy = original['parameters'][0]['value']
    policy['definition'] = dict(policy['definition'])
    for section in ('users', 'permissions', 'topic_permissions', 'parameters', 'policies',
                    'global_parameters', 'vhosts'):
        check(data[section] == original[section], f'{section}: {data[section]}')
    def by_name(items):
        return {(one['vhost'], one['name']): one for one in items}
    for section in ('queues', 'exchanges'):
        wanted = by_name(one for one in original[section] if one['durable'])
        found = by_name(data[section])
        check(found.keys() == wanted.keys(), f'{section}: {found.keys()}')
        for key, one in wanted.items():
            check(found[key].items() >= one.items(), f'{section} {key}: {found[key]}')
    check(len(data['bindings']) == 7, f"{data['bindings']}")
    with Node(node.program) as other:
        second = Import(other)
        second.start(data)
        expect_export = second.export()
        check(expect_export[0] == 1 and 'another lepus (pid ' in expect_export[2],
              f'export of a running broker: {expect_export}')
        expect_without_transient(second)
        other.stop()
        check(second.exported() == first, 'the second export differs')
        target = os.path.join(other.directory, 'out.json')
        check(second.export(target)[0] == 0, 'no export to a file')
        with open(target, encoding='utf-8') as file:
            check(file.read() == first, 'the file differs from standard output')
        check(os.stat(target).st_mode & 0o077 == 0, 'others may read the password hashes')


def expect_without_transient(world):
    probe = world.client()
    check(arrives(probe, 'invoices', 'events', 'eu.de.invoice'), 'the topic binding is gone')
    check(arrives(probe, 'lost', 'events', 'nowhere'), 'the alternate exchange is gone')


@case
def users_follow_the_file(node):
    def user(name, password):
        salt = bytes(random.Random(name).randrange(256) for _ in range(4))
        digest = hashlib.sha256(salt + password.encode()).digest()
        return {'name': name, 'password_hash': base64.b64encode(salt + digest).decode(), 'tags': ''}
    world = Import(node)
    world.start({'users': [user('a', 'one'), user('b', 'one')]})
    check(world.logs_in('a', 'one') and world.logs_in('b', 'one'), 'a user cannot log in')
    check(not world.logs_in('guest', 'guest'), 'guest is there beside imported users')
    node.kill()
    world.start({'users': [user('b', 'two'), {'name': 'c', 'password_hash': ''}]},
                **{'default_users.a.password': 'own'})
    check(world.logs_in('b', 'two') and not world.logs_in('b', 'one'), 'b has the old password')
    check(world.logs_in('a', 'one') and not world.logs_in('a', 'own'),
          'the configured user a counts')
    check("user 'a' of the configuration cannot log in" in node.log(), node.log())
    check(not world.logs_in('c', ''), 'c has no password and logs in')
    node.stop()
    with sqlite3.connect(node.catalog) as catalog:
        names = catalog.execute('SELECT name FROM users ORDER BY name').fetchall()
    check(names == [('a',), ('b',), ('c',)], f'{names}')


@case
def the_first_user_is_made_once(node):
    world = Import(node)
    world.start(**{'default_user': 'ann', 'default_pass': 'one', 'default_permissions.write': '^a',
                   'default_users.bob.password': 'two', 'default_users.bob.vhost_pattern': '^v$',
                   'vhosts': 'v'})
    check(world.logs_in('ann', 'one') and world.logs_in('bob', 'two'), 'a user cannot log in')
    check(not world.logs_in('guest', 'guest'), 'guest is there beside the configured user')
    for shut in (node.stop, node.kill):
        shut()
        world.start(**{'default_pass': 'other'})
        check(world.logs_in('ann', 'one'), 'the password of the first start is gone')
        check(not world.logs_in('guest', 'other'), 'a second first user was made')
        probe = Probe(('127.0.0.1', node.port), FRAMES)
        node.probes.append(probe)
        probe.open(user='ann', password='one').send(1, 'Basic.Publish', exchange='b')
        text = probe.expect('Channel.Close').arguments['reply_text']
        check("write access to exchange 'b' in vhost '/' refused for user 'ann'" in text, text)


@case
def a_directory_of_files(node):
    folder = os.path.join(node.directory, 'definitions.d')
    os.mkdir(folder)
    for name, content in (('10-vhosts.json', {'vhosts': [{'name': 'v'}]}),
                          ('20-queues.json', {'queues': [{'name': 'q', 'vhost': 'v'}]}),
                          ('README', 'not JSON')):
        with open(os.path.join(folder, name), 'w', encoding='utf-8') as file:
            json.dump(content, file)
    Import(node).start(folder)
    probe = Probe(('127.0.0.1', node.port), FRAMES)
    node.probes.append(probe)
    probe.open(vhost='v').call(1, 'Queue.Declare', queue='q', passive=True)


@case
def bad_files_stop_the_start_and_change_nothing(node):
    world = Import(node)
    world.start({'queues': [{'name': 'q', 'vhost': '/', 'durable': True}]})
    node.stop()
    before = world.exported()
    good = {'name': 'new', 'vhost': '/', 'durable': True}
    users = [{'name': 'u', 'password_hash': ''}]
    for content, words in (
            ({'users': users, 'queues': [good, {'name': 'q', 'vhost': '/', 'durable': False}]},
             ('queues[1]', "inequivalent arg 'durable' for queue 'q' in vhost '/'")),
            ({'users': users, 'queues': [good, {'name': 7, 'vhost': '/'}]},
             ('queues[1].name', 'expected a string')),
            ({'queues': [good], 'exchanges': [{'name': 'x', 'vhost': '/', 'type': 'x-jms-topic'}]},
             ('exchanges[0].type', "'x-jms-topic'", 'docs/COMPATIBILITY.md')),
            ({'queues': [good, {'name': 'qq', 'vhost': '/',
                                'arguments': {'x-dead-letter-exchange': '',
                                              'x-dead-letter-strategy': 'never'}}]},
             ('queues[1]', "'x-dead-letter-strategy'", 'invalid_dlx_strategy')),
            ({'users': [{'name': 'm', 'password_hash': 'x',
                         'hashing_algorithm': 'rabbit_password_hashing_md5'}], 'queues': [good]},
             ('users[0].password_hash', 'MD5')),
            ({'queues': [good], 'bindings': [{'source': 'a', 'destination': 'q', 'vhost': 'no',
                                              'destination_type': 'queue', 'routing_key': ''}]},
             ('bindings[0].vhost', "no virtual host 'no'"))):
        line = world.fails(content)
        check(all(word in line for word in (world.path, *words)), line)
        check(world.exported() == before, f'something was changed by the file with: {line}')
    with open(world.path, 'w', encoding='utf-8') as file:
        file.write('{"queues": [}')
    line = world.fails(world.path)
    check('not JSON at line 1, column 13' in line, line)
    line = world.fails('/no/such/file.json')
    check('load_definitions' in line and 'No such file' in line, line)
    world.start()
    check(node.exists('Queue', 'q'), 'the broker does not start any more')


BROKEN = {
    'users': [{'name': 'good', 'password': 'plain'}, {'name': 'none'}],
    'policies': [{'vhost': '/', 'name': '', 'pattern': '.*', 'definition': {'max-length': 1}}],
    'parameters': [{'vhost': '/', 'component': 'operator_policy', 'name': '',
                    'value': {'pattern': '.*', 'definition': {'max-length': 1}}}],
    'queues': [{'name': 'good', 'vhost': '/'}, {'name': 'bad', 'vhost': '/', 'type': 'odd'},
               {'name': 'lost', 'vhost': 'nowhere'}],
    'exchanges': [{'name': 'jms', 'vhost': '/', 'type': 'x-jms-topic'}]}
BROKEN_PATHS = ('users[1].password_hash', 'policies[0].name', 'parameters[0].name',
                'queues[1].type', 'queues[2].vhost', 'exchanges[0].type')


@case
def all_problems_are_listed_at_once(node):
    world = Import(node)
    code, out, error = world.check(BROKEN)
    check(code == 1 and not out, f'exit code {code}: {out}')
    check(all(f'lepus: {world.path}: {path}: ' in error for path in BROKEN_PATHS), error)
    check(not os.path.exists(node.data), 'the check made a data directory')
    node.launch(2, settings=world.settings(BROKEN, {}))
    check(node.wait() == 1, 'it started')
    check(all(f'lepus: {world.path}: {path}: ' in node.log() for path in BROKEN_PATHS), node.log())
    skip = {'load_definitions.on_unsupported': 'skip'}
    code, out, error = world.check(BROKEN, **skip)
    check(code == 0 and ': valid: ' in out, f'exit code {code}: {out}{error}')
    world.start(BROKEN, **skip)
    check(all(f'skipped: {world.path}: {path}: ' in node.log() for path in BROKEN_PATHS),
          node.log())
    check(world.logs_in('good', 'plain') and not world.logs_in('good', 'x'), 'plain password')
    node.kill()
    world.start(BROKEN, **skip)
    check(world.logs_in('good', 'plain'), 'the plain password after a restart')
    node.stop()
    names = [one['name'] for one in json.loads(world.exported())['queues']]
    check(names == ['good'], f'{names}')


@case
def types_of_queues_come_and_go(node):
    arguments = {'quorum': {'x-queue-type': 'quorum', 'x-delivery-limit': 3},
                 'stream': {'x-queue-type': 'stream', 'x-max-age': '1h'}, 'classic': {}}
    queues = [{'name': name, 'vhost': '/', 'type': name, 'durable': True, 'auto_delete': False,
               'arguments': table} for name, table in arguments.items()]
    queues.append({'name': 'preset', 'vhost': 'v', 'durable': True, 'auto_delete': False})
    world = Import(node)
    definitions = {'vhosts': [{'name': '/'}, {'name': 'v', 'metadata': {'default_queue_type':
                                                                        'quorum'}}],
                   'queues': queues}
    world.start(definitions)
    node.stop()
    types = {one['name']: one['type'] for one in json.loads(world.exported())['queues']}
    check(types == {'quorum': 'quorum', 'stream': 'stream', 'classic': 'classic',
                    'preset': 'quorum'}, f'{types}')
    world.start(definitions)
    probe = Probe(('127.0.0.1', node.port), FRAMES)
    node.probes.append(probe)
    probe.open(vhost='v').call(1, 'Queue.Declare', queue='preset', durable=True)


@case
def a_file_of_one_virtual_host(node):
    """As the HTTP API of RabbitMQ exports it: no vhosts, and no vhost anywhere."""
    world = Import(node)
    world.start({'queues': [{'name': 'q', 'durable': True}], 'exchanges': [],
                 'bindings': [{'source': 'amq.topic', 'destination': 'q', 'routing_key': '#',
                               'destination_type': 'queue', 'arguments': {}}],
                 'policies': [{'name': 'p', 'pattern': '.+', 'definition': {'max-length': 1}}]})
    check(f"{world.path} and 2 more: there is no virtual host in the file, '/' is taken"
          in node.log(), node.log())
    probe = Probe(('127.0.0.1', node.port), FRAMES)
    node.probes.append(probe)
    check(arrives(probe.open(), 'q', 'amq.topic', 'k'), 'the binding is not there')


@case
def policies_with_look_aheads(node):
    world = Import(node)
    policy = {'vhost': '/', 'apply-to': 'queues', 'definition': {'max-length': 1}, 'priority': 0}
    world.start({'queues': [{'name': name, 'vhost': '/'} for name in ('work', 'reply_1', 'old')],
                 'policies': [{**policy, 'name': 'kolla',
                               'pattern': r'^(?!(amq\.)|(.*_fanout_)|(reply_)).*'},
                              {**policy, 'name': 'inert', 'pattern': 'a(?!b)c', 'priority': 9}]})
    warning = "policy 'inert' in vhost '/' has no effect: its pattern 'a(?!b)c' matches nothing"
    check(warning in node.log() and "'kolla'" not in node.log(), node.log())
    probe = Probe(('127.0.0.1', node.port), FRAMES)
    node.probes.append(probe)
    probe.open()
    for name, count in (('work', 1), ('reply_1', 3)):
        for _ in range(3):
            probe.publish(key=name)
        probe.stored(name, count)


@case
def killed_while_importing(node):
    """All of the file or nothing, whenever the process dies."""
    count = 4000
    chance = random.Random(20261125)
    world = Import(node)
    definitions = {
        'vhosts': [{'name': 'v', 'metadata': {'description': 'd'}}],
        'users': [{'name': f'u{n}', 'password_hash': ''} for n in range(100)],
        'exchanges': [{'name': 'x', 'vhost': 'v', 'type': 'direct', 'durable': True}],
        'queues': [{'name': f'q{n}', 'vhost': 'v', 'durable': True} for n in range(count)],
        'bindings': [{'source': 'x', 'vhost': 'v', 'destination': f'q{n}', 'routing_key': 'k',
                      'destination_type': 'queue', 'arguments': {}} for n in range(count)]}
    settings = world.settings(definitions, {})
    began = time.monotonic()
    node.start(settings=settings)
    whole_s = time.monotonic() - began
    node.kill()
    seen = set()
    for _ in range(12):
        node.wipe()
        node.launch(shards=2, settings=settings)
        try:
            node.process.wait(whole_s * chance.uniform(0.02, 0.9))
            raise Failed(f'the broker ended by itself:\n{node.log()}')
        except subprocess.TimeoutExpired:
            node.kill()
        seen.add(stored_counts(node))
    check(seen <= {(0, 0, 0), (count, count, 100)}, f'half an import: {seen}')
    node.start(settings=settings)
    check(stored_counts(node) == (count, count, 100), f'{stored_counts(node)}')


def stored_counts(node):
    """Queues, bindings, users; a catalog that is not there or has no tables yet has none."""
    if not os.path.exists(node.catalog):
        return (0, 0, 0)
    with sqlite3.connect(node.catalog) as catalog:
        tables = catalog.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'users'")
        if tables.fetchone()[0] == 0:
            return (0, 0, 0)
        return tuple(catalog.execute(f'SELECT count(*) FROM {table}').fetchone()[0]
                     for table in ('queues', 'bindings', 'users'))


if __name__ == '__main__':
    sys.exit(run_cases(__doc__, CASES))
