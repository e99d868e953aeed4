#!/usr/bin/env python3
"""Writes the seed inputs of the fuzz targets into tests/fuzz/corpus/<target>/.

    tests/fuzz/make_corpus.py

The corpus is kept in the repository: small, legal and nearly legal inputs from which libFuzzer
starts. What a fuzzing run finds beyond it stays out of the repository; a crash becomes a unit test.
"""
import os
import struct

CORPUS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "corpus")

METHOD, HEADER, BODY, HEARTBEAT = 1, 2, 3, 8
PUBLISH = bytes.fromhex("003c0028 0000 00 0171 00")


def frame(kind, payload, channel=1, end=0xCE):
    return struct.pack(">BHI", kind, channel, len(payload)) + payload + bytes([end])


def shortstr(text):
    return bytes([len(text)]) + text


def longstr(data):
    return struct.pack(">I", len(data)) + data


def entry(name, value):
    return shortstr(name) + value


def content_header(size, properties=b"\0\0", class_id=60, weight=0):
    return struct.pack(">HHQ", class_id, weight, size) + properties


SCALARS = b"".join(entry(bytes([value[0]]), value) for value in (
    b"t\x01", b"b\xff", b"B\xff", b"s\xff\xfe", b"u\xff\xfe", b"I\xff\xff\xff\xfd",
    b"i\xff\xff\xff\xfd", b"l" + b"\xff" * 8, b"L" + b"\xff" * 8, b"f\x3f\xc0\0\0",
    b"d\x3f\xf8" + b"\0" * 6, b"D\x02\xff\xff\xff\x9c", b"T" + b"\0" * 7 + b"\x01", b"V",
    b"S" + longstr(b"text"), b"x" + longstr(b"\0\xff")))


def nested(levels):
    inside = b""
    for level in range(1, levels):
        kind = b"F" if level % 3 else b"A"
        inside = entry(b"n", kind + longstr(inside if kind == b"F" else b"F" + longstr(inside)))
    return inside


X_DEATH = entry(b"x-death", b"A" + longstr(b"F" + longstr(
    entry(b"count", b"l" + b"\0" * 7 + b"\x01") + entry(b"reason", b"S" + longstr(b"expired")) +
    entry(b"time", b"T" + b"\0" * 8) +
    entry(b"routing-keys", b"A" + longstr(b"S" + longstr(b"k"))))))

TABLES = {
    "empty": b"",
    "all-scalars": SCALARS,
    "x-death": X_DEATH,
    "nested-4": nested(4),
    "nested-20": nested(20),
    "nested-40": nested(40),
    "unknown-tag": entry(b"a", b"Z\x01"),
    "short-value": entry(b"a", b"I\0\0"),
    "long-length": entry(b"a", b"S\xff\xff\xff\xff"),
    "same-names": entry(b"a", b"b\x01") * 3,
}

PROPERTIES = {
    "none": b"\0\0",
    "usual": b"\x90\0" + shortstr(b"text/plain") + b"\x02",
    "headers": b"\x20\0" + longstr(SCALARS),
    "all": b"\xff\xfc\x01a\x01b" + longstr(X_DEATH) + b"\x02\x09\x01c\x01d\x0210\x01e" + b"\0" * 8 +
           b"\x01f\x01g\x01h\x01i",
    "unknown-flag": b"\0\x01\0\0",
    "truncated": b"\x80\0",
    "trailing": b"\0\0x",
    "bad-table": b"\x20\0" + longstr(b"\x01aZ"),
}

FRAMES = {
    "method": frame(METHOD, bytes.fromhex("0014000a00")),
    "heartbeats": frame(HEARTBEAT, b"", 0) * 3,
    "publish": frame(METHOD, PUBLISH) + frame(HEADER, content_header(3)) + frame(BODY, b"abc"),
    "bad-end": frame(METHOD, bytes.fromhex("0014000a00"), end=0),
    "unknown-type": frame(9, b"abcd"),
    "heartbeat-payload": frame(HEARTBEAT, b"xx", 0),
    "content-channel-0": frame(BODY, b"x", 0),
    "too-large": struct.pack(">BHI", BODY, 1, 0x40000000),
    "short-header": frame(HEADER, b"\0\x3c\0\0"),
    "incomplete": frame(BODY, b"abcdef")[:-3],
    "text-protocol": b"GET / HTTP/1.1\r\nHost: broker\r\n\r\n",
}

CONTENTS = {
    "publish": FRAMES["publish"],
    "pieces": frame(METHOD, PUBLISH) + frame(HEADER, content_header(4, PROPERTIES["usual"])) +
              frame(BODY, b"a") + frame(BODY, b"") + frame(BODY, b"bcd") + FRAMES["publish"],
    "empty-body": (frame(METHOD, PUBLISH) + frame(HEADER, content_header(0))) * 2,
    "too-long": frame(METHOD, PUBLISH) + frame(HEADER, content_header(1)) + frame(BODY, b"ab"),
    "too-large": frame(METHOD, PUBLISH) + frame(HEADER, content_header(1 << 63)),
    "wrong-class": frame(METHOD, PUBLISH) + frame(HEADER, content_header(1, class_id=50)),
    "weight": frame(METHOD, PUBLISH) + frame(HEADER, content_header(1, weight=1)),
    "no-header": frame(METHOD, PUBLISH) + frame(BODY, b"a"),
    "method-in-body": frame(METHOD, PUBLISH) + frame(HEADER, content_header(9)) +
                      frame(METHOD, PUBLISH),
    "unknown-method": frame(METHOD, bytes.fromhex("03e7000a")),
}

METHODS = {
    "publish": PUBLISH,
    "publish-utf8": bytes.fromhex("003c0028 0000 02c3a9 03e282ac 03"),
    "publish-bad-utf8": bytes.fromhex("003c0028 0000 00 02c328 00"),
    "ack": bytes.fromhex("003c0050 0000000000000001 01"),
    "nack": bytes.fromhex("003c0078 0000000000000001 03"),
    "start-ok": bytes.fromhex("000a000b") + longstr(SCALARS) + shortstr(b"PLAIN") +
                longstr(b"\0guest\0guest") + shortstr(b"en_US"),
    "tune-ok": bytes.fromhex("000a001f 07ff 00020000 003c"),
    "open": bytes.fromhex("000a0028 012f 00 00"),
    "close": bytes.fromhex("000a0032 00c8") + shortstr(b"bye") + bytes(4),
    "declare": bytes.fromhex("0032000a 0000 0171 15") +
               longstr(entry(b"x-expires", b"I\0\0\3\xe8")),
    "declare-bad-tag": bytes.fromhex("0032000a 0000 0171 00") + longstr(b"\x01aZ"),
    "declare-short": bytes.fromhex("0032000a 0000056162"),
    "consume": bytes.fromhex("003c0014 0000 0171 0174 02") + longstr(b""),
    "bind": bytes.fromhex("00320014 0000 0171 0178 016b 00") + longstr(TABLES["nested-4"]),
    "deliver": bytes.fromhex("003c003c 0174 0000000000000007 01 0178 016b"),
    "unknown": bytes.fromhex("03e7000a 00"),
}


def main():
    for target, inputs in (("frame", FRAMES), ("methods", METHODS), ("field_table", TABLES),
                           ("properties", PROPERTIES), ("assembler", CONTENTS)):
        folder = os.path.join(CORPUS, target)
        os.makedirs(folder, exist_ok=True)
        for name, data in inputs.items():
            with open(os.path.join(folder, name), "wb") as file:
                file.write(data)


if __name__ == "__main__":
    main()
