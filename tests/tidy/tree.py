"""The files under test and the violations found in them.

A `SourceFile` keeps its text, lines and (for C++) the scrubbed text and the functions, computed
once. Paths are relative to the repository root and use forward slashes.
"""
import functools
import os
import subprocess
from dataclasses import dataclass

import cpp_scan

CPP_ENDINGS = (".cpp", ".h")
CODE_ENDINGS = CPP_ENDINGS + (".py", ".sh", ".build", ".js", ".mjs", ".go", ".java", ".rs", ".c")
TEXT_ENDINGS = CODE_ENDINGS + (".md", ".txt", ".json", ".xml", ".toml", ".yml", ".yaml", ".conf",
                               ".mod", ".sum", ".lock", ".html", ".css", ".service")
TEXT_NAMES = (".clang-format", ".gitignore", "meson_options.txt", "LICENSE")


@dataclass(frozen=True, order=True)
class Violation:
    path: str
    line: int
    rule: str
    what: str
    instead: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.rule}: {self.what}: {self.instead}"


class SourceFile:
    def __init__(self, root, path):
        self.path = path
        self.full_path = os.path.join(root, path)
        self.size = os.path.getsize(self.full_path)

    @functools.cached_property
    def text(self):
        with open(self.full_path, encoding="utf-8", errors="surrogateescape", newline="") as stream:
            return stream.read()

    @functools.cached_property
    def lines(self):
        return self.text.split("\n")

    @functools.cached_property
    def scrubbed(self):
        return cpp_scan.scrub(self.text)

    @functools.cached_property
    def functions(self):
        return cpp_scan.functions(self.scrubbed)

    @property
    def folder(self):
        return self.path.split("/")[0] if "/" in self.path else ""

    @property
    def is_cpp(self):
        return self.path.endswith(CPP_ENDINGS)

    @property
    def is_script(self):
        return "." not in os.path.basename(self.path) and self.text.startswith("#!")

    @property
    def is_code(self):
        return self.path.endswith(CODE_ENDINGS) or (self.is_text and self.is_script)

    @property
    def is_text(self):
        name = os.path.basename(self.path)
        if self.path.endswith(TEXT_ENDINGS) or name in TEXT_NAMES:
            return True
        return "." not in name and "\0" not in self.text[:4096] and "/corpus/" not in self.path

    def under(self, *folders):
        return any(self.path.startswith(folder + "/") for folder in folders)


def _listed_by_git(root):
    command = ["git", "-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, capture_output=True, timeout=60, check=False)
    if done.returncode != 0:
        return None
    return [name for name in done.stdout.decode("utf-8", "surrogateescape").split("\0") if name]


def _listed_by_walking(root):
    paths = []
    for here, dirs, names in os.walk(root):
        dirs[:] = [name for name in dirs if name not in (".git", "build", "data", "__pycache__")]
        paths += [os.path.relpath(os.path.join(here, name), root) for name in names]
    return paths


def load(root):
    """All files of the tree: tracked ones and new ones that git does not ignore."""
    paths = _listed_by_git(root) if os.path.exists(os.path.join(root, ".git")) else None
    if paths is None:
        paths = _listed_by_walking(root)
    return [SourceFile(root, path) for path in sorted(set(paths))
            if os.path.isfile(os.path.join(root, path))
            and not os.path.islink(os.path.join(root, path))]
