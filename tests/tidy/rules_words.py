"""The words of docs/GLOSSARY.md: those of its table `Not used` do not occur in identifiers.

    | `let_go` | discard |      also in `let_go_now`, not in `outlet_gone`
    | `Levels` | PriorityBacklog |
"""
import re

from tree import Violation

GLOSSARY = "docs/GLOSSARY.md"
HEADING = "## Not used"
ROW = re.compile(r"^\|\s*`([\w:]+)`\s*\|\s*(.+?)\s*\|\s*$")
FOLDERS = ("core", "io", "persist", "net", "tools", "bench")


def not_used(glossary):
    """{word: what to say instead}"""
    words, inside = {}, False
    for line in glossary.lines:
        if line.startswith("## "):
            inside = line.strip() == HEADING
        elif inside and (row := ROW.match(line)):
            words[row.group(1)] = row.group(2)
    return words


def check(files):
    glossary = next((file for file in files if file.path == GLOSSARY), None)
    words = not_used(glossary) if glossary else {}
    if not words:
        return
    any_word = "|".join(map(re.escape, words))
    pattern = re.compile(rf"(?<![A-Za-z0-9])({any_word})(?![A-Za-z0-9])")
    for file in files:
        if not file.is_cpp or file.folder not in FOLDERS:
            continue
        for number, line in enumerate(file.scrubbed.split("\n"), 1):
            for found in pattern.finditer(line):
                word = found.group(1)
                yield Violation(file.path, number, "word", f"`{word}` in an identifier",
                                f"{GLOSSARY} says {words[word]}")
