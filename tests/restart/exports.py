#!/usr/bin/env python3
"""Definitions as RabbitMQ 3.10 to 4.3 export them: every type of queue, policies of all kinds,
parameters of plugins that are not there; and load_definitions of a file that was loaded before.

    tests/restart/exports.py --broker build/release/lepus [--only TEXT]

data/rabbitmq-VERSION.json has the layout of that version. Each case has a broker and a data
directory of its own. The last line is `N passed, N failed`.
"""
import glob
import json
import os
import sys

from broker import FRAMES, HERE, check, run_cases
from definitions import Import
from probe import Probe

CASES = []
FILES = sorted(glob.glob(os.path.join(HERE, 'data', 'rabbitmq-*.json')))
#: 3.10.8's is checked element by element in definitions.py.
MADE = [path for path in FILES if '3.10.8' not in path]


def case(run):
    CASES.append(run)
    return run


def read(path):
    with open(path, encoding='utf-8') as file:
        return json.load(file)


def named(items):
    return {(one['vhost'], one['name']): one for one in items}


def cluster_name(node):
    probe = Probe(('127.0.0.1', node.port), FRAMES)
    node.probes.append(probe)
    return probe.start().arguments['server_properties']['cluster_name']


@case
def each_version_is_taken_and_given_back(node):
    for path in MADE:
        node.wipe()
        world = Import(node)
        original = read(path)
        code, out, error = world.check(path)
        check(code == 0 and ': valid: ' in out, f'{path}: {error}')
        for component in ('federation-upstream', 'federation-upstream-set'):
            check(f"1 parameters of the component '{component}' are stored" in error, error)
        # Those of later versions go to AMQP 1.0.
        check('1 shovels will run here' in error or "shovel 'move' of virtual host '/' will not "
              'run: dest-protocol: AMQP 1.0 is not there' in error, error)
        check("'federation-upstream-set' is kept and has no effect" in error, error)
        check(not os.path.exists(node.data), 'the check made a data directory')
        world.start(path)
        check(world.logs_in('shop', 's3cret') and not world.logs_in('certificate', ''), 'logins')
        check(cluster_name(node) == 'rabbit@old.example.com', cluster_name(node))
        expect_types(node)
        node.stop()
        expect_export(json.loads(world.exported()), original, path)


def expect_types(node):
    """A declaration that agrees is answered, one of another type is refused."""
    probe = Probe(('127.0.0.1', node.port), FRAMES)
    node.probes.append(probe)
    probe.open()
    probe.call(1, 'Queue.Declare', queue='orders', durable=True, arguments={
        'x-queue-type': 'quorum', 'x-delivery-limit': 20,
        'x-dead-letter-exchange': 'orders.dlx', 'x-dead-letter-strategy': 'at-least-once',
        'x-overflow': 'reject-publish', 'x-quorum-initial-group-size': 3})
    probe.send(1, 'Queue.Declare', queue='events', durable=True,
               arguments={'x-queue-type': 'quorum'})
    text = probe.expect('Channel.Close').arguments['reply_text']
    check("inequivalent arg" in text and "for queue 'events' in vhost '/'" in text, text)


def expect_export(data, original, path):
    for section in ('users', 'permissions', 'topic_permissions', 'parameters', 'policies',
                    'global_parameters', 'vhosts'):
        check(data[section] == original[section], f'{path}: {section}: {data[section]}')
    for section in ('queues', 'exchanges'):
        check(named(data[section]) == named(original[section]), f'{path}: {data[section]}')
    check(len(data['bindings']) == len(original['bindings']), f"{path}: {data['bindings']}")
    check(data['original_cluster_name'] == 'rabbit@old.example.com', f'{data}')
    check(data['rabbitmq_definition_format'] == 'cluster', f'{data}')


@case
def unknown_keys_and_wrong_values_are_problems(node):
    def policy(name, definition, **more):
        return {'name': name, 'vhost': '/', 'pattern': '.*', 'definition': definition, **more}
    world = Import(node)
    content = {'policies': [policy('typo', {'max-lenght': 5, 'max-length': 'many'}),
                            policy('good', {'max-length': 5, 'ha-mode': 'all'})],
               'parameters': [{'component': 'operator_policy', 'name': 'o', 'vhost': '/',
                               'value': {'pattern': '.*',
                                         'definition': {'overflow': 'drop-head'}}}],
               'queues': [{'name': 'q', 'vhost': '/'}]}
    code, _, error = world.check(content)
    check(code == 1, f'exit code {code}')
    for words in ("policies[0].definition: 'max-lenght' is not a recognised policy setting; "
                  "'max-length' = many: expected integer, got longstr; take it out of the file "
                  "('typo' in '/')",
                  "parameters[0].value: 'overflow' is not a recognised operator policy setting",
                  "warning: ", "the policy key 'ha-mode' is kept and has no effect"):
        check(words.replace('"', '') in error.replace('"', ''), f'{words!r} is not in\n{error}')
    world.start(content, **{'load_definitions.on_unsupported': 'skip'})
    check("policy 'typo' in vhost '/' has no effect" in node.log(), node.log())


@case
def a_file_that_is_the_same_is_left_alone(node):
    world = Import(node)
    skip = {'definitions.skip_if_unchanged': 'true'}
    content = {'users': [{'name': 'guest', 'password': 'one', 'tags': ['administrator']}],
               'permissions': [{'user': 'guest', 'vhost': '/', 'configure': '.*', 'write': '.*',
                                'read': '.*'}],
               'queues': [{'name': 'q', 'vhost': '/', 'durable': True}]}
    world.start(content, **skip)
    probe = Probe(('127.0.0.1', node.port), FRAMES)
    node.probes.append(probe)
    probe.open(password='one').call(1, 'Queue.Delete', queue='q')
    node.stop()
    world.start(content, **skip)
    check('"definitions unchanged"' in node.log(), node.log())
    check(not exists(node, 'q', 'one'), 'the queue came back')
    node.kill()
    content['queues'].append({'name': 'new', 'vhost': '/', 'durable': True})
    world.start(content, **skip)
    check(exists(node, 'q', 'one') and exists(node, 'new', 'one'), 'another file was not loaded')
    node.stop()
    world.start(content)
    check('"definitions unchanged"' not in node.log().rsplit('"broker stopped"', 1)[-1], node.log())


def exists(node, queue, password):
    probe = Probe(('127.0.0.1', node.port), FRAMES)
    node.probes.append(probe)
    probe.open(password=password).send(1, 'Queue.Declare', queue=queue, passive=True)
    return probe.expect('Queue.DeclareOk', 'Channel.Close').name == 'Queue.DeclareOk'


if __name__ == '__main__':
    sys.exit(run_cases(__doc__, CASES))
