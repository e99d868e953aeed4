#!/usr/bin/env python3
"""Turns off what the kernel leaves to a device when it sends by INTERFACE, as ethtool -K does:

    tools/dpdk/no_offload.py INTERFACE...

At the other end of a veth whose one end belongs to DPDK: checksums would stay unfinished there, and
packets larger than a frame.
"""
import ctypes
import fcntl
import socket
import struct
import sys

SIOCETHTOOL = 0x8946
# ETHTOOL_STXCSUM, STSO, SSG, SGSO, SGRO: the first is needed, the others where they are known.
COMMANDS = (0x17, 0x1f, 0x19, 0x24, 0x2c)


def turn_off(interface):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        for command in COMMANDS:
            value = ctypes.create_string_buffer(struct.pack("II", command, 0), 8)
            request = struct.pack("16sP16x", interface.encode(), ctypes.addressof(value))
            try:
                fcntl.ioctl(control, SIOCETHTOOL, request)
            except OSError as error:
                if command == COMMANDS[0]:
                    raise SystemExit(f"no_offload.py: {interface}: {error}") from error


if __name__ == "__main__":
    for name in sys.argv[1:]:
        turn_off(name)
