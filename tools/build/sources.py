#!/usr/bin/env python3
"""Lists source files for the build, one a line, sorted, relative to the repository root.

Meson has no globbing, and a list kept by hand is forgotten. Called while Meson configures:

    sources.py DIR PATTERN [--exclude SUBDIR]... [--flat] [--without NAME]...

PATTERN is matched against the file name (fnmatch). A folder that does not exist gives an empty
list. Adding or removing a file therefore needs a reconfigure: tools/build.sh notices and does it;
by hand it is `meson setup --reconfigure BUILD_DIR`.
"""
import argparse
import fnmatch
import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def sources(folder, pattern, exclude=(), flat=False, without=()):
    found = []
    excluded = {os.path.normpath(path) for path in exclude}
    for here, dirs, names in os.walk(os.path.join(ROOT, folder)):
        relative = os.path.relpath(here, ROOT)
        dirs[:] = [] if flat else sorted(
            name for name in dirs if os.path.normpath(os.path.join(relative, name)) not in excluded)
        found += [os.path.normpath(os.path.join(relative, name)) for name in names
                  if fnmatch.fnmatch(name, pattern) and name not in without]
    return sorted(found)


def main():
    parser = argparse.ArgumentParser(description="list source files for the build")
    parser.add_argument("folder")
    parser.add_argument("pattern")
    parser.add_argument("--exclude", action="append", default=[], help="folder to leave out")
    parser.add_argument("--without", action="append", default=[], help="file name to leave out")
    parser.add_argument("--flat", action="store_true", help="do not look into subfolders")
    args = parser.parse_args()
    for path in sources(args.folder, args.pattern, args.exclude, args.flat, args.without):
        print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
