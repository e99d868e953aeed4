"""File systems that fail on purpose, for the crash suite's disk faults. Needs root.

    Volume     ext4 on a loop device whose image lies on a tmpfs of its own

        tmpfs | image (sparse) -> loop device -> ext4 mounted at `path` |

    make_full   a ballast file inside the ext4 takes all free blocks: what needs a new one gets
                ENOSPC. make_room takes it away.
    make_thin   the image's blocks that hold only zeros are given back and the tmpfs is filled:
                the first write to such a block gets ENOSPC although the file has it already, also
                with O_DIRECT, as on a thinly provisioned disk. Nothing written is lost.
    cut         the kernel shuts the ext4 down without writing anything more: each access gets
                EIO, as from a disk that has failed. restore mounts it again: what was not synced
                by then is lost, as after a power cut.
"""
import ctypes
import errno
import fcntl
import os
import struct
import subprocess
import tempfile
import time

CHUNK = 1 << 20
BLOCK = 4096
IDLE_S = 10
POLL_S = 0.02
EXT4_SHUTDOWN, NO_LOG_FLUSH = 0x8004587D, 2
FALLOC_KEEP_SIZE, FALLOC_PUNCH_HOLE = 1, 2
LIBC = ctypes.CDLL(None, use_errno=True)


class CannotMount(Exception):
    """Why there can be no such volume here."""


def command(*words):
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=False)
    except OSError as error:
        raise CannotMount(f'{words[0]}: {error.strerror}') from error
    if done.returncode:
        raise CannotMount(f'{" ".join(words)}: {done.stderr.strip()}')
    return done.stdout.strip()


def fill(path):
    """Writes a file until the file system is full; returns its size."""
    size, block = 0, bytes(CHUNK)
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        while block:
            try:
                size += os.write(file, block)
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
                block = block[:len(block) // 2] if len(block) > BLOCK else b''
        os.fsync(file)
    finally:
        os.close(file)
    return size


class Volume:
    def __init__(self, size):
        self.size, self.undo = size, []
        self.folder = tempfile.mkdtemp(prefix='lepus-volume-')
        self.host = os.path.join(self.folder, 'host')
        self.path = os.path.join(self.folder, 'disk')
        self.image = os.path.join(self.host, 'image')
        self.ballast = os.path.join(self.path, 'ballast')

    def __enter__(self):
        try:
            self._make()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _make(self):
        for folder in (self.host, self.path):
            os.mkdir(folder)
        command('mount', '-t', 'tmpfs', '-o', f'size={self.size + (16 << 20)}', 'none', self.host)
        self.undo.append(('umount', '-l', self.host))
        with open(self.image, 'wb') as image:
            image.truncate(self.size)
        command('mkfs.ext4', '-q', '-F', '-b', str(BLOCK), '-m', '0',
                '-E', 'nodiscard', self.image)
        self.device = command('losetup', '-f', '--show', self.image)
        self.undo.append(('losetup', '-d', self.device))
        self._mount()

    def _mount(self):
        command('mount', '-t', 'ext4', self.device, self.path)
        self.undo.append(('umount', '-l', self.path))

    def __exit__(self, *_):
        """Undoes what was done; a device is freed by the kernel once nothing uses it."""
        while self.undo:
            subprocess.run(self.undo.pop(), capture_output=True, check=False)
        for folder in (self.host, self.path, self.folder):
            if os.path.isdir(folder) and not os.path.ismount(folder):
                os.rmdir(folder)

    # ---- faults ------------------------------------------------------------------------------

    def make_full(self, left=0):
        """But for `left` bytes. Returns the size of what fills it."""
        size = fill(self.ballast)
        os.truncate(self.ballast, max(size - left, 0))
        return size - left

    def make_room(self):
        os.unlink(self.ballast)

    def make_thin(self):
        """How many blocks cannot be written from now on. Whoever writes must be stopped: a block
        that is written while it is given back would be lost."""
        os.sync()
        self._wait_idle()
        count = self._punch_zeros()
        fill(os.path.join(self.host, 'ballast'))
        return count

    def cut(self):
        root = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.ioctl(root, EXT4_SHUTDOWN, struct.pack('I', NO_LOG_FLUSH))
        finally:
            os.close(root)

    def restore(self):
        """After cut(): nobody may have a file open."""
        end = time.monotonic() + IDLE_S
        while True:
            try:
                command('umount', self.path)
                break
            except CannotMount as reason:
                # The kernel closes what a killed process had open in io_uring a little later.
                if 'busy' not in str(reason) or time.monotonic() > end:
                    raise OSError(str(reason)) from reason
                time.sleep(POLL_S)
        self.undo.pop()
        self._mount()

    def _wait_idle(self):
        name = f'/sys/block/{os.path.basename(self.device)}/inflight'
        end = time.monotonic() + IDLE_S
        while True:
            with open(name, encoding='ascii') as counts:
                if counts.read().split() == ['0', '0']:
                    return
            if time.monotonic() > end:
                raise OSError(f'{self.device} is not idle after {IDLE_S} s')
            time.sleep(POLL_S)

    def _punch_zeros(self):
        count, zeros = 0, bytes(BLOCK)
        image = os.open(self.image, os.O_RDWR)
        try:
            for offset in range(0, self.size, BLOCK):
                if os.pread(image, BLOCK, offset) != zeros:
                    continue
                count += 1
                if LIBC.fallocate(image, FALLOC_KEEP_SIZE | FALLOC_PUNCH_HOLE,
                                  ctypes.c_long(offset), ctypes.c_long(BLOCK)):
                    raise OSError(ctypes.get_errno(), 'cannot punch a hole in the image')
        finally:
            os.close(image)
        return count
