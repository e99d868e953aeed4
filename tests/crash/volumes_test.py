#!/usr/bin/env python3
"""Checks that the volumes of volumes.py fail as they should: the disk fault tests rest on it.

    tests/crash/volumes_test.py      ends with `N passed, N failed, N skipped`
"""
import errno
import mmap
import os
import subprocess
import sys

from volumes import CannotMount, Volume

BLOCK, COUNT = 4096, 512
SIZE = 32 << 20


def segment(volume):
    """A file like one of the journal: zero-filled once, then written directly."""
    path = os.path.join(volume.path, 'segment')
    with open(path, 'wb') as file:
        file.write(bytes(BLOCK * COUNT))
        os.fsync(file.fileno())
    return os.open(path, os.O_RDWR | os.O_DIRECT | os.O_DSYNC)


def block(byte):
    buffer = mmap.mmap(-1, BLOCK)
    buffer.write(byte * BLOCK)
    return buffer


def error_of(action, *arguments):
    try:
        action(*arguments)
        return 0
    except OSError as error:
        return error.errno


def test_full_disk(volume):
    file = segment(volume)
    assert volume.make_full() > SIZE // 2
    assert error_of(os.posix_fallocate, file, BLOCK * COUNT, BLOCK) == errno.ENOSPC
    assert error_of(os.pwrite, file, block(b'a'), 0) == 0         # has its block already
    volume.make_room()
    assert error_of(os.posix_fallocate, file, BLOCK * COUNT, BLOCK) == 0
    os.close(file)


def read(file, offset):
    buffer = mmap.mmap(-1, BLOCK)
    assert os.preadv(file, [buffer], offset) == BLOCK
    return buffer[:]


def test_thin_disk(volume):
    file = segment(volume)
    assert os.pwrite(file, block(b'a'), 0) == BLOCK
    assert volume.make_thin() > COUNT // 2
    assert error_of(os.pwrite, file, block(b'b'), BLOCK) == errno.ENOSPC
    assert error_of(os.pwrite, file, block(b'b'), BLOCK * (COUNT - 1)) == errno.ENOSPC
    assert read(file, 0) == b'a' * BLOCK
    assert read(file, BLOCK) == bytes(BLOCK)
    os.close(file)


def test_cut(volume):
    """What was written through stays; what was only handed to the kernel is lost."""
    file = segment(volume)
    assert os.pwrite(file, block(b'a'), 0) == BLOCK
    os.sync()
    loose = os.open(os.path.join(volume.path, 'loose'), os.O_RDWR | os.O_CREAT, 0o600)
    assert os.write(loose, b'b' * BLOCK) == BLOCK
    volume.cut()
    assert error_of(os.pwrite, file, block(b'b'), BLOCK) == errno.EIO
    os.close(file)
    os.close(loose)
    volume.restore()
    assert not os.path.exists(os.path.join(volume.path, 'loose'))
    file = os.open(os.path.join(volume.path, 'segment'), os.O_RDWR | os.O_DIRECT)
    assert read(file, 0) == b'a' * BLOCK
    assert read(file, BLOCK) == bytes(BLOCK)
    os.close(file)


def test_nothing_is_left(volume):
    device, path = volume.device, volume.path
    volume.__exit__()
    assert not os.path.exists(path)
    used = subprocess.run(['losetup', '-a'], capture_output=True, text=True, check=True).stdout
    assert f'{device}:' not in used


def main():
    counts = dict.fromkeys(('passed', 'failed', 'skipped'), 0)
    for name, test in sorted(globals().items()):
        if not name.startswith('test_'):
            continue
        verdict = 'passed'
        try:
            with Volume(SIZE) as volume:
                test(volume)
        except CannotMount as reason:
            verdict = 'skipped'
            print(f'{name}: skipped: {reason}')
        except AssertionError as error:
            verdict = 'failed'
            print(f'{name}: FAILED at line {error.__traceback__.tb_next.tb_lineno}')
        counts[verdict] += 1
    print(', '.join(f'{count} {verdict}' for verdict, count in counts.items()))
    return 1 if counts['failed'] else 0


if __name__ == '__main__':
    sys.exit(main())
