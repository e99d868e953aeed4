"""Rules about the size of classes and folders, and about friends.

A class that many files spell out is not divided into parts; what it may have at most is here.
Exceptions stand in ratchet.json by name, with today's numbers, and may only fall.
"""
import re
from collections import Counter

import cpp_scan
from tree import Violation

DECLARATIONS_MAX = 25
FIELDS_MAX = 15
FOLDER_FILES_MAX = 40
PRODUCT = ("core", "io", "persist", "net", "tools")

CLASS_HEAD = re.compile(r"\b(class|struct)\s+(?:\[\[[^\]]*\]\]\s*)?((?:\w+::)*\w+)"
                        r"(?:\s+final)?\s*(?::[^;{}()]*)?\{")
NOT_COUNTED = re.compile(r"^(?:(?:using|typedef|static_assert|friend)\b|(?:class|struct)\s+\w+$)")
NESTED = re.compile(r"^(?:static\s+|inline\s+|const\s+|constexpr\s+)*(?:class|struct|union|enum)\b"
                    r"[^()=]*\{")
FRIEND = re.compile(r"\bfriend\s+(?:class|struct)?\s*((?:\w+::)*\w+)\s*;")


def _end_of_block(text, at):
    """The offset after the brace that closes the one at `at`."""
    depth = 0
    for index in range(at, len(text)):
        depth += {"{": 1, "}": -1}.get(text[index], 0)
        if depth == 0:
            return index + 1
    return len(text)


def _members(body):
    """The statements of a class, each up to its `;` or the end of its function's body."""
    start = at = 0
    parens = 0
    while at < len(body):
        c = body[at]
        parens += {"(": 1, ")": -1}.get(c, 0)
        if c == "{" and parens == 0:
            end = _end_of_block(body, at)
            rest = body[end:].lstrip()
            if rest[:1] in (";", ",", "{") or _is_initialiser(body[start:at], rest):
                at = end
                continue
            yield body[start:end].strip()
            start = at = end
            continue
        if c == ";" and parens == 0:
            yield body[start:at].strip()
            start = at + 1
        at += 1


def _is_initialiser(head, rest):
    """`int a{1}, b;` and `Foo() : a_{1} {` go on after the brace."""
    return bool(re.match(r"[,;]", rest)) or (
        bool(re.search(r"\)\s*(?:noexcept\s*)?:(?!:)", head)) and bool(re.match(r"[,{]", rest)))


def _without_labels(text):
    while (label := cpp_scan.LABEL.match(text)):
        text = text[label.end():].lstrip()
    return text


def sizes(body):
    """(functions, fields) of the text between a class's braces."""
    functions = fields = 0
    for member in _members(body):
        text = cpp_scan.ATTRIBUTE.sub(" ", _without_labels(member)).strip()
        text = cpp_scan._strip_template(text).strip()
        text = re.sub(r"=\s*(?:0|default|delete)\s*$", "", text)
        if not text or NOT_COUNTED.match(text) or NESTED.match(text):
            continue
        if cpp_scan._signature(text.split("{")[0]) is not None and not re.match(
                r"[^(]*=", text):
            functions += 1
        else:
            fields += len(cpp_scan._split_top_level(re.sub(r"\{.*\}", "", text, flags=re.S)))
    return functions, fields


def classes(file):
    """(name, line, functions, fields) of every class and struct with a body, nested ones too."""
    for head in CLASS_HEAD.finditer(file.scrubbed):
        brace = head.end() - 1
        body = file.scrubbed[brace + 1:_end_of_block(file.scrubbed, brace) - 1]
        functions, fields = sizes(body)
        yield head.group(2), file.scrubbed.count("\n", 0, head.start()) + 1, functions, fields


def check_classes(file, allowed):
    """`allowed`: {"path: class": [functions, fields]} of classes above the limits."""
    for name, line, functions, fields in classes(file):
        if functions == 0:
            continue    # Plain data: a row, a command, a configuration.
        at_most = allowed.get(f"{file.path}: {name}", [DECLARATIONS_MAX, FIELDS_MAX])
        for what, count, limit in (("functions", functions, at_most[0]),
                                   ("fields", fields, at_most[1])):
            if count > limit:
                yield Violation(file.path, line, "class-size", f"{name} has {count} {what}",
                                f"divide it into parts, at most {limit}")


def check_allowance(files, allowed):
    """An allowance that is larger than what is there is lowered, or goes."""
    found = {f"{file.path}: {name}": (functions, fields) for file in files if file.is_cpp
             for name, _, functions, fields in classes(file)}
    for key, limits in sorted(allowed.items()):
        now = found.get(key, (0, 0))
        wanted = [max(now[0], DECLARATIONS_MAX), max(now[1], FIELDS_MAX)]
        if wanted != limits:
            needed = wanted != [DECLARATIONS_MAX, FIELDS_MAX]
            yield Violation("tests/tidy/ratchet.json", 1, "ratchet", f"{key} is allowed {limits}",
                            f"write {wanted}" if needed else "delete the entry")


def check_friends(files):
    """A friend in another file makes two classes one; tests may look inside."""
    homes = {}
    for file in files:
        if file.is_cpp:
            for name, _, _, _ in classes(file):
                homes.setdefault(name.split("::")[-1], set()).add(file.path)
    for file in files:
        if not file.is_cpp or file.folder not in PRODUCT:
            continue
        for found in FRIEND.finditer(file.scrubbed):
            name = found.group(1).split("::")[-1]
            if name.endswith("Test") or file.path in homes.get(name, {file.path}):
                continue
            line = file.scrubbed.count("\n", 0, found.start()) + 1
            yield Violation(file.path, line, "friend", f"{name} is a friend",
                            "give the class what the other one needs, as functions")


def check_folders(files):
    counts = Counter(file.path.rsplit("/", 1)[0] for file in files
                     if file.is_cpp and file.folder in PRODUCT)
    for folder, count in sorted(counts.items()):
        if count > FOLDER_FILES_MAX:
            yield Violation(folder, 1, "folder-size", f"{count} files",
                            f"divide it into rooms, at most {FOLDER_FILES_MAX}")


def check(files, allowed):
    for file in files:
        if file.is_cpp and file.folder in PRODUCT:
            yield from check_classes(file, allowed)
    yield from check_allowance(files, allowed)
    yield from check_friends(files)
    yield from check_folders(files)
