#!/usr/bin/env python3
"""The chart, the compose file and the Dockerfile before their linters.

    tests/package/setup.sh build/examples
    build/examples/python/bin/python3 tests/package/examples.py --dir build/examples

By hand, as helm is compiled for minutes. The chart is rendered with several values and every object
is held against the schemas of the oldest and the newest Kubernetes that are known here, without
properties that no schema has. The last line is `N passed, N failed`.
"""
import argparse
import base64
import os
import re
import subprocess
import sys

import kubernetes_validate as kubernetes  # with yaml, of the virtual environment
import yaml

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CHART = 'docs/examples/helm/lepus'
COMPOSE = 'docs/examples/compose/compose.yaml'
KINDS = ('ConfigMap', 'Secret', 'Service', 'StatefulSet')
TOOL_S = 120
VALUES = (
    [],
    ['--set', 'seccompProfile=lepus.json'],
    ['--set', 'existingSecret=mine', '--set', 'storage.className=fast,storage.size=1Ti'],
    ['--set', 'service.type=LoadBalancer,image.tag=1.2,username=123'],
    ['--set', 'startSeconds=3,stopSeconds=1', '--set', 'resources=null'],
    ['--set-string', 'config=listeners.tcp.default = 5673\nlog.file.level = debug'],
)
REFUSED = (
    ['--set', 'seccompprofile=lepus.json'],
    ['--set', 'replicas=3'],
    ['--set', 'storage.size=null'],
    ['--set', 'startSeconds=soon'],
    ['--set', 'service.type=Nodeport'],
)
CASES = []


class Failed(Exception):
    pass


def check(condition, text):
    if not condition:
        raise Failed(text)


def case(run):
    CASES.append(run)
    return run


class Tools:
    def __init__(self, folder):
        self.folder = os.path.abspath(folder)

    def run(self, *words):
        """The exit code and both streams."""
        done = subprocess.run([os.path.join(self.folder, words[0]), *words[1:]], cwd=ROOT,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=TOOL_S, check=False)
        return done.returncode, done.stdout

    def must(self, *words):
        code, said = self.run(*words)
        check(code == 0, f'{" ".join(words)}: {code} {said}')
        return said

    def rendered(self, values):
        """The objects of the chart by kind."""
        said = self.must('bin/helm', 'template', 'mq', CHART, *values)
        return {each['kind']: each for each in yaml.safe_load_all(said) if each}


@case
def helm_finds_nothing_wrong_with_the_chart(tools):
    for values in VALUES:
        said = tools.must('bin/helm', 'lint', '--strict', CHART, *values)
        check('[WARNING]' not in said, said)


@case
def kubernetes_knows_every_property(tools):
    versions = kubernetes.utils.all_versions()
    for values in VALUES:
        objects = tools.rendered(values)
        wanted = [kind for kind in KINDS if kind != 'Secret' or 'existingSecret=mine' not in values]
        check(sorted(objects) == wanted, f'{values}: {sorted(objects)}')
        for version in (versions[0], versions[-1]):
            for each in objects.values():
                kubernetes.validate(each, version, strict=True)


@case
def a_value_that_is_none_is_refused(tools):
    for values in REFUSED:
        code, said = tools.run('bin/helm', 'template', 'mq', CHART, *values)
        check(code != 0 and 'values don\'t meet the specifications' in said, f'{values}: {said}')


@case
def the_values_get_where_they_belong(tools):
    plain = tools.rendered([])['StatefulSet']['spec']['template']['spec']
    check(plain['securityContext']['seccompProfile'] == {'type': 'RuntimeDefault'}, f'{plain}')
    pod = tools.rendered(VALUES[1])['StatefulSet']['spec']['template']['spec']
    check(pod['securityContext']['seccompProfile'] ==
          {'type': 'Localhost', 'localhostProfile': 'lepus.json'}, f'{pod}')
    stored = tools.rendered(VALUES[2])['StatefulSet']['spec']
    names = [each['valueFrom']['secretKeyRef']['name']
             for each in stored['template']['spec']['containers'][0]['env']]
    check(names == ['mine', 'mine'], f'{names}')
    claim = stored['volumeClaimTemplates'][0]['spec']
    check(claim['storageClassName'] == 'fast' and
          claim['resources']['requests']['storage'] == '1Ti', f'{claim}')
    secret = tools.rendered(VALUES[3])['Secret']['data']
    check(base64.b64decode(secret['username']) == b'123', f'{secret}')
    check(re.fullmatch(b'[A-Za-z0-9]{24}', base64.b64decode(secret['password'])), f'{secret}')
    quick = tools.rendered(VALUES[4])['StatefulSet']['spec']['template']['spec']
    check(quick['containers'][0]['startupProbe']['failureThreshold'] == 1, f'{quick}')


@case
def another_configuration_restarts_the_pod(tools):
    def sum_of(values):
        spec = tools.rendered(values)['StatefulSet']['spec']['template']
        return spec['metadata']['annotations']['checksum/config']
    check(sum_of([]) == sum_of(VALUES[1]) != sum_of(VALUES[5]), 'checksum/config')
    config = tools.rendered(VALUES[5])['ConfigMap']['data']['lepus.conf']
    check(config == 'listeners.tcp.default = 5673\nlog.file.level = debug\n', config)


@case
def the_compose_file_is_understood(tools):
    read = yaml.safe_load(tools.must('bin/cmd', COMPOSE))['services']['lepus']
    for option in read['security_opt']:
        name, value = option.split('=')
        # Relative to the compose file.
        path = os.path.join(ROOT, os.path.dirname(COMPOSE), value)
        check(name != 'seccomp' or os.path.exists(path), path)
    with open(os.path.join(ROOT, COMPOSE), encoding='utf-8') as stream:
        text = stream.read()
    broken = os.path.join(tools.folder, 'broken.yaml')
    with open(broken, 'w', encoding='utf-8') as stream:
        stream.write(text.replace('read_only:', 'readonly:'))
    check(tools.run('bin/cmd', broken)[0] != 0, 'an unknown key is accepted')


@case
def hadolint_finds_nothing_wrong_with_the_image(tools):
    said = tools.must('python/bin/hadolint', 'packaging/container/Dockerfile')
    check(not said, said)


def main():
    parser = argparse.ArgumentParser(description='chart, compose file and Dockerfile')
    parser.add_argument('--dir', required=True, help='what tests/package/setup.sh made')
    parser.add_argument('--only', default='', help='cases whose name this expression finds')
    options = parser.parse_args()
    tools = Tools(options.dir)
    passed = failed = 0
    for run in CASES:
        if not re.search(options.only, run.__name__):
            continue
        try:
            run(tools)
            passed += 1
            print(f'pass {run.__name__}', flush=True)
        except Exception as error:  # pylint: disable=broad-exception-caught  # a schema's verdict
            failed += 1
            print(f'FAIL {run.__name__}: {str(error)[:1000]}', flush=True)
    print(f'{passed} passed, {failed} failed')
    return int(failed > 0)


if __name__ == '__main__':
    sys.exit(main())
