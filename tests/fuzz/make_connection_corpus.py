#!/usr/bin/env python3
"""Writes the seed inputs of fuzz_connection into tests/fuzz/corpus/connection/.

    tests/fuzz/make_connection_corpus.py

Each is a small program as the head of fuzz_connection.cpp describes it.
"""
import os

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "corpus", "connection")

TWO_SHARDS, LOGGED_IN, SMALL_RINGS = 1, 8, 64
OPEN, DECLARE, CONSUME, PUBLISH, ACK, NACK, REJECT, GET, QOS = 0, 1, 2, 3, 5, 6, 7, 8, 9
CANCEL, CONFIRM, TX, COMMIT, ROLLBACK, DELETE, PURGE, BIND = 10, 11, 12, 13, 14, 15, 16, 17
CLOSE_CHANNEL, RECOVER, EXCHANGE, CLOSE = 18, 20, 21, 22
ALARM, CALM, HALF_CLOSE, RESET, WINDOW, CONTROL, STOP = 0, 1, 2, 3, 4, 5, 255
SETTLE = b"\x07"


def setup(flags, connections=1, pieces=0):
    return bytes([flags | (connections - 1) << 1 | pieces << 4])


def raw(data, peer=0):
    return bytes([peer << 3, len(data)]) + data


def turns(count):
    return bytes([4, count])


def event(which, peer=0):
    return bytes([5 | peer << 3, which])


def command(which, a=0, b=0, peer=0, channel=1):
    return bytes([6 | peer << 3, channel, which, a, b])


def method(index, arguments, channel=1):
    return bytes([1, channel, index, len(arguments)]) + arguments


PROGRAMS = {
    "handshake-only": setup(LOGGED_IN) + SETTLE,
    "byte-by-byte": setup(LOGGED_IN, pieces=1) + command(DECLARE) + command(PUBLISH, 9, 3)
        + SETTLE,
    "wrong-protocol": setup(0) + raw(b"GET / HTTP/1.1\r\n") + SETTLE,
    "broken-header": setup(0) + raw(b"AMQP\0\0\x09\x01") + raw(b"\x01\0\0\xff\xff\xff\xff")
        + SETTLE,
    "publish-consume": setup(LOGGED_IN | TWO_SHARDS, 2) + command(DECLARE) + SETTLE
        + command(CONSUME, 0, 4, peer=1) + command(PUBLISH, 0, 20) + SETTLE
        + command(ACK, 1, 0, peer=1) + command(NACK, 0, 12, peer=1) + SETTLE,
    "confirms": setup(LOGGED_IN | TWO_SHARDS | SMALL_RINGS, 2) + command(DECLARE, peer=1) + SETTLE
        + command(CONFIRM) + command(PUBLISH, 0, 0) * 6 + turns(2) + command(PUBLISH, 0, 4)
        + SETTLE,
    "transaction": setup(LOGGED_IN) + command(DECLARE) + command(TX) + command(PUBLISH, 0, 0)
        + command(COMMIT) + command(CONSUME, 0, 4) + SETTLE + command(ACK, 1) + command(ROLLBACK)
        + command(REJECT, 1, 4) + command(COMMIT) + SETTLE,
    "shared-limit": setup(LOGGED_IN | TWO_SHARDS, 2) + command(DECLARE, 0, 0, peer=1)
        + command(DECLARE, 1, 0, peer=1) + SETTLE + command(QOS, 2, 4) + command(CONSUME, 0)
        + command(CONSUME, 1) + command(PUBLISH, 0) * 3 + command(PUBLISH, 1) * 3 + turns(3)
        + command(DELETE, 0, 0, peer=1) + SETTLE + command(ACK, 0, 4) + SETTLE,
    "exclusive-close": setup(LOGGED_IN) + command(DECLARE, 0, 8) + SETTLE + event(CONTROL)
        + command(CLOSE) + turns(3) + event(HALF_CLOSE) + turns(3) + event(CONTROL) + SETTLE,
    "alarm-stop": setup(LOGGED_IN) + command(DECLARE) + SETTLE + event(ALARM) + turns(2)
        + command(PUBLISH, 0, 200) * 3 + turns(3) + event(STOP) + command(PUBLISH, 0) + SETTLE,
    "slow-reader": setup(LOGGED_IN | TWO_SHARDS, 2) + command(DECLARE) + SETTLE
        + command(CONSUME, 0, 0, peer=1) + event(WINDOW, 1) + command(PUBLISH, 250, 252) * 8
        + SETTLE
        + event(WINDOW, 1) + SETTLE + event(RESET, 1) + SETTLE,
    "get-purge-delete": setup(LOGGED_IN, 1, 2) + command(DECLARE) + command(PUBLISH) * 2
        + command(GET) + command(GET, 0, 4) + command(PURGE) + command(RECOVER) + command(CANCEL)
        + command(DELETE) + command(CLOSE_CHANNEL) + command(OPEN, channel=2) + SETTLE,
    "bindings": setup(LOGGED_IN) + command(EXCHANGE, 0, 0) + command(DECLARE) + command(BIND, 0, 3)
        + command(BIND, 0, 2) + command(PUBLISH, 0, 3) + command(PUBLISH, 0, 2) + SETTLE,
    "heartbeats-missed": setup(LOGGED_IN) + SETTLE + event(6 | 31 << 3) * 2 + SETTLE,
    "reply-to": setup(LOGGED_IN, 2) + command(CONSUME, 3, 8) + SETTLE
        + command(PUBLISH, 3, 0, peer=1) + SETTLE,
    "broken-methods": setup(LOGGED_IN) + method(14, b"\0\0\x01q\0\0\0\0\0")
        + method(22, b"\0\0\xff") + SETTLE,
}


def main():
    os.makedirs(FOLDER, exist_ok=True)
    for name, program in PROGRAMS.items():
        with open(os.path.join(FOLDER, name), "wb") as file:
            file.write(program)


if __name__ == "__main__":
    main()
