"""Rules for any text file: size, columns, head comment, reminders, words that do not belong.

Some patterns are put together from parts, so that this file does not break its own rules.
"""
import ast
import os
import re

from tree import Violation

FILE_LINES_MAX = 500
COLUMNS_MAX = 100
FUNCTION_LINES_MAX = 70
FILE_BYTES_MAX = 200 * 1000
HEAD_COMMENT_CHARS_MIN = 30
HEAD_COMMENT_CHARS_MIN_TWIN = 12   # x.cpp beside x.h: the header says what it is about

REMINDER = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "X" + "XX"]) + r")\b")
PLACES = [
    (re.compile(r"(?<![\w./-])/" + r"work(?=[/\s\"'`:,;)]|$)"),
     "a path of one machine", "use a path relative to the repository"),
    (re.compile("/tmp/" + "lepus" + r"(?![\w-])"),
     "a path of one machine", "use a temporary directory (mktemp -d, tempfile)"),
]
REGISTRIES = ["registry.npmjs" + ".org", "registry.yarnpkg" + ".com", "crates" + ".io",
              "pypi" + ".org", "pythonhosted" + ".org", "proxy.golang" + ".org",
              "sum.golang" + ".org", "repo.maven.apache" + ".org", "repo1.maven" + ".org"]
REGISTRY = re.compile("|".join(re.escape(host) for host in REGISTRIES))


def check_size(file):
    if file.size > FILE_BYTES_MAX:
        yield Violation(file.path, 1, "size", f"{file.size} bytes",
                        f"keep files below {FILE_BYTES_MAX} bytes; generate or download big ones")
    line_count = file.text.count("\n") if file.is_code else 0
    if line_count > FILE_LINES_MAX:
        yield Violation(file.path, FILE_LINES_MAX + 1, "file-lines", f"{line_count} lines",
                        f"split it by subject, at most {FILE_LINES_MAX}")


def check_lines(file):
    for number, line in enumerate(file.lines, 1):
        if file.is_code and len(line) > COLUMNS_MAX:
            yield Violation(file.path, number, "columns", f"{len(line)} columns",
                            f"break the line, at most {COLUMNS_MAX}")
        if file.is_code and (line.endswith((" ", "\t", "\r"))):
            yield Violation(file.path, number, "trailing-space", "spaces at the end", "remove them")
        if file.is_cpp and "\t" in line:
            yield Violation(file.path, number, "tab", "a tab", "indent with spaces")
        yield from _check_words(file, number, line)


def _check_words(file, number, line):
    if (found := REMINDER.search(line)):
        yield Violation(file.path, number, "reminder", f"left-over {found.group(1)}",
                        "do it now, or write down why it is not needed")
    for pattern, what, instead in PLACES:
        if pattern.search(line):
            yield Violation(file.path, number, "place", what, instead)
    if (found := REGISTRY.search(line)):
        yield Violation(file.path, number, "registry", f"host name {found.group(0)}",
                        "leave the choice of the registry to the client's own configuration")


def head_comment(file):
    """The text of the comment a code file begins with, after `#!` and `#pragma once`."""
    lines = [line.strip() for line in file.lines]
    while lines and (not lines[0] or lines[0].startswith(("#!", "#pragma", "@echo", "'use"))):
        lines.pop(0)
    if not lines:
        return ""
    if lines[0].startswith(('"""', "'''", 'r"""')):
        return file.text.split(lines[0][-3:] if len(lines[0]) == 3 else '"""', 2)[1].strip()
    if lines[0].startswith("/*"):
        return file.text.split("*/")[0].split("/*", 1)[1].strip("* \n")
    text = []
    for line in lines:
        if not line.startswith(("//", "#")) or line.startswith(("#include", "#if", "#define")):
            break
        text.append(line.lstrip("/#! "))
    return " ".join(text)


def check_head(file):
    if not file.is_code or not file.text.strip():
        return
    has_header = file.path.endswith(".cpp") and os.path.exists(file.full_path[:-4] + ".h")
    size_min = HEAD_COMMENT_CHARS_MIN_TWIN if has_header else HEAD_COMMENT_CHARS_MIN
    if len(head_comment(file)) < size_min:
        yield Violation(file.path, 1, "head-comment", "no head comment",
                        "begin with what the file is for and how it works, "
                        f"{size_min} characters or more")


def check_python(file):
    if not file.path.endswith(".py"):
        return
    try:
        module = ast.parse(file.text)
    except SyntaxError as error:
        yield Violation(file.path, error.lineno or 1, "python", f"does not parse: {error.msg}",
                        "make it valid Python 3.11")
        return
    for node in ast.walk(module):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            line_count = (node.end_lineno or node.lineno) - node.lineno + 1
            if line_count > FUNCTION_LINES_MAX:
                yield Violation(file.path, node.lineno, "function-lines",
                                f"{node.name} has {line_count} lines",
                                f"split it, at most {FUNCTION_LINES_MAX}")


def check(file):
    yield from check_size(file)
    if not file.is_text:
        return
    yield from check_lines(file)
    yield from check_head(file)
    yield from check_python(file)
