#!/usr/bin/env python3
"""Sends random bytes over several connections to a server that returns them, and compares:

    echo_client.py ADDRESS PORT CONNECTIONS BYTES_EACH

Exit code 0 when all came back as they were.
"""
import random
import selectors
import socket
import sys

WAIT_S = 60


def main():
    address, port, count, size = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    words = random.Random(1).randbytes(size)
    selector = selectors.DefaultSelector()
    left = count
    for _ in range(count):
        one = socket.create_connection((address, port), timeout=WAIT_S)
        one.setblocking(False)
        selector.register(one, selectors.EVENT_READ | selectors.EVENT_WRITE, [0, 0])
    while left > 0:
        ready = selector.select(WAIT_S)
        if not ready:
            print(f"echo_client: nothing came for {WAIT_S} s")
            return 1
        for key, events in ready:
            one, state = key.fileobj, key.data
            if events & selectors.EVENT_WRITE:
                state[0] += one.send(words[state[0]:state[0] + 65536])
                if state[0] == size:
                    one.shutdown(socket.SHUT_WR)
                    selector.modify(one, selectors.EVENT_READ, state)
            if events & selectors.EVENT_READ:
                heard = one.recv(262144)
                is_early = not heard and state[1] < size
                if heard != words[state[1]:state[1] + len(heard)] or is_early:
                    print(f"echo_client: wrong at {state[1]} of {size}")
                    return 1
                state[1] += len(heard)
                if not heard:
                    selector.unregister(one)
                    one.close()
                    left -= 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
