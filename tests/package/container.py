#!/usr/bin/env python3
"""The image of the Dockerfile: built by buildah, run by podman, as the pages tell to.

    tools/package.sh [--programs build/release] && tests/package/container.py [--packages DIR]
                                                       [--base TAR] [--only PATTERN]

By hand and as root, as it fetches a Debian (kept in TAR, when that is named). No port of this
machine is used. The last line is `N passed, N failed`, and `, 1 skipped` when a tool is missing.
"""
import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile

from image import IMAGE, PROFILE, ROOT, Failed, Podman, check, missing_tool

VOLUME = '/var/lib/lepus'
ELSEWHERE = '192.0.2.1'   # no loopback address: what a client outside comes from
CONFIRMED_MIN = 2000
CASES = []


def case(run):
    CASES.append(run)
    return run


def folder_of(podman, name, files):
    """A directory to be mounted: {name: text}."""
    path = os.path.join(podman.folder, name)
    for file, text in files.items():
        os.makedirs(os.path.dirname(os.path.join(path, file)), exist_ok=True)
        with open(os.path.join(path, file), 'w', encoding='utf-8') as stream:
            stream.write(text)
    return path


def add_address(broker):
    subprocess.run(['nsenter', '-t', str(broker.pid()), '-n', 'ip', 'address', 'add',
                    f'{ELSEWHERE}/32', 'dev', 'lo'], check=True)


def has_ring(broker):
    folder = f'/proc/{broker.pid()}/fd'
    return any('io_uring' in os.readlink(os.path.join(folder, name))
               for name in os.listdir(folder))


@case
def the_image_says_what_it_is(podman):
    image = podman.inspect('image', 'inspect', IMAGE)
    settings = image['Config']
    check(settings['User'] == '999:999', f'{settings}')
    check(settings['StopSignal'] == 'SIGTERM', f'{settings}')
    check(list(settings['Volumes']) == [VOLUME], f'{settings}')
    ports = sorted(int(port.split('/')[0]) for port in settings['ExposedPorts'])
    check(ports == [5671, 5672, 15672, 15692], f'{ports}')
    check(image['Healthcheck']['Test'] == ['CMD', 'lepusctl', '-q', 'ping'], f'{image}')


@case
def it_runs_without_privileges_on_io_uring(podman):
    with podman.container('-v', f'ring:{VOLUME}') as broker:
        check(has_ring(broker) and 'epoll' not in broker.log(), broker.log())
        with open(f'/proc/{broker.pid()}/status', encoding='utf-8') as stream:
            status = dict(line.rstrip('\n').split(':\t', 1) for line in stream if ':\t' in line)
        check(status['Uid'].split() == ['999'] * 4, f'{status}')
        check(int(status['CapEff'], 16) == int(status['CapBnd'], 16) == 0, f'{status}')
        check(status['NoNewPrivs'] == '1' and status['Seccomp'] == '2', f'{status}')
        with open(f'/proc/{broker.pid()}/mounts', encoding='utf-8') as stream:
            root = next(line.split()[3] for line in stream if line.split()[1] == '/')
        check('ro' in root.split(','), root)
        code, said = broker.ask('status')
        check(code == 0 and 'lepus@mq' in said, f'{code} {said}')


@case
def where_the_profile_has_no_io_uring_it_runs_on_epoll(podman):
    with open(PROFILE, encoding='utf-8') as stream:
        profile = json.load(stream)
    profile['syscalls'] = [rule for rule in profile['syscalls']
                           if 'io_uring_setup' not in rule['names']]
    folder = folder_of(podman, 'profiles', {'default.json': json.dumps(profile)})
    with podman.container(profile=f'{folder}/default.json') as broker:
        check(not has_ring(broker) and 'Meanwhile epoll is used' in broker.log(), broker.log())
        check(broker.ask('ping')[0] == 0, 'ping')


@case
def the_health_check_finds_a_broker_and_none(podman):
    with podman.container() as broker:
        code, said, error = podman.run('healthcheck', 'run', broker.name)
        check(code == 0, f'{said}{error}')
        check(broker.ask('check_port_connectivity')[0] == 0, 'the probe of readiness')
    code, said, error = podman.run('run', '--rm', '--network', 'none', '--no-healthcheck',
                                   '--entrypoint', 'lepusctl', IMAGE, '-q', 'ping')
    check(code != 0, f'without a broker: {said}{error}')


@case
def guest_may_not_come_from_outside(podman):
    with podman.container() as broker:
        add_address(broker)
        code, said = broker.run_client('login', '127.0.0.1', 'guest', 'guest', '/')
        check(code == 0, said)
        code, said = broker.run_client('login', ELSEWHERE, 'guest', 'guest', '/')
        check(code == 1 and '403' in said, f'{code} {said}')


@case
def the_variables_of_rabbitmqs_image_make_the_first_user(podman):
    secret = os.path.join(folder_of(podman, 'secrets', {'password': 'p $a"s\n'}), 'password')
    with podman.container('-v', f'users:{VOLUME}', '-e', 'RABBITMQ_DEFAULT_USER=ann', '-e',
                          'RABBITMQ_DEFAULT_PASS_FILE=/run/secret', '-e',
                          'RABBITMQ_DEFAULT_VHOST=shop', '-v',
                          f'{secret}:/run/secret:ro') as broker:
        add_address(broker)
        code, said = broker.run_client('login', ELSEWHERE, 'ann', 'p $a"s', 'shop')
        check(code == 0, f'{code} {said}')
        check(broker.run_client('login', ELSEWHERE, 'ann', 'guest', 'shop')[0] == 1, 'password')
        check(broker.run_client('login', '127.0.0.1', 'guest', 'guest', 'shop')[0] == 1, 'guest')
        check(broker.ask('list_vhosts', '--no-table-headers')[1].split() == ['shop'], 'vhosts')
    with podman.container('-v', f'users:{VOLUME}', '-e', 'RABBITMQ_DEFAULT_USER=bob') as broker:
        users = broker.ask('list_users', '--no-table-headers')[1]
        check(users.split()[0] == 'ann' and 'bob' not in users, f'in an old volume: {users}')


@case
def the_files_of_rabbitmqs_image_are_read(podman):
    mounted = folder_of(podman, 'rabbitmq', {
        'conf.d/10-first.conf': 'channel_max = 7\nlog.console.level = debug\n',
        'conf.d/20-second.conf': 'channel_max = 9\n',
        'enabled_plugins': '[rabbitmq_management,rabbitmq_no_such_thing].\n'})
    with podman.container('-v', f'{mounted}:/etc/rabbitmq:ro') as broker:
        code, said = broker.ask('environment')
        check(code == 0 and re.search(r'channel_max\W+9\b', said), f'{code} {said}')
        check('rabbitmq_no_such_thing' in broker.log(), broker.log())
        check('rabbitmq_management ' not in broker.log(), broker.log())


@case
def its_own_files_are_read_too(podman):
    mounted = folder_of(podman, 'conf.d', {'10-site.conf': 'channel_max = 11\n'})
    with podman.container('-v', f'{mounted}:/etc/lepus/conf.d:ro', arguments=(
            '--set', 'frame_max=65536')) as broker:
        said = broker.ask('environment')[1]
        check(re.search(r'channel_max\W+11\b', said), said)
        check(re.search(r'frame_max\W+64KiB\b', said), said)


@case
def messages_outlive_the_container(podman):
    with podman.container('-v', f'kept:{VOLUME}') as broker:
        client = broker.client('publish', 'q')
        confirmed = wait_confirmed(client, CONFIRMED_MIN)
        check(broker.stop() == 0, f'exit code: {broker.log()}')
        confirmed = rest_confirmed(client, confirmed)
    with podman.container('-v', f'kept:{VOLUME}') as broker:
        nothing_is_lost(broker, confirmed)


@case
def nothing_confirmed_is_lost_when_the_container_is_killed(podman):
    for _ in range(3):
        with podman.container('-v', f'killed:{VOLUME}') as broker:
            client = broker.client('publish', 'q')
            confirmed = wait_confirmed(client, CONFIRMED_MIN)
            podman.must('kill', '-s', 'KILL', broker.name)
            confirmed = rest_confirmed(client, confirmed)
        with podman.container('-v', f'killed:{VOLUME}') as broker:
            nothing_is_lost(broker, confirmed)


def wait_confirmed(client, count):
    confirmed = 0
    while confirmed < count:
        line = client.stdout.readline()
        check(line, f'the client ended with {confirmed} confirmed')
        confirmed = int(line.split()[1])
    return confirmed


def rest_confirmed(client, confirmed):
    """What was confirmed until the broker was gone."""
    said, _ = client.communicate(timeout=60)
    check(client.returncode == 0, f'the client failed: {said[-500:]}')
    return max([confirmed] + [int(number) for number in re.findall(r'^confirmed (\d+)$', said,
                                                                   re.MULTILINE)])


def nothing_is_lost(broker, confirmed):
    code, said = broker.run_client('read', 'q')
    numbers = [int(number) for number in said.split()]
    check(code == 0 and numbers == list(range(1, len(numbers) + 1)), 'order, or gaps')
    check(len(numbers) >= confirmed, f'{len(numbers)} of {confirmed} confirmed messages')
    print(f'{confirmed} confirmed, {len(numbers)} there', flush=True)


@case
def the_memory_of_the_container_is_what_the_watermark_is_a_share_of(podman):
    try:
        with podman.container('--memory', '512m') as broker:
            said = re.search(r'memory_watermark_bytes=(\d+)', broker.log())
            check(said and int(said[1]) <= 512 << 20, broker.log())
    except Failed as error:
        if 'memory' in str(error) and 'cgroup' in str(error):
            print(f'left out: this machine lends no control of memory: {error}'[:500])
            return
        raise


def run_cases(podman, only):
    failed = passed = 0
    for run in CASES:
        if not re.search(only, run.__name__):
            continue
        try:
            run(podman)
            passed += 1
            print(f'pass {run.__name__}', flush=True)
        except (Failed, subprocess.SubprocessError, OSError, ValueError, KeyError) as error:
            failed += 1
            print(f'FAIL {run.__name__}: {error}', flush=True)
    return passed, failed


def main():
    parser = argparse.ArgumentParser(description='the image')
    parser.add_argument('--packages', default=os.path.join(ROOT, 'build', 'packages'))
    parser.add_argument('--base', help='a tar of a minimal Debian 12; made when it is not there')
    parser.add_argument('--only', default='', help='cases whose name this expression finds')
    options = parser.parse_args()
    # Containers are removed, too, when this is stopped.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    if missing := missing_tool():
        print(f'left out: {missing} is missing')
        print('0 passed, 0 failed, 1 skipped')
        return 0
    folder = tempfile.mkdtemp()
    try:
        with Podman(folder) as podman:
            podman.build(options.packages, os.path.abspath(options.base or f'{folder}/base.tar'))
            passed, failed = run_cases(podman, options.only)
    except Failed as error:
        print(f'FAIL {error}')
        passed, failed = 0, 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f'{passed} passed, {failed} failed')
    return int(failed > 0)


if __name__ == '__main__':
    sys.exit(main())
