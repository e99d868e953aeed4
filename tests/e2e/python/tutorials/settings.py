"""What all programs of the tutorials begin with: `PROGRAM HOST PORT PREFIX [WORDS …]`.

PREFIX is put before each name on the broker, so that runs do not meet. Lines are written unbuffered
because tutorials.py reads them while the program runs.
"""

import functools
import sys

import pika

HOST, PORT, PREFIX = sys.argv[1], int(sys.argv[2]), sys.argv[3]
WORDS = sys.argv[4:]

say = functools.partial(print, flush=True)


def connect():
    return pika.BlockingConnection(pika.ConnectionParameters(HOST, PORT))


def name(what):
    return f"{PREFIX}.{what}"
