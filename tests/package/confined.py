#!/usr/bin/env python3
"""Runs a program under a filter of system calls, as a service manager or a container does.

    confined.py --refuse NAME[,NAME...] PROGRAM [ARGUMENT...]     these fail with EPERM
    confined.py --unit FILE PROGRAM [ARGUMENT...]                 SystemCallFilter= of a unit
    confined.py --profile FILE PROGRAM [ARGUMENT...]              a seccomp profile of containers

It exits with 3 when the filter cannot be made here (no libseccomp, no systemd-analyze).
"""
import argparse
import ctypes
import ctypes.util
import errno
import json
import os
import re
import subprocess
import sys

UNAVAILABLE = 3
ALLOW = 0x7FFF0000
REFUSE = 0x00050000
UNKNOWN_CALL = -1   # __NR_SCMP_ERROR


class Unavailable(Exception):
    pass


class Filter:
    """Of libseccomp. `default`: what happens to calls without a rule."""

    def __init__(self, default):
        name = ctypes.util.find_library("seccomp")
        if name is None:
            raise Unavailable("libseccomp is missing")
        self.library = ctypes.CDLL(name)
        self.library.seccomp_init.restype = ctypes.c_void_p
        self.default = default
        self.context = ctypes.c_void_p(self.library.seccomp_init(ctypes.c_uint32(default)))
        # The attribute of no_new_privs is on from the start: root is not needed.

    def add(self, action, name):
        """Calls that this machine does not have are left out."""
        number = self.library.seccomp_syscall_resolve_name(name.encode())
        if number == UNKNOWN_CALL or action == self.default:
            return
        code = self.library.seccomp_rule_add(self.context, ctypes.c_uint32(action), number, 0)
        if code not in (0, -errno.EEXIST, -errno.EDOM):
            raise Unavailable(f"seccomp_rule_add({name}): {os.strerror(-code)}")

    def load(self):
        code = self.library.seccomp_load(self.context)
        if code != 0:
            raise Unavailable(f"seccomp_load: {os.strerror(-code)}")


def calls_of(name):
    """Of a group like @system-service, with those of the groups in it."""
    if not name.startswith("@"):
        return {name}
    try:
        text = subprocess.run(["systemd-analyze", "syscall-filter", name], capture_output=True,
                              text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise Unavailable(f"systemd-analyze: {error}") from None
    calls = set()
    for line in text.splitlines()[1:]:
        word = line.strip()
        if word and not word.startswith("#"):
            calls |= calls_of(word)
    return calls


def unit_filter(path):
    """The lines in their order: a list of calls that are allowed, then what ~ takes away."""
    allowed = set()
    with open(path, encoding="utf-8") as stream:
        lines = re.findall(r"^SystemCallFilter=(~?)(.*)$", stream.read(), re.MULTILINE)
    for takes_away, names in lines:
        for name in names.split():
            if takes_away:
                allowed -= calls_of(name)
            else:
                allowed |= calls_of(name)
    # What systemd itself needs to start the program.
    made = Filter(REFUSE | errno.EPERM)
    for name in sorted(allowed | {"execve", "exit", "exit_group"}):
        made.add(ALLOW, name)
    return made


def profile_filter(path):
    with open(path, encoding="utf-8") as stream:
        profile = json.load(stream)
    actions = {"SCMP_ACT_ALLOW": ALLOW, "SCMP_ACT_ERRNO": REFUSE}
    number = profile.get("defaultErrnoRet", errno.EPERM)
    default = actions[profile["defaultAction"]]
    made = Filter(default | number if default == REFUSE else default)
    for rule in profile["syscalls"]:
        if rule.get("includes") or rule.get("excludes") or rule.get("args"):
            continue
        action = actions[rule["action"]]
        for name in rule["names"]:
            made.add(action | rule.get("errnoRet", errno.EPERM) if action == REFUSE else action,
                     name)
    return made


def main():
    parser = argparse.ArgumentParser(description="run a program under a filter of system calls")
    how = parser.add_mutually_exclusive_group(required=True)
    how.add_argument("--refuse")
    how.add_argument("--unit")
    how.add_argument("--profile")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    try:
        if options.unit:
            made = unit_filter(options.unit)
        elif options.profile:
            made = profile_filter(options.profile)
        else:
            made = Filter(ALLOW)
            for name in options.refuse.split(","):
                made.add(REFUSE | errno.EPERM, name)
        made.load()
    except Unavailable as error:
        print(f"confined.py: {error}", file=sys.stderr)
        return UNAVAILABLE
    os.execv(options.command[0], options.command)


if __name__ == "__main__":
    sys.exit(main())
