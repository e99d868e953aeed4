#!/usr/bin/env python3
"""Writes the seed inputs of fuzz_journal into tests/fuzz/corpus/journal/.

    tests/fuzz/make_journal_corpus.py

Small legal journals and single records; the first byte says which (tests/fuzz/fuzz_journal.cpp).
Layouts as in persist/journal/format.h.
"""
import os
import struct

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "corpus", "journal")
BLOCK = 4096
VERSION = 2
STORE = 0
MAGIC = 0x4c4e524a53555045
MESSAGE, SETTLE, SEEN, TRIM, SEAL = 1, 2, 3, 4, 5
FIRST, LAST = 1, 2


def crc32c(data):
    crc = 0xffffffff
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82f63b78 if crc & 1 else 0)
    return crc ^ 0xffffffff


def header(number, first_sequence, first_live=1, size=4 * BLOCK, shard=0):
    rest = struct.pack("<IQQQQQQII", VERSION, number, first_sequence, first_live, size, 0, STORE,
                       shard, 0)
    block = struct.pack("<QI", MAGIC, crc32c(rest)) + rest
    return block.ljust(BLOCK, b"\0")


def record(kind, sequence, contents=b"", count=0, flags=0):
    contents = contents.ljust((len(contents) + 7) // 8 * 8, b"\0")
    rest = struct.pack("<IQBBHI", 24 + len(contents), sequence, kind, flags, 0, count) + contents
    return struct.pack("<I", crc32c(struct.pack("<Q", STORE) + rest)) + rest


def message(sequence, queues, body=b"body", flags=0, head_flags=0):
    head = struct.pack("<QQQIBBBB", 1, 2 ** 64 - 1, len(body), 2, 1, 1, 0, head_flags)
    refs = b"".join(struct.pack("<QQ", *ref) for ref in queues)
    return record(MESSAGE, sequence, head + refs + b"xk\0\0" + body, len(queues), flags)


def settle(sequence, *ranges, flags=0):
    return record(SETTLE, sequence, b"".join(struct.pack("<QQQ", *one) for one in ranges),
                  len(ranges), flags)


def block(*records):
    data = b"".join(records)
    return data.ljust((len(data) + BLOCK - 1) // BLOCK * BLOCK, b"\0")


RECORDS = {
    "message": message(1, [(1, 0), (2, 7)]),
    "settle": settle(1, (1, 0, 3)),
    "seen": record(SEEN, 1, struct.pack("<QQ", 1, 5), 1),
    "trim": record(TRIM, 1, struct.pack("<Q", 2), 1),
    "seal": record(SEAL, 1),
    "blank": bytes(32),
}
ONE = header(1, 1) + block(message(1, [(1, 0)], flags=FIRST), settle(2, (1, 0, 0), flags=LAST))
FULL = ONE + block(message(3, [(1, 1)], flags=FIRST | LAST)) + block(record(SEAL, 4, flags=3))
JOURNALS = {
    "one": (1, ONE + bytes(2 * BLOCK)),
    "paged": (1, header(1, 1) + block(message(1, [(1, 0), (2, 0)], flags=FIRST, head_flags=1),
                                      message(2, [(1, 1)], flags=LAST)) + bytes(2 * BLOCK)),
    "torn": (1, ONE + block(message(3, [(1, 1)], b"y" * 3000, FIRST),
                            message(4, [(1, 2)], b"y" * 3000))[:BLOCK + 100]),
    "two": (2, FULL + header(2, 5) + block(message(5, [(1, 2)], flags=3)) + bytes(2 * BLOCK)),
    "damaged": (2, FULL[:BLOCK + 60] + b"\xff" + FULL[BLOCK + 61:] + header(2, 5) +
                block(record(TRIM, 5, struct.pack("<Q", 2), 1, 3)) + bytes(2 * BLOCK)),
    "missing": (2, FULL + header(3, 99) + block(message(99, [(1, 5)], flags=3)) + bytes(2 * BLOCK)),
    "reused": (3, header(3, 20, 2) + block(message(20, [(1, 8)], flags=3)) +
               block(message(2, [(1, 1)], flags=3)) + bytes(BLOCK) + header(2, 10) +
               block(message(10, [(1, 6)], flags=FIRST)) + block(record(SEAL, 11)) + bytes(BLOCK)),
    "other-version": (1, ONE[:12] + bytes([VERSION + 1]) + ONE[13:]),
}


def main():
    os.makedirs(FOLDER, exist_ok=True)
    inputs = {name: b"\0" + data for name, data in RECORDS.items()}
    inputs.update({name: bytes([2 * count - 1]) + data for name, (count, data) in JOURNALS.items()})
    inputs.update({name + "-repaired": bytes([2 * count]) + data
                   for name, (count, data) in JOURNALS.items()})
    for name, data in inputs.items():
        with open(os.path.join(FOLDER, name), "wb") as file:
            file.write(data)


if __name__ == "__main__":
    main()
