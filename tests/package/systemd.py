#!/usr/bin/env python3
"""The service under a real systemd: the packages in a fresh Debian 12 that boots in a container.

    tools/package.sh [--programs build/release] && tests/package/systemd.py [--packages DIR]
                                                     [--root DIR] [--only PATTERN]

By hand and as root, as it fetches a Debian; --root is one that booted.make_root made before and is
changed. The cases follow each other: the last one removes the package. The last line is
`N passed, N failed`, and `, 1 skipped` when a tool is missing.
"""
import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile

from booted import Failed, Machine, check, install, make_next_version, make_root, missing_tool

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DROP_IN = '/etc/systemd/system/lepus.service.d/test.conf'
SETTINGS = '/etc/lepus/conf.d/10-site.conf'
MESSAGES = 20000
CASES = []


def case(run):
    CASES.append(run)
    return run


def pid(machine):
    return machine.show('MainPID')


def is_active(machine):
    return machine.show('ActiveState') == 'active'


def restarted(machine, before):
    machine.wait('the broker is started again',
                 lambda: is_active(machine) and pid(machine) not in ('0', before))


def messages(machine):
    said = machine.must('lepusctl', '-q', 'list_queues', '--no-table-headers', 'messages')
    return sum(int(line) for line in said.split())


@case
def it_starts_with_the_machine_and_says_that_it_is_ready(machine):
    machine.wait('the service is active', lambda: is_active(machine))
    check(machine.show('StatusText').startswith('lepus ready: amqp '), machine.show('StatusText'))
    check('lepus ready: amqp' in machine.run('systemctl', 'status', '--no-pager', 'lepus')[1],
          'systemctl status')
    machine.must('lepusctl', '-q', 'ping')
    machine.must('lepusctl', '-q', 'ping', user='lepus')
    check(machine.run('lepusctl', '-q', 'ping', user='nobody')[0] != 0, 'anybody may ask')


@case
def its_log_is_in_the_journal_with_priorities(machine):
    check('broker started' in machine.journal(), machine.journal())
    check('broker started' not in machine.journal('-p', 'warning'), 'priority of information')


@case
def the_filter_of_system_calls_allows_io_uring(machine):
    check('io_uring' not in machine.journal('-p', 'warning'), machine.journal())
    rings = machine.must('find', f'/proc/{pid(machine)}/fd', '-lname', 'anon_inode:*io_uring*')
    check(rings.strip(), 'no ring is open')


@case
def systemd_finds_nothing_wrong_with_the_unit(machine):
    said = machine.must('systemd-analyze', 'verify', '--man=no', 'lepus.service')
    check('lepus' not in said, said)
    said = machine.must('systemd-analyze', 'security', '--no-pager', 'lepus')
    level = re.search(r'exposure level for lepus.service: ([0-9.]+)', said)
    check(level and float(level[1]) <= 2.0, said[-200:])


@case
def a_reload_takes_new_settings(machine):
    before = pid(machine)
    machine.write(SETTINGS, 'log.file.level = debug\n')
    machine.must('systemctl', 'reload', 'lepus')
    machine.wait('it is logged', lambda: 'configuration changed' in machine.journal())
    check(pid(machine) == before and is_active(machine), 'the process stays')
    os.unlink(machine.root + SETTINGS)
    machine.must('systemctl', 'reload', 'lepus')


@case
def a_backup_goes_where_the_unit_may_write(machine):
    machine.must('lepus-perf', '--uri', 'amqp://guest:guest@127.0.0.1/%2F', '--consumers', '0',
                 '--confirm', '100', '--messages', str(MESSAGES), '--persistent', '--keep',
                 '--quiet')
    machine.must('lepusctl', 'backup', '/var/lib/lepus/backups/x')
    machine.must('lepus-journal', '/var/lib/lepus/backups/x', 'verify')
    code, said = machine.run('lepusctl', 'backup', '/srv/x')
    check(code != 0 and '/srv/x' in said and 'ReadWritePaths' in said, f'{code} {said}')
    check(messages(machine) == MESSAGES, 'messages')


@case
def it_is_started_again_after_a_kill_with_its_messages(machine):
    before = pid(machine)
    machine.must('kill', '-KILL', before)
    restarted(machine, before)
    check(machine.show('NRestarts') == '1', machine.show('NRestarts'))
    check(messages(machine) == MESSAGES, 'messages')


@case
def the_watchdog_ends_a_broker_that_hangs(machine):
    machine.write(DROP_IN, '[Service]\nWatchdogSec=4\n')
    machine.must('systemctl', 'daemon-reload')
    machine.must('systemctl', 'restart', 'lepus')
    before = pid(machine)
    machine.must('kill', '-STOP', before)
    restarted(machine, before)
    check('Watchdog timeout' in machine.journal(), machine.journal())
    os.unlink(machine.root + DROP_IN)
    machine.must('systemctl', 'daemon-reload')
    machine.must('systemctl', 'restart', 'lepus')
    check(messages(machine) == MESSAGES, 'messages')


@case
def a_wrong_configuration_is_not_tried_again(machine):
    machine.write(SETTINGS, 'no.such.key = 1\n')
    check(machine.run('systemctl', 'restart', 'lepus')[0] != 0, 'it starts')
    shown = [machine.show(name) for name in ('ActiveState', 'ExecMainStatus', 'NRestarts')]
    check(shown == ['failed', '78', '0'], f'{shown}')
    check('no.such.key' in machine.journal(), machine.journal())
    os.unlink(machine.root + SETTINGS)
    machine.must('systemctl', 'reset-failed', 'lepus')
    machine.must('systemctl', 'start', 'lepus')


@case
def an_upgrade_restarts_it_and_keeps_settings_and_messages(machine):
    machine.write(SETTINGS, '# mine\n')
    make_next_version(machine.root)
    before = pid(machine)
    machine.must('dpkg', '-i', *[f'/packages/{name}-next.deb'
                                 for name in ('lepusctl', 'lepus', 'lepus-perf')])
    restarted(machine, before)
    check(messages(machine) == MESSAGES, f'{messages(machine)} messages')
    check(os.path.exists(machine.root + SETTINGS), 'the settings')


@case
def a_stop_is_clean(machine):
    machine.must('systemctl', 'stop', 'lepus')
    shown = [machine.show(name) for name in ('ActiveState', 'Result', 'ExecMainStatus')]
    check(shown == ['inactive', 'success', '0'], f'{shown}')
    machine.must('systemctl', 'start', 'lepus')
    check(messages(machine) == MESSAGES, 'messages')


@case
def removed_it_is_stopped_and_leaves_the_messages(machine):
    before = pid(machine)
    machine.must('dpkg', '--remove', 'lepus')
    check(machine.run('kill', '-0', before)[0] != 0, 'it runs')
    check(os.path.exists(f'{machine.root}/etc/lepus/lepus.conf'), 'the configuration')
    said = machine.must('dpkg', '--purge', 'lepus')
    check('are left as they are' in said, said)
    check(not os.path.exists(f'{machine.root}/etc/lepus/lepus.conf'), 'purged')
    check(os.path.isdir(f'{machine.root}/var/lib/lepus/journal'), 'messages')


def run_cases(machine, only):
    failed = passed = 0
    for run in CASES:
        if not re.search(only, run.__name__):
            continue
        try:
            run(machine)
            passed += 1
            print(f'pass {run.__name__}', flush=True)
        except (Failed, subprocess.SubprocessError, OSError, ValueError) as error:
            failed += 1
            print(f'FAIL {run.__name__}: {error}', flush=True)
    return passed, failed


def main():
    parser = argparse.ArgumentParser(description='the service under a real systemd')
    parser.add_argument('--packages', default=os.path.join(ROOT, 'build', 'packages'))
    parser.add_argument('--root', help='of a Debian; changed')
    parser.add_argument('--only', default='', help='cases whose name this expression finds')
    options = parser.parse_args()
    # The container is stopped, too, when this is.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    if missing := missing_tool():
        print(f'left out: {missing} is missing')
        print('0 passed, 0 failed, 1 skipped')
        return 0
    folder = tempfile.mkdtemp()
    try:
        root = options.root or os.path.join(folder, 'debian')
        if not options.root:
            make_root(root)
        install(root, options.packages)
        with Machine(root, os.path.join(folder, 'console')) as machine:
            passed, failed = run_cases(machine, options.only)
    except Failed as error:
        print(f'FAIL {error}')
        passed, failed = 0, 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f'{passed} passed, {failed} failed')
    return int(failed > 0)


if __name__ == '__main__':
    sys.exit(main())
