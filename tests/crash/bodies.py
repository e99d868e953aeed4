"""Bodies of the crash suite's messages: made from the message's id, so each one can be made again.

A body of 16 bytes and more begins with the id (channel, number); what follows, and all of a shorter
one, is cut from a fixed random block at a place that depends on the id. The verifier makes the
body anew and compares all bytes, which finds more than a checksum: a mix-up of two intact messages
as well. The id is also in the property message_id, as "channel.number.size".
"""
import random
import struct

SIZE_MAX = 200 * 1024
HEAD = struct.Struct('>QQ')
BLOCK = random.Random(20261125).randbytes(2 * SIZE_MAX)


def make(channel, number, size):
    start = (channel * 7919 + number * 104729) % SIZE_MAX
    if size < HEAD.size:
        return BLOCK[start:start + size]
    return HEAD.pack(channel, number) + BLOCK[start:start + size - HEAD.size]


def name(channel, number, size):
    return f'{channel}.{number}.{size}'


def parse(text):
    """(channel, number, size) of a message_id; None for one that no client of the suite made."""
    parts = text.split('.') if isinstance(text, str) else ()
    if len(parts) != 3 or not all(part.isdecimal() for part in parts):
        return None
    return tuple(int(part) for part in parts)


def random_size(chance):
    """Mostly small, some large: 0 bytes to 200 KiB."""
    kind = chance.random()
    for share, size_max in ((0.60, 300), (0.85, 4096), (0.97, 32 * 1024)):
        if kind < share:
            return chance.randint(0, size_max)
    return chance.randint(0, SIZE_MAX)
