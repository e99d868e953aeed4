"""The lines of the log: each warning and error that can be logged is on docs/operations/logs.md,
and each case that recovery reports on docs/operations/disk.md.

What is looked at are calls `write(level, category, event, …)` whose level is not info or debug
alone. The event is a literal, a choice between literals, a variable that is set from literals in
the same file, or a function that returns literals.
"""
import re

from tree import Violation

PAGE = "docs/operations/logs.md"
CASES = "persist/recovery/recovery_cases.h"
CASES_PAGE = "docs/operations/disk.md"
START_PAGE = "docs/operations/troubleshooting.md"
START_HEADING = "## The broker does not start"
PART_SIZE_MIN = 10
CASE = re.compile(r'"(\w+)",\s*Severity::(?!normal)\w+')
FOLDERS = ("core", "io", "persist", "net", "tools")
CALL = re.compile(r"(?:\.|->|\b)(?:write|report)\(")
LITERALS = re.compile(r'(?:"(?:[^"\\\n]|\\.)*"\s*)+')
PIECE = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
QUIET = re.compile(r"(?:core::)?LogLevel::(?:info|debug)")
ROW = re.compile(r"^\|(.*?) \| (?:(?:info|warning|error|critical)(?:, )?)+ \|")
COMMENT = re.compile(r"//[^\n]*")


def arguments(text, at):
    """The arguments of a call, from behind its parenthesis; nothing when it does not end."""
    found, begin, depth, in_text = [], at, 0, False
    while at < len(text):
        char = text[at]
        if in_text:
            at += char == "\\"
            in_text = char != '"' or text[at] != '"'
        elif char == '"':
            in_text = True
        elif char in "([{":
            depth += 1
        elif char in ")]}" and depth > 0:
            depth -= 1
        elif char in "),":
            if depth == 0:
                found.append(text[begin:at].strip())
                begin = at + 1
                if char == ")":
                    return found
        at += 1
    return []


def literals(text):
    return ["".join(PIECE.findall(run)) for run in LITERALS.findall(text)]


def events_of(event, text, files):
    """The wordings that `event` stands for."""
    if found := literals(event):
        return found
    name = re.match(r"(?:\w+::)*(\w+)\s*(\(?)", event)
    if not name:
        return []
    if name[2]:
        body = re.compile(rf"\b{name[1]}\([^;{{]*\)\s*(?:const\s*)?\{{(.*?)\n\}}", re.S)
        return [one for file in files for match in body.finditer(file.text)
                for one in literals(match[1]) if "return" in match[1]]
    value = re.search(rf"\b{name[1]}\s*=(.*?);", text, re.S)
    return literals(value[1]) if value else []


def is_loud(level):
    return "LogLevel::" in level and not QUIET.fullmatch(level) or level.startswith("level_of(")


def loud_calls(file):
    """(line, event) of each warning and error."""
    text = COMMENT.sub(lambda match: " " * len(match[0]), file.text)
    for call in CALL.finditer(text):
        found = arguments(text, call.end())
        if len(found) < 2 or not is_loud(found[0]):
            continue
        has_category = "ategory" in found[1]
        if len(found) >= (3 if has_category else 2):
            yield text.count("\n", 0, call.start()) + 1, found[2 if has_category else 1], text


def check_cases(files):
    """What recovery may find and says something about is explained, too."""
    by_path = {file.path: file for file in files}
    if CASES not in by_path or CASES_PAGE not in by_path:
        return
    text = by_path[CASES].text
    for case in CASE.finditer(text):
        if f"`{case[1]}`" not in by_path[CASES_PAGE].text:
            yield Violation(CASES, text.count("\n", 0, case.start()) + 1, "log-line",
                            f"the case `{case[1]}`", f"say in {CASES_PAGE} what to do about it")


def check_start_texts(files):
    """What the page quotes of a start that fails is what the broker says."""
    page = next((file for file in files if file.path == START_PAGE), None)
    cpp = [file for file in files if file.is_cpp and file.folder in FOLDERS]
    if page is None or not cpp:
        return
    known = "\n".join(one for file in cpp for one in literals(COMMENT.sub("", file.text)))
    is_inside = False
    for number, line in enumerate(page.lines, 1):
        if line.startswith("## "):
            is_inside = line == START_HEADING
        if not is_inside or not line.startswith("| `"):
            continue
        for quoted in re.findall(r"`([^`]+)`", line.split(" | ")[0]):
            for part in re.split(r"…|\(pid N\)|'accept_loss'", quoted):
                part = part.strip(" :;,")
                if len(part) >= PART_SIZE_MIN and part not in known:
                    yield Violation(START_PAGE, number, "log-line",
                                    f"the broker does not say `{part}`",
                                    "quote what it says now")


def check(files):
    yield from check_start_texts(files)
    yield from check_cases(files)
    page = next((file for file in files if file.path == PAGE), None)
    if page is None:
        return
    cpp = [file for file in files if file.is_cpp and file.folder in FOLDERS]
    rows = rows_of(page)
    yield from stale_rows(rows, cpp)
    for file in cpp:
        for line, event, text in loud_calls(file):
            events = events_of(event, text, cpp)
            if not events:
                yield Violation(file.path, line, "log-line", f"the event `{event[:40]}`",
                                "name it by a literal that the tables of the log can have")
            for one in events:
                if one not in rows and not is_quiet_choice(one, text):
                    yield Violation(file.path, line, "log-line", f"`{one}`",
                                    f"say in {PAGE} what it means and what to do")


def rows_of(page):
    """{wording: line} of the tables whose second column is the level."""
    found = {}
    for number, line in enumerate(page.lines, 1):
        if row := ROW.match(line):
            found.update((name, number) for name in re.findall(r"`([^`]+)`", row[1])
                         if "=" not in name)
    return found


def stale_rows(rows, cpp):
    if not cpp:
        return
    known = {one for file in cpp for one in literals(COMMENT.sub("", file.text))}
    for wording, number in rows.items():
        if wording not in known:
            yield Violation(PAGE, number, "log-line", f"nothing logs `{wording}`",
                            "take the row out, or write the line's wording as it is now")


def is_quiet_choice(event, text):
    """Of a choice by the level: the wording that goes with info, which begins with no `?`."""
    at = text.find(f'"{event}"')
    return at >= 0 and re.search(r":\s*$", text[:at]) is not None
