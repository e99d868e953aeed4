"""What the results of a comparison depend on: the machine, its disk, a process's memory.

The disk matters where confirms are measured: both brokers must keep their data on a real one, and
the time of one raw synchronous write to it is the least a confirm can take.
"""
import mmap
import os
import platform
import statistics
import time

MEMORY_FILE_SYSTEMS = {'tmpfs', 'ramfs'}
RAW_SIZE = 4096
RAW_FILE_SIZE = 512 * RAW_SIZE


class DiskError(Exception):
    """Text for the user: why results from this directory would say nothing."""


def machine():
    model = 'unknown CPU'
    with open('/proc/cpuinfo', encoding='utf-8') as info:
        for line in info:
            if line.startswith('model name'):
                model = line.partition(':')[2].strip()
                break
    memory = os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') / 2 ** 30
    return (f'{os.cpu_count()} CPUs ({model}), {memory:.0f} GiB, '
            f'Linux {platform.release().partition("-")[0]}')


def file_system(directory):
    """Its type, after the mount point that is nearest above."""
    path, best = os.path.realpath(directory), ('', 'unknown')
    with open('/proc/self/mountinfo', encoding='utf-8') as mounts:
        for line in mounts:
            before, _, after = line.partition(' - ')
            point = before.split()[4].encode().decode('unicode_escape')
            inside = path == point or path.startswith(point.rstrip('/') + '/')
            if inside and len(point) >= len(best[0]):
                best = point, after.split()[0]
    return best[1]


def require_disk(directory):
    kind = file_system(directory)
    if kind in MEMORY_FILE_SYSTEMS:
        raise DiskError(f'{directory} is in memory ({kind}): choose a directory on a disk with '
                        '--dir')
    return kind


def raw_write_us(directory):
    """The median time of a direct, synchronous write of 4 KiB over what has been written before,
    as a journal of one message at a time would do it. None where direct writes are refused."""
    path = os.path.join(directory, f'raw-write-{os.getpid()}')
    block = mmap.mmap(-1, RAW_FILE_SIZE)  # aligned, as direct writes must be
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_DIRECT | os.O_DSYNC, 0o600)
    except OSError:
        return None
    try:
        os.pwrite(file, block, 0)
        times = []
        with memoryview(block) as view, view[:RAW_SIZE] as piece:
            for offset in range(0, RAW_FILE_SIZE, RAW_SIZE):
                begin = time.perf_counter()
                os.pwrite(file, piece, offset)
                times.append(time.perf_counter() - begin)
    finally:
        os.close(file)
        os.unlink(path)
    return statistics.median(times) * 1e6


def memory_kib(pid, field):
    """VmRSS: resident now; VmHWM: the most there was since the process began."""
    with open(f'/proc/{pid}/status', encoding='utf-8') as status:
        for line in status:
            if line.startswith(field + ':'):
                return int(line.split()[1])
    return None


def cpu_s(pid):
    """User and system time since the process began."""
    with open(f'/proc/{pid}/stat', encoding='utf-8', errors='replace') as stat:
        fields = stat.read().rpartition(')')[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')


def files_below(directory):
    for folder, _, names in os.walk(directory):
        for name in names:
            yield os.path.join(folder, name)


def disk_kib(directory):
    return sum(os.stat(path).st_blocks for path in files_below(directory)) // 2


def forget_cached(directory):
    """Has the kernel drop what it caches of the files, as far as it has been written."""
    for path in files_below(directory):
        if not os.path.isfile(path):  # The socket of a broker that was killed.
            continue
        with open(path, 'rb') as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
