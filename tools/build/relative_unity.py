#!/usr/bin/env python3
"""Makes the sources that Meson compiles together name their files relative to the source root.

Meson writes `#include</home/me/lepus/build/release/../../core/x.cpp>` into such a file.
With `#include "core/x.cpp"` the same commit compiles to the same object wherever it lies, so a
compiler cache serves every clone and worktree, and a failed CHECK names "core/x.cpp".

Called by Meson after it has configured (meson.add_postconf_script). A file that comes out as it was
before keeps its time, so that a reconfigure compiles nothing again.
"""
import os
import re
import sys

ROOT = os.path.realpath(os.environ["MESON_SOURCE_ROOT"])
BUILD = os.path.realpath(os.environ["MESON_BUILD_ROOT"])
INCLUDE = re.compile(r'^#include<(/[^>]*)>', re.MULTILINE)


def relative(match):
    path = os.path.normpath(match.group(1))
    for base in (BUILD, ROOT):
        if path.startswith(base + os.sep):
            return f'#include "{os.path.relpath(path, base)}"'
    return match.group(0)


def rewrite(path):
    with open(path, encoding="utf-8") as file:
        text = INCLUDE.sub(relative, file.read())
    before = path + ".relative"
    is_same = False
    if os.path.exists(before):
        with open(before, encoding="utf-8") as file:
            is_same = file.read() == text
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    if is_same:
        time = os.stat(before).st_mtime_ns
        os.utime(path, ns=(time, time))
        return
    with open(before, "w", encoding="utf-8") as file:
        file.write(text)
    time = os.stat(path).st_mtime_ns
    os.utime(before, ns=(time, time))


def main():
    for folder, _, names in os.walk(BUILD):
        for name in names:
            if re.search(r"-unity\d+\.cpp$", name):
                rewrite(os.path.join(folder, name))
    return 0


if __name__ == "__main__":
    sys.exit(main())
