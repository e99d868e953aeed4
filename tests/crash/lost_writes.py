"""A power cut for files on any file system, without root: what was not synced may be gone.

    shim = LostWrites(directory, chance)      directory: of the files
    environment = shim.environment()          for the process, which must work through libc
    ... the process is killed ...
    shim.cut()                                takes some or all of what was not synced

lost_writes.c writes down the old bytes of each write, and each sync. Of every sector that was
written and not synced the disk keeps any of the versions it had since its last sync; of a file
that was made, and neither it nor its directory synced, the name may be gone (ext4 and XFS make a
new file's name safe with the file). With `without_syncs='.seg'` syncs of such files do nothing: a
test with that must fail.
"""
import os
import struct
import subprocess
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
RECORD = struct.Struct('<IIQQQQ')
UNDO, SYNC, MADE, RENAME, GONE = 1, 2, 3, 4, 5
SECTOR = 512


class CannotBuild(Exception):
    """There is no C compiler here."""


def build(directory):
    library = os.path.join(directory, 'lost_writes.so')
    try:
        done = subprocess.run(['cc', '-O1', '-shared', '-fPIC', '-o', library,
                               os.path.join(HERE, 'lost_writes.c'), '-ldl', '-lpthread'],
                              capture_output=True, text=True, check=False)
    except OSError as error:
        raise CannotBuild(f'cc: {error.strerror}') from error
    if done.returncode:
        raise CannotBuild(done.stderr.strip())
    return library


class LostWrites:
    def __init__(self, directory, chance, without_syncs=''):
        self.directory, self.chance = os.path.realpath(directory), chance
        self.without_syncs = without_syncs
        self.own = tempfile.TemporaryDirectory(prefix='lepus-lost-')
        self.log = os.path.join(self.own.name, 'log')
        self.library = build(self.own.name)
        self.lost_sectors = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.own.cleanup()

    def environment(self):
        return {'LD_PRELOAD': self.library, 'LOST_ROOT': self.directory, 'LOST_LOG': self.log,
                'LOST_SYNCS': self.without_syncs}

    def records(self):
        with open(self.log, 'rb') as file:
            data = file.read()
        place = 0
        while place + RECORD.size <= len(data):
            kind, path_size, sequence, offset, old_size, size = RECORD.unpack_from(data, place)
            begin = place + RECORD.size
            end = begin + path_size + size
            if end > len(data):    # killed in the middle of it: the write did not begin
                return
            path = data[begin:begin + path_size].decode()
            yield kind, path, sequence, offset, old_size, data[begin + path_size:end]
            place = end

    def unsynced(self):
        """By file what was written since its last sync, oldest first; then files whose name is not
        safe."""
        writes, made = {}, {}
        for kind, path, sequence, offset, old_size, old in self.records():
            if kind == UNDO:
                writes.setdefault(path, []).append((sequence, offset, old_size, old))
            elif kind == MADE:
                made[path] = sequence
            elif kind == SYNC:
                writes[path] = [one for one in writes.get(path, []) if one[0] > sequence]
                for other in [name for name, number in made.items() if number <= sequence and
                              path in (name, os.path.dirname(name))]:
                    del made[other]
            elif kind == GONE:
                writes.pop(path, None)
                made.pop(path, None)
            elif kind == RENAME:
                new = old.decode()
                writes[new] = writes.pop(path, [])
                if path in made:
                    made[new] = made.pop(path)
        return {path: own for path, own in writes.items() if own}, made

    def cut(self):
        writes, made = self.unsynced()
        for path, own in writes.items():
            if os.path.exists(path):
                self.cut_file(path, own)
        for path in made:
            if os.path.exists(path) and self.chance.random() < 0.5:
                os.unlink(path)
        os.unlink(self.log)

    def cut_file(self, path, own):
        mode = self.chance.choice(('all', 'none', 'some', 'some'))
        if mode == 'none':
            return
        keeps = {}    # By sector: the first of its writes that is lost.
        with open(path, 'r+b') as file:
            for number in range(len(own) - 1, -1, -1):
                _, offset, _, old = own[number]
                for start in range(0, len(old), SECTOR):
                    sector = (offset + start) // SECTOR
                    if mode == 'some' and sector not in keeps:
                        keeps[sector] = self.chance.randint(0, len(own))
                    if mode == 'all' or number >= keeps[sector]:
                        file.seek(offset + start)
                        file.write(old[start:start + SECTOR])
                        self.lost_sectors += 1
            if mode == 'all':
                file.truncate(min(os.path.getsize(path), own[0][2]))
