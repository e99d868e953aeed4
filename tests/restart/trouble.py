#!/usr/bin/env python3
"""The data directory is nobody else's, and trouble with the catalog does not end the broker.

    tests/restart/trouble.py --broker build/release/lepus
"""
import contextlib
import fcntl
import os
import resource
import sqlite3
import subprocess
import sys
import threading
import time

from broker import check, run_cases

CASES = []
WAIT_S = 20
SHM_WRITE_LOCK = 120   # the byte of -shm that who writes holds
PERSISTENT = {'delivery_mode': 2}


def case(run):
    CASES.append(run)
    return run


def refused(node, queue):
    """The reply code with which the connection is closed for a durable declaration, or 0."""
    return node.refusal('Queue.Declare', queue=queue, durable=True)


def goes_on(node, publishes=True):
    """It lives, and what needs no catalog works; publishers are held on a full disk."""
    check(node.process.poll() is None, f'the broker ended\n{node.log()}')
    probe = node.probe()
    probe.call(1, 'Queue.Declare', queue='transient', auto_delete=True)
    if publishes:
        probe.publish(key='transient')
        probe.stored('transient', 1)


def modes(node):
    found = {}
    for folder, names, files in os.walk(node.data):
        for name in [''] + names + files:
            path = os.path.join(folder, name)
            found[os.path.relpath(path, node.data)] = os.stat(path).st_mode & 0o777
    return found


@case
def nobody_else_looks_in(node):
    old = os.umask(0)
    try:
        node.start()
    finally:
        os.umask(old)
    node.probe().call(1, 'Queue.Declare', queue='q', durable=True)
    wide = {path: oct(mode) for path, mode in modes(node).items() if mode & 0o027}
    check(not wide, f'open to others: {wide}')
    node.kill()
    for path in modes(node):
        full = os.path.join(node.data, path)
        if not path.endswith('.sock'):
            os.chmod(full, 0o755 if os.path.isdir(full) else 0o644)
    node.start()
    wide = {path: oct(mode) for path, mode in modes(node).items() if mode & 0o027}
    check(not wide, f'not repaired: {wide}')
    check('are repaired' in node.log(), 'the log does not tell of it')


@contextlib.contextmanager
def locked_shm(node):
    """As any user could with a file that he may read."""
    with open(node.catalog + '-shm', 'rb') as shm:
        fcntl.lockf(shm, fcntl.LOCK_SH, 1, SHM_WRITE_LOCK)
        yield


@contextlib.contextmanager
def open_transaction(node):
    database = sqlite3.connect(node.catalog, isolation_level=None)
    database.execute('BEGIN IMMEDIATE')
    yield
    database.execute('ROLLBACK')
    database.close()


def a_lock_that_stays(node, lock):
    node.start()
    check(refused(node, 'before') == 0, 'a declaration is refused')
    with lock(node):
        began = time.monotonic()
        check(refused(node, 'q') == 506, 'the declaration is not refused with 506')
        took = time.monotonic() - began
        check(4 < took < 10, f'the answer came after {took:.1f} s')
        goes_on(node)
        check(refused(node, 'q') == 506, 'the second declaration is not refused with 506')
    deadline = time.monotonic() + WAIT_S
    while refused(node, 'q') != 0:
        check(time.monotonic() < deadline, f'it is refused still\n{node.log()}')
    check('another program has it locked' in node.log(), node.log())
    node.kill()
    node.start()
    check(node.exists('Queue', 'q') and node.exists('Queue', 'before'), 'a queue is gone')


@case
def a_lock_on_the_shared_memory(node):
    a_lock_that_stays(node, locked_shm)


@case
def a_transaction_of_a_person(node):
    a_lock_that_stays(node, open_transaction)


@case
def a_short_lock_is_only_waited_for(node):
    node.start()
    node.probe().call(1, 'Queue.Declare', queue='before', durable=True)
    probe = node.probe()
    with open_transaction(node):
        probe.send(1, 'Queue.Declare', queue='q', durable=True)
        goes_after = time.monotonic() + 1
        while time.monotonic() < goes_after:
            check(node.process.poll() is None, node.log())
            time.sleep(0.05)
    probe.expect('Queue.DeclareOk')


def small_disk(node, size):
    """A file system of this many bytes for the data; None: this user may not make one."""
    if os.geteuid() != 0:
        return None
    os.makedirs(node.data)
    done = subprocess.run(['mount', '-t', 'tmpfs', '-o', f'size={size}', 'tmpfs', node.data],
                          check=False, capture_output=True)
    return node.data if done.returncode == 0 else None


@case
def a_full_disk(node):
    if small_disk(node, 24 << 20) is None:
        return
    settings = {'journal.segment_size': '1MiB', 'disk_free_limit.absolute': '1KiB'}
    try:
        node.start(shards=1, settings=settings)
        probe = node.probe()
        probe.call(1, 'Queue.Declare', queue='q', durable=True)
        probe.call(1, 'Confirm.Select')
        probe.publish(key='q', properties=PERSISTENT)
        probe.expect('Basic.Ack')
        filler = os.path.join(node.data, 'journal', 'filler')
        file = os.open(filler, os.O_WRONLY | os.O_CREAT, 0o640)
        with contextlib.suppress(OSError):
            while os.write(file, b'x' * 4096) > 0:
                pass
        os.close(file)
        codes = [refused(node, f'q{number}') for number in range(40)]
        check(506 in codes and set(codes) <= {0, 506}, f'codes {codes}')
        goes_on(node, publishes=False)
        check(node.probe().get('q', no_ack=False) is not None, 'the message is not delivered')
        node.kill()
        node.start(shards=1, settings=settings)
        check(node.probe().get('q', no_ack=False) is not None, 'the message is gone')
        os.remove(filler)
        deadline = time.monotonic() + WAIT_S
        while refused(node, 'later') != 0:
            check(time.monotonic() < deadline, f'it is refused still\n{node.log()}')
        node.stop()
    finally:
        node.kill()
        subprocess.run(['umount', '-l', node.data], check=False)


@case
def out_of_descriptors(node):
    """Segments are made all the same, a bit later."""
    settings = {'journal.segment_size': '1MiB'}
    node.start(shards=1, settings=settings)
    probe = node.probe()
    probe.call(1, 'Queue.Declare', queue='q', durable=True)
    probe.call(1, 'Confirm.Select')
    pid = node.process.pid
    soft, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    used = max(int(name) for name in os.listdir(f'/proc/{pid}/fd')) + 1
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (used, hard))
    body = b'x' * 60_000

    def publish():
        for _ in range(100):
            probe.publish(key='q', body=body, properties=PERSISTENT)

    # The broker does not read on while no file can be made, so a send may wait until one can.
    probe.wire.socket.settimeout(WAIT_S)
    publisher = threading.Thread(target=publish)
    publisher.start()
    deadline = time.monotonic() + 3
    while time.monotonic() < deadline:
        check(node.process.poll() is None, f'the broker ended\n{node.log()}')
        time.sleep(0.1)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (soft, hard))
    publisher.join(WAIT_S)
    check(not publisher.is_alive(), f'publishers wait still\n{node.log()}')
    acked = 0
    while acked < 100:
        acked = probe.expect('Basic.Ack').arguments['delivery_tag']


if __name__ == '__main__':
    sys.exit(run_cases(__doc__, CASES))
