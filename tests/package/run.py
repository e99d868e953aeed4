#!/usr/bin/env python3
"""The broker as a service and in containers: what it tells its manager, its exit codes, what it
does where system calls are refused; the unit, the examples, the manual pages.

    tests/package/run.py --broker build/release/lepus [--only TEXT]

The packages themselves are built and installed by tests/package/install.sh, by hand. The last line
is `N passed, N failed`.
"""
import glob
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from service import (CONFINED, RING_CALLS, ROOT, UNIT, Failed, Service, check, free_port,
                     unit_value)
from broker import NO_HTTP, run_cases  # the path is made by service.py

CASES = []
TOOL_S = 60


def case(run):
    CASES.append(run)
    return run


def can_confine():
    return subprocess.run([sys.executable, CONFINED, '--refuse', RING_CALLS, '/bin/true'],
                          capture_output=True, check=False).returncode == 0


def log_of(node):
    with open(node.log_path, encoding='utf-8', errors='replace') as stream:
        return stream.read()


def wait_logged(node, service, text):
    """The log has a thread of its own."""
    end = time.monotonic() + TOOL_S
    while text not in log_of(node):
        check(time.monotonic() < end and service.process.poll() is None,
              f'{text!r} is not logged:\n{log_of(node)}')
        time.sleep(0.02)


# ---- what the manager hears ----------------------------------------------------------------------

@case
def ready_comes_when_clients_can_connect(node):
    with Service(node) as service:
        service.launch()
        lines = service.wait_for('READY=1')
        check(f'STATUS=lepus ready: amqp 127.0.0.1:{service.port}' in lines, f'{lines}')
        node.port = service.port
        node.probe().close()
        before = [line for lines in service.heard[:-1] for line in lines]
        check(any('reading' in line for line in before), f'{before}')
        service.stop()
        check('STOPPING=1' in service.next(1), f'{service.heard}')


@case
def a_reload_begins_and_ends(node):
    with Service(node) as service:
        service.start()
        before_us = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        service.process.send_signal(signal.SIGHUP)
        lines = service.wait_for('RELOADING=1')
        told = [int(line[15:]) for line in lines if line.startswith('MONOTONIC_USEC=')]
        # The loop's time is that of its turn.
        check(told and abs(told[0] - before_us) < 10_000_000, f'{lines} {before_us}')
        service.wait_for('READY=1')
        service.stop()
    check('io.driver' not in log_of(node), f'nothing changed: {node.log()}')


@case
def a_long_recovery_says_how_far_it_is(node):
    """With messages on disk; the reading is quick here, so that only its texts are looked at."""
    node.start()
    probe = node.probe()
    probe.send(1, 'Queue.Declare', queue='q', durable=True)
    probe.expect('Queue.DeclareOk')
    node.kill()
    with Service(node) as service:
        service.start()
        texts = [line for lines in service.heard for line in lines if line.startswith('STATUS=')]
        check('STATUS=reading the definitions' in texts, f'{texts}')
        service.stop()


@case
def the_watchdog_is_fed_until_a_shard_hangs(node):
    with Service(node, watchdog_s=2) as service:
        service.start()
        check(service.count('WATCHDOG=1', 3) >= 3, f'{service.heard}')
        with service.hanging('shard-1'):
            service.count('WATCHDOG=1', 1.6)
            check(service.count('WATCHDOG=1', 2.5) == 0, f'{service.heard}')
        service.wait_for('WATCHDOG=1')
        wait_logged(node, service, 'a thread hangs')
        check(re.search('a thread hangs.*thread=shard-1', log_of(node)), node.log())
        service.stop()


@case
def nobody_is_told_without_a_socket(node):
    with Service(node) as service:
        service.launch(environment={'NOTIFY_SOCKET': ''})
        wait_logged(node, service, 'broker started')
        check(service.next(0.3) == [], f'{service.heard}')
        service.stop()


@case
def a_socket_that_is_gone_does_no_harm(node):
    with Service(node, watchdog_s=1) as service:
        service.launch(environment={'NOTIFY_SOCKET': node.directory + '/nobody'})
        wait_logged(node, service, 'broker started')
        service.stop()


# ---- exit codes ----------------------------------------------------------------------------------

def exit_code(node, *words):
    done = subprocess.run([node.program, *words], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=TOOL_S, check=False)
    return done.returncode, done.stderr


@case
def what_an_operator_must_mend_is_not_tried_again(node):
    kept_from_restart = unit_value('RestartPreventExitStatus')[0].split()
    check(kept_from_restart == ['2', '73', '78'], f'{kept_from_restart}')
    check(exit_code(node, '--nonsense')[0] == 2, 'command line')
    check(exit_code(node, '--set', 'no.such.key=1')[0] == 78, 'an unknown key')
    check(exit_code(node, '--set', 'cpuset=4000')[0] == 78, 'a CPU that is not there')
    code, said = exit_code(node, '--set', 'listeners.ssl.default=127.0.0.1:5671', '--set',
                           'ssl_options.certfile=/nowhere/c.pem', '--set',
                           'ssl_options.keyfile=/nowhere/k.pem', '--set',
                           f'data_dir={node.data}')
    check(code == 78 and '/nowhere/c.pem' in said, f'{code} {said}')


@case
def a_full_disk_is_not_tried_again(node):
    """On a small disk of memory; left out without root."""
    disk = os.path.join(node.directory, 'disk')
    os.mkdir(disk)
    mounted = subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk],
                             capture_output=True, check=False)
    if mounted.returncode:
        print('left out: no disk can be mounted here')
        return
    try:
        code, said = exit_code(node, '--set', f'data_dir={disk}', '--set', 'shards=1', '--set',
                               f'listeners.tcp.default=127.0.0.1:{free_port()}',
                               *[word for key, value in NO_HTTP.items()
                                 for word in ('--set', f'{key}={value}')])
        check(code == 73, f'{code} {said}')
        check(f'the disk of data_dir {disk} is full: make room' in said, said)
    finally:
        subprocess.run(['umount', '-l', disk], check=True)


# ---- --check-config ------------------------------------------------------------------------------

def check_config(node, **settings):
    words = [word for key, value in {'data_dir': node.data, **NO_HTTP, **settings}.items()
             for word in ('--set', f'{key}={value}')]
    return exit_code(node, '--check-config', *words)


@case
def check_config_looks_at_ports(node):
    with Service(node) as service:
        service.start()
        address = f'127.0.0.1:{service.port}'
        code, said = check_config(node, **{'listeners.tcp.default': address,
                                           'data_dir': node.data + '-other'})
        check(code == 1 and f'cannot listen on {address}: it is used by lepus (pid '
              f'{service.process.pid},' in said, f'{code} {said}')
        code, said = check_config(node, **{'listeners.tcp.default': address})
        check(code == 0, f'its own configuration, while it runs: {code} {said}')
        service.stop()


@case
def check_config_looks_at_io_uring(node):
    if not can_confine():
        print('left out: no filter of system calls can be made here')
        return
    for driver, wanted in (('auto', 0), ('io_uring', 1), ('epoll', 0)):
        command = [sys.executable, CONFINED, '--refuse', RING_CALLS, node.program,
                   '--check-config', '--set', f'data_dir={node.data}', '--set',
                   f'io.driver={driver}', '--set',
                   f'listeners.tcp.default=127.0.0.1:{free_port()}']
        for key, value in NO_HTTP.items():
            command += ['--set', f'{key}={value}']
        done = subprocess.run(command, capture_output=True, text=True, timeout=TOOL_S,
                              check=False)
        check(done.returncode == wanted, f'{driver}: {done}')
        check(('io_uring cannot be used' in done.stderr) == (driver != 'epoll'), f'{done}')


# ---- where system calls are refused --------------------------------------------------------------

def publishes_and_recovers(node, service):
    """A durable queue and a persistent message survive SIGKILL."""
    node.port = service.port
    probe = node.probe()
    probe.send(1, 'Confirm.Select')
    probe.expect('Confirm.SelectOk')
    probe.send(1, 'Queue.Declare', queue='q', durable=True)
    probe.expect('Queue.DeclareOk')
    probe.publish(key='q', body=b'kept', properties={'delivery_mode': 2})
    probe.expect('Basic.Ack')
    node.close_probes()
    service.process.kill()
    service.process.wait()


def holds_one(node, service):
    node.port = service.port
    probe = node.probe()
    probe.send(1, 'Queue.Declare', queue='q', passive=True)
    count = probe.expect('Queue.DeclareOk').arguments['message_count']
    node.close_probes()
    check(count == 1, f'{count} messages')


@case
def where_io_uring_is_refused_epoll_stands_in(node):
    if not can_confine():
        print('left out: no filter of system calls can be made here')
        return
    with Service(node, ('--refuse', RING_CALLS)) as service:
        service.start()
        wait_logged(node, service, 'Meanwhile epoll is used')
        publishes_and_recovers(node, service)
    with Service(node, ('--refuse', RING_CALLS)) as service:
        service.start()
        holds_one(node, service)
        service.stop()
    with Service(node, ('--refuse', RING_CALLS)) as service:
        service.launch(settings={'io.driver': 'io_uring'})
        check(service.wait() == 1, 'exit code')
    check('seccomp' in log_of(node), node.log())
    with Service(node) as service:   # the same data directory, with the ring
        service.start()
        holds_one(node, service)
        service.stop()


@case
def the_units_filter_allows_what_the_broker_does(node):
    probe = subprocess.run([sys.executable, CONFINED, '--unit', UNIT, '/bin/true'],
                           capture_output=True, text=True, check=False)
    if probe.returncode == 3:
        print(f'left out: {probe.stderr}')
        return
    with Service(node, ('--unit', UNIT), watchdog_s=5) as service:
        service.start(settings={'pin': 'true', 'shards': 1, 'io.driver': 'io_uring'})
        publishes_and_recovers(node, service)
    with Service(node, ('--unit', UNIT)) as service:
        service.start(settings={'pin': 'true', 'shards': 1, 'io.driver': 'io_uring'})
        holds_one(node, service)
        service.process.send_signal(signal.SIGHUP)
        service.wait_for('RELOADING=1')
        service.wait_for('READY=1')
        service.stop()
    check('cannot pin' not in log_of(node), node.log())


@case
def the_profile_of_containers_allows_io_uring(node):
    profile = os.path.join(ROOT, 'packaging', 'container', 'seccomp.json')
    with open(profile, encoding='utf-8') as stream:
        allowed = {name for rule in json.load(stream)['syscalls']
                   if rule['action'] == 'SCMP_ACT_ALLOW' for name in rule['names']}
    check(set(RING_CALLS.split(',')) <= allowed, 'the calls of io_uring')
    forbidden = {'bpf', 'kexec_load', 'reboot', 'init_module', 'ptrace', 'mount'}
    check(not allowed & forbidden, f'{allowed & forbidden}')
    if not can_confine():
        return
    with Service(node, ('--profile', profile)) as service:
        service.start(settings={'io.driver': 'io_uring'})
        publishes_and_recovers(node, service)


@case
def the_entry_of_the_image_takes_secrets_from_files(node):
    entry = os.path.join(ROOT, 'packaging', 'container', 'entrypoint.sh')
    program = os.path.join(node.directory, 'program')
    secret = os.path.join(node.directory, 'secret')
    with open(program, 'w', encoding='utf-8') as stream:
        stream.write('#!/bin/sh\necho "$RABBITMQ_DEFAULT_USER $RABBITMQ_DEFAULT_PASS $*"\n')
    with open(secret, 'w', encoding='utf-8') as stream:
        stream.write('p $a"s\n')
    os.chmod(program, 0o755)
    done = subprocess.run([entry, '--set', 'shards=1'], capture_output=True, text=True,
                          timeout=TOOL_S, check=True,
                          env={**os.environ, 'LEPUS_PROGRAM': program, 'LEPUS_CONFIG_FILE': '/x',
                               'RABBITMQ_DEFAULT_USER': 'ann',
                               'RABBITMQ_DEFAULT_PASS_FILE': secret})
    check(done.stdout == 'ann p $a"s --config /x --set shards=1\n', f'{done}')


# ---- the files that are packed -------------------------------------------------------------------

@case
def the_unit_is_sound(node):
    """By systemd's own verdict; left out where it is missing."""
    del node
    if shutil.which('systemd-analyze') is None:
        print('left out: no systemd-analyze')
        return
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'lepus.service')
        with open(UNIT, encoding='utf-8') as stream:
            text = stream.read()
        # Neither the program nor its manual is installed here.
        text = re.sub(r'^ExecStart=.*$', 'ExecStart=/bin/true', text, flags=re.MULTILINE)
        text = re.sub(r'^Documentation=.*\n', '', text, flags=re.MULTILINE)
        with open(path, 'w', encoding='utf-8') as stream:
            stream.write(text)
        done = subprocess.run(['systemd-analyze', 'verify', path], capture_output=True, text=True,
                              timeout=TOOL_S, check=False)
        check(done.returncode == 0 and not done.stderr.strip(), f'{done}')
        done = subprocess.run(['systemd-analyze', 'security', '--offline=true', '--no-pager', path],
                              capture_output=True, text=True, timeout=TOOL_S, check=False)
        level = re.search(r'exposure level for lepus.service: ([0-9.]+)', done.stdout)
        check(level and float(level[1]) <= 2.0, f'{done.stdout[-300:]}{done.stderr}')


@case
def every_key_and_verb_has_its_manual(node):
    programs = os.path.dirname(node.program)
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, os.path.join(ROOT, 'packaging', 'man_pages.py'), programs,
                        folder], check=True, timeout=TOOL_S * 5)
        pages = {}
        for path in glob.glob(os.path.join(folder, '*')):
            with open(path, encoding='utf-8') as stream:
                pages[os.path.basename(path)] = stream.read().replace('\\-', '-')
    check(sorted(pages) == ['lepus-journal.1', 'lepus-perf.1', 'lepus.8', 'lepus.conf.5',
                            'lepusctl.8'], f'{sorted(pages)}')
    listed = subprocess.run([node.program, '--list-config'], capture_output=True, text=True,
                            check=True).stdout
    keys = set(re.findall(r'^#? ?([a-z_.$0-9]+) =', listed, re.MULTILINE))
    check(len(keys) > 100, f'{len(keys)} keys')
    missing = [key for key in keys if key.split('$')[0] not in pages['lepus.conf.5']]
    check(not missing, f'no manual of {missing}')
    for verb in ('list_queues', 'set_policy', 'status', 'shutdown'):
        check(f'\\fB{verb}' in pages['lepusctl.8'], verb)


@case
def the_packed_configuration_is_valid(node):
    path = os.path.join(ROOT, 'packaging', 'etc', 'lepus.conf')
    code, said = exit_code(node, '--config', path, '--check-config', '--set',
                           f'data_dir={node.data}', '--set', 'listeners.tcp.default=none', '--set',
                           'management.tcp.port=none', '--set', 'prometheus.tcp.port=none')
    check(code == 0 and 'warning' not in said, f'{code} {said}')
    with open(path, encoding='utf-8') as stream:
        keys = re.findall(r'^#([a-z_.]+ = .*)$', stream.read(), re.MULTILINE)
    check(len(keys) >= 6, f'{keys}')
    words = [word for line in keys for word in ('--set', line.replace(' = ', '='))]
    code, said = exit_code(node, *words, '--print-placement')
    check(code == 0, f'what is commented out: {code} {said}')


# ---- the tool ------------------------------------------------------------------------------------

@case
def the_tool_finds_a_broker_of_the_repository(node):
    """As tools/run.sh starts it, from any directory."""
    tree = os.path.join(node.directory, 'tree')
    release = os.path.join(tree, 'build', 'release')
    os.makedirs(release)
    tool = os.path.join(release, 'lepusctl')
    shutil.copy(os.path.join(os.path.dirname(node.program), 'lepusctl'), tool)
    node.data = os.path.join(tree, 'data')
    if any(os.path.exists(place) for place in ('/var/lib/lepus/lepus.sock',
                                               '/run/lepus/lepus.sock')):
        print('left out: an installed broker comes first')
        return
    with Service(node) as service:
        service.start()
        variables = {key: value for key, value in os.environ.items() if key != 'LEPUS_SOCKET'}
        done = subprocess.run([tool, '-q', 'status'], cwd='/', env=variables, capture_output=True,
                              text=True, timeout=TOOL_S, check=False)
        check(done.returncode == 0 and f'PID: {service.process.pid}' in done.stdout, f'{done}')
        service.stop()


@case
def what_is_tuned_is_put_back(node):
    """In namespaces of its own: the settings of a network, and a file in place of that of the
    whole machine. Left out where these cannot be made."""
    if os.geteuid() or subprocess.run(['unshare', '-n', '-m', 'mount', '-t', 'tmpfs', 'none',
                                       '/run'], capture_output=True, check=False).returncode:
        print('left out: no namespaces can be made here')
        return
    settings = '/proc/sys/vm/swappiness /proc/sys/net/core/somaxconn ' \
               '/proc/sys/net/ipv4/tcp_max_syn_backlog'
    swappiness = os.path.join(node.directory, 'swappiness')
    with open(swappiness, 'w', encoding='utf-8') as stream:
        stream.write('60\n')
    script = f"""set -e
        mount --bind {swappiness} /proc/sys/vm/swappiness
        mount -t tmpfs none /run
        echo 1000 > /proc/sys/net/core/somaxconn
        echo 500 > /proc/sys/net/ipv4/tcp_max_syn_backlog
        for words in 'apply --dry-run' apply 'undo --dry-run' apply undo undo apply 'by hand' undo
        do
            if [ "$words" = 'by hand' ]; then
                echo 2000 > /proc/sys/net/core/somaxconn
            else
                {os.path.dirname(node.program)}/lepusctl -q tune $words > /dev/null
            fi
            for setting in {settings}; do sed 's/$/ /' $setting | tr -d '\\n'; done; echo
        done
        find /run -type f"""
    done = subprocess.run(['unshare', '-n', '-m', 'sh', '-c', script], capture_output=True,
                          text=True, timeout=TOOL_S, check=False)
    before, tuned = '60 1000 500', '1 4096 4096'
    check(done.returncode == 0 and [line.strip() for line in done.stdout.splitlines()] ==
          [before, tuned, tuned, tuned, before, before, tuned, '1 2000 4096', '60 2000 500'],
          f'{done}')


if __name__ == '__main__':
    sys.exit(run_cases(__doc__, CASES))
