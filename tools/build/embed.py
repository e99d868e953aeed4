#!/usr/bin/env python3
"""Makes one C++ source of the files of the web interface: embed.py FOLDER OUTPUT

Each file is compressed with gzip and gets its type and an ETag made from its content; the source
defines web_files() of tools/server/web/web_files.h. The same files give the same source.
"""
import gzip
import hashlib
import os
import sys

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
BYTES_A_LINE = 24


def literal(data):
    """Octal escapes of three digits: whatever follows one belongs to no escape."""
    lines = []
    for begin in range(0, len(data), BYTES_A_LINE):
        escapes = "".join(f"\\{byte:03o}" for byte in data[begin:begin + BYTES_A_LINE])
        lines.append(f'    "{escapes}"')
    return "\n".join(lines) or '    ""'


def read_files(folder):
    files = {}
    for here, folders, names in os.walk(folder):
        folders.sort()
        for name in names:
            path = os.path.join(here, name)
            ending = os.path.splitext(name)[1]
            if ending not in TYPES:
                raise SystemExit(f"embed.py: {path}: no type is known for '{ending}' files; "
                                 "add one to TYPES or take the file away")
            with open(path, "rb") as file:
                files["/" + os.path.relpath(path, folder).replace(os.sep, "/")] = file.read()
    return files


def make_source(files):
    parts = ["// Made by tools/build/embed.py of the files in tools/web.",
             '#include "tools/server/web/web_files.h"', "", "#include <array>", "",
             "namespace lepus::server {", "", "std::span<const WebFile> web_files() {",
             f"  static constexpr std::array<WebFile, {len(files)}> files{{"]
    for path, data in sorted(files.items()):
        packed = gzip.compress(data, 9, mtime=0)
        tag = hashlib.sha256(data).hexdigest()[:20]
        kind = TYPES[os.path.splitext(path)[1]]
        parts.append(f'  WebFile{{"{path}", "{kind}", "W/\\"{tag}\\"", std::string_view{{')
        parts.append(literal(packed) + f", {len(packed)}}}, {len(data)}}},")
    parts += ["  };", "  return files;", "}", "", "}  // namespace lepus::server", ""]
    return "\n".join(parts)


def main():
    if len(sys.argv) != 3:
        raise SystemExit("usage: embed.py FOLDER OUTPUT")
    source = make_source(read_files(sys.argv[1]))
    with open(sys.argv[2], "w", encoding="utf-8") as file:
        file.write(source)
    return 0


if __name__ == "__main__":
    sys.exit(main())
