"""Rules about includes: relative to the root, only to the left, no cycles, no header nobody uses.

    core  <  io  <  persist  <  net  <  tools          tests and bench may include all
"""
import re

from tree import Violation

INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"')
ORDER = ["core", "io", "persist", "net", "tools"]
EVERYTHING = ORDER + ["tests", "bench"]
# Narrower than the folder's own rule: a part of a folder that must not know the rest of it.
INNER = [
    ("core/base/", ("core/base/", "core/limits.h"), "core/base knows nothing of brokers"),
    ("net/stream/", ("core/", "io/", "net/stream/"), "net/stream knows nothing of AMQP or HTTP"),
]


def includes(file):
    """(line number, included path) of every quoted include."""
    for number, line in enumerate(file.lines, 1):
        if (found := INCLUDE.match(line)):
            yield number, found.group(1)


def _is_generated(path):
    return ".gen." in path


def check_direction(file, paths):
    allowed = ORDER[:ORDER.index(file.folder) + 1] if file.folder in ORDER else EVERYTHING
    for number, target in includes(file):
        if target not in paths and not _is_generated(target):
            yield Violation(file.path, number, "include-root", f'"{target}" is not in the tree',
                            "include relative to the repository root, system headers in <>")
        elif target.split("/")[0] not in allowed:
            yield Violation(file.path, number, "include-direction",
                            f"{file.folder} includes {target}",
                            f"{file.folder} may include only {', '.join(allowed)}; "
                            "turn the dependency round with an interface")
        else:
            yield from _check_inner(file, number, target)


def _check_inner(file, number, target):
    for prefix, allowed, why in INNER:
        if file.path.startswith(prefix) and not target.startswith(allowed):
            yield Violation(file.path, number, "include-direction", f"includes {target}",
                            f"{why}; move the code or turn the dependency round")


def check_cycles(files):
    """One violation for each cycle, at the first include on it."""
    graph = {file.path: list(includes(file)) for file in files}
    state, reported = {}, set()
    for start in sorted(graph):
        yield from _visit(start, graph, state, reported)


def _visit(start, graph, state, reported):
    """Depth first without recursion; state: absent = new, 1 = on the current path, 2 = done."""
    if start in state:
        return
    path, pending = [start], [iter(graph[start])]
    state[start] = 1
    while pending:
        step = next(pending[-1], None)
        if step is None:
            state[path.pop()] = 2
            pending.pop()
            continue
        number, target = step
        if target not in graph:
            continue
        if state.get(target) == 1:
            cycle = path[path.index(target):]
            if frozenset(cycle) not in reported:
                reported.add(frozenset(cycle))
                yield Violation(path[-1], number, "include-cycle",
                                " -> ".join(cycle + [target]),
                                "take what both need into a third file, or declare it forward")
        elif target not in state:
            state[target] = 1
            path.append(target)
            pending.append(iter(graph[target]))


def check_dead(files):
    used = {target for file in files for _, target in includes(file) if target != file.path}
    for file in files:
        if file.path.endswith(".h") and file.path not in used:
            yield Violation(file.path, 1, "dead-file", "no file includes this header",
                            "use it or delete it")


def check(files):
    paths = {file.path for file in files}
    for file in files:
        yield from check_direction(file, paths)
    yield from check_cycles(files)
    yield from check_dead(files)
