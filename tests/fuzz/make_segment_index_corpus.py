#!/usr/bin/env python3
"""Writes the seed inputs of fuzz_segment_index into tests/fuzz/corpus/segment_index/.

    tests/fuzz/make_segment_index_corpus.py

Small legal indexes but for their CRC, which the target puts right. Layout as in
persist/journal/index/index_entry.h.
"""
import os
import struct

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'corpus', 'segment_index')
MAGIC, VERSION, BLOCK = 0x58444e4953555045, 1, 4096
MESSAGE, SETTLE, MARKS, TRUNCATE, SEAL, RUN, SKIP = range(7)
FIRST, LAST, TIME, SHAPE, QUEUES = 8, 16, 32, 64, 128


def varint(value):
    out = b''
    while value >= 0x80:
        out += bytes([value & 0x7f | 0x80])
        value >>= 7
    return out + bytes([value])


def entry(what, *numbers):
    return bytes([what]) + b''.join(varint(number) for number in numbers)


def index(entries, count, end):
    header = struct.pack('<QIIQQQQQII', MAGIC, 0, VERSION, 9, 0, 1000, 1000 + count, end, 0,
                         len(entries))
    return header + entries


def seal_at(end):
    """Behind a batch that ends there: the offset of the next block, and the end of the seal."""
    return (end + BLOCK - 1) // BLOCK * BLOCK + 24


# A new queue (code 0), its number and level; 128 bytes of body, 13 of texts, no TTL, not paged.
SHAPE_128 = (128 * 2 * 2 + 1, 13, 0, 0)
NEW_QUEUE = (1, 0, 7, 0)
SEAL_ENTRY = entry(SEAL | FIRST | LAST)
CASES = {
    'seal': index(SEAL_ENTRY, 1, BLOCK + 24),
    'message': index(entry(MESSAGE | FIRST | LAST | TIME | SHAPE | QUEUES, 200, *SHAPE_128,
                           *NEW_QUEUE) + SEAL_ENTRY, 2, seal_at(BLOCK + 216)),
    'run': index(entry(RUN | FIRST | LAST | TIME | SHAPE | QUEUES, 50, 200, *SHAPE_128,
                       *NEW_QUEUE) + SEAL_ENTRY, 51, seal_at(BLOCK + 50 * 216)),
    'settle': index(entry(SETTLE | FIRST | LAST, 1, 0, 7, 0, 4) + SEAL_ENTRY, 2,
                    seal_at(BLOCK + 48)),
    'marks': index(entry(MARKS | FIRST | LAST, 1, 1, 7, 0, 20) + SEAL_ENTRY, 2,
                   seal_at(BLOCK + 40)),
    'truncate': index(entry(TRUNCATE | FIRST | LAST, 4) + SEAL_ENTRY, 2, seal_at(BLOCK + 32)),
    'skip': index(entry(SKIP, 3 * BLOCK // 8) + SEAL_ENTRY, 1, 3 * BLOCK + 24),
    'cut': index(b'', 0, BLOCK)[:50],
}


def main():
    os.makedirs(FOLDER, exist_ok=True)
    for name, data in CASES.items():
        with open(os.path.join(FOLDER, name), 'wb') as file:
            file.write(data)


if __name__ == '__main__':
    main()
