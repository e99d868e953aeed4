#!/usr/bin/env python3
"""One broker for an address: a second one is refused by name, whatever way the addresses overlap.

    tests/restart/ports.py --broker build/release/lepus
"""
import contextlib
import os
import pwd
import selectors
import shutil
import subprocess
import sys
import time

from broker import Node, Failed, NO_HTTP, check, free_port, run_cases

CASES = []
SPLIT_ROUNDS = 3
OVERLAP_ROUNDS = 10


def case(run):
    CASES.append(run)
    return run


@contextlib.contextmanager
def another(node):
    """A second broker with a data directory of its own; not started yet."""
    with Node(node.program) as other:
        yield other


def refused(node, first, second):
    """The broker that listens on `first` keeps one from `second`: its text."""
    node.start(shards=2, settings={'listeners.tcp.default': first})
    with another(node) as other:
        began = time.monotonic()
        line = other.fails_to_start(settings={'listeners.tcp.default': second})
        took = time.monotonic() - began
    check(f'lepus (pid {node.process.pid}, data_dir {node.data})' in line,
          f'the text does not name the broker: {line}')
    check(took < 10, f'it took {took:.1f} s to refuse')
    return line


@case
def a_second_broker_on_the_same_address_is_refused(node):
    port = free_port()
    line = refused(node, f'127.0.0.1:{port}', f'127.0.0.1:{port}')
    check(f'cannot listen on 127.0.0.1:{port}' in line, line)


@case
def all_addresses_overlap_one(node):
    port = free_port()
    refused(node, f'127.0.0.1:{port}', f'0.0.0.0:{port}')


@case
def one_address_overlaps_all(node):
    port = free_port()
    refused(node, f'{port}', f'127.0.0.1:{port}')


@case
def the_second_listener_counts_like_the_first(node):
    port, own = free_port(), free_port()
    node.start(settings={'listeners.tcp.default': f'127.0.0.1:{port}'})
    with another(node) as other:
        line = other.fails_to_start(settings={'listeners.tcp.default': f'127.0.0.1:{own}',
                                              'listeners.tcp.2': f'127.0.0.1:{port}'})
    check(f'127.0.0.1:{port}' in line and f'pid {node.process.pid}' in line, line)


@case
def another_users_broker_is_named(node):
    if os.geteuid() != 0 or shutil.which('setpriv') is None:
        return
    port = free_port()
    node.start(settings={'listeners.tcp.default': f'127.0.0.1:{port}'})
    nobody = pwd.getpwnam('nobody')
    with another(node) as other:
        os.chmod(other.directory, 0o777)
        program = os.path.join(other.directory, 'lepus')
        shutil.copy(node.program, program)
        done = subprocess.run(
            ['setpriv', f'--reuid={nobody.pw_uid}', f'--regid={nobody.pw_gid}', '--clear-groups',
             program, '--set', f'listeners.tcp.default=127.0.0.1:{port}',
             '--set', f'data_dir={other.data}', '--set', 'pin=false',
             *[word for key, value in NO_HTTP.items() for word in ('--set', f'{key}={value}')]],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30, check=False)
    check(done.returncode == 1, f'exit code {done.returncode}: {done.stderr}')
    check(f'lepus (pid {node.process.pid}, data_dir {node.data})' in done.stderr, done.stderr)


@case
def a_killed_broker_keeps_nobody_out(node):
    """Its sockets stay for a moment after its end."""
    port = free_port()
    for _ in range(OVERLAP_ROUNDS):
        node.start(settings={'listeners.tcp.default': f'127.0.0.1:{port}'})
        node.port = port
        node.probe()
        node.kill()


@case
def of_two_that_start_at_once_one_is_ready(node):
    for _ in range(SPLIT_ROUNDS):
        port = free_port()
        with another(node) as other:
            both = [node, other]
            for one in both:
                one.launch(2, settings={'listeners.tcp.default': f'127.0.0.1:{port}'})
            ready = [said_ready(one) for one in both]
            check(sorted(ready) == [False, True], f'ready: {ready}\n{node.log()}\n{other.log()}')
            for one in both:
                one.kill()
            node.wipe()


def said_ready(node):
    """False: its output ended before."""
    seen, deadline = b'', time.monotonic() + 20
    with selectors.DefaultSelector() as selector:
        selector.register(node.process.stdout, selectors.EVENT_READ)
        while b'lepus ready' not in seen:
            if not selector.select(max(0, deadline - time.monotonic())):
                raise Failed(f'neither ready nor ended:\n{node.log()}')
            part = os.read(node.process.stdout.fileno(), 4096)
            if not part:
                return False
            seen += part
    return True


if __name__ == '__main__':
    sys.exit(run_cases(__doc__, CASES))
