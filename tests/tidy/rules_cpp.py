"""Rules for C++: shape of functions, banned names with their replacement, assertion density."""
import re

from tree import Violation

FUNCTION_LINES_MAX = 70
PARAMETERS_MAX = 4
NESTING_MAX = 3
PRODUCT = ("core", "io", "persist", "net", "tools")
MESSAGE_PATH = ("core", "io", "persist", "net")
SIMULATED = ("io/sim/",)   # stand-ins for the world: only tests run them
CHECK_FOLDERS = ("core", "io", "persist")
CHECK_CALL = re.compile(r"\bCHECK\w*\s*\(")


class Ban:
    """A pattern not to be used in `folders`, save in files whose path starts with an `allowed`."""

    def __init__(self, pattern, what, instead, folders=PRODUCT + ("bench", "tests"), allowed=()):
        self.pattern = re.compile(pattern)
        self.what = what
        self.instead = instead
        self.folders = folders
        self.allowed = allowed

    def applies_to(self, path):
        return path.split("/")[0] in self.folders and not path.startswith(tuple(self.allowed))


BANS = [
    Ban(r"\bthread_local\b", "thread_local", "pass the shard's object as an argument"),
    Ban(r"\bco_(await|yield|return)\b", "a coroutine", "a state machine (one file, one pump)"),
    Ban(r"(?<!operator )\bnew\b(?!\s*\()", "naked new", "std::make_unique, a slab or a pool"),
    Ban(r"(?<!operator )(?<!= )(?<!=)\bdelete\b(?!\s*\()", "naked delete",
        "let a unique_ptr, slab or pool own the object"),
    Ban(r"\bstd::(shared_ptr|make_shared|weak_ptr)\b", "shared ownership",
        "one owner, and ids or slab handles for the others", MESSAGE_PATH, SIMULATED),
    Ban(r"\bstd::function\b", "std::function",
        "an interface, a template parameter or a bound member (Op::bind)", MESSAGE_PATH,
        SIMULATED),
    Ban(r"\bstd::(regex|wregex|regex_\w+)\b", "std::regex", "RE2"),
    Ban(r"\bstd::(cout|cerr|clog|cin|w?[io]?stringstream|[io]?fstream)\b", "iostreams",
        "fmt, or core/base/log.h for messages", MESSAGE_PATH),
    Ban(r"(?<![\w.>])(s?rand|[de]rand48|[lm]rand48|rand_r)\s*\(|\bstd::random_device\b",
        "hidden chance", "core/base/random.h with a seed that is passed in",
        MESSAGE_PATH + ("tests", "bench")),
    Ban(r"\b(system_clock|steady_clock|high_resolution_clock)\b|\bclock_gettime\s*\(|"
        r"\bgettimeofday\s*\(|(?<![\w.>])time\s*\(\s*(NULL|nullptr|0)\s*\)",
        "a clock", "take `now` as an argument; only the driver reads the clock", MESSAGE_PATH,
        ("io/kernel_driver", "io/os")),
    Ban(r"\bsleep_(for|until)\s*\(|(?<![\w.>])(usleep|nanosleep|sleep)\s*\(", "sleeping",
        "wait for the event itself (a completion, a condition, virtual time)",
        MESSAGE_PATH + ("tests",)),
    Ban(r"(?<![\w.>])assert\s*\(", "assert, which vanishes in a release build",
        "CHECK of core/base/assert.h"),
    Ban(r"\bhost_?\.(publish|transfer)\s*\(", "publishing from a queue's own work",
        "the queue's outbox or QueueHost::publish_later(): what is sent on waits for the end of "
        "the step, so that no call recurses", ("core",), ("core/queue/classic/forwarding.cpp",)),
    Ban(r"\bthrow\b", "throwing", "return an error value (core::Result)", MESSAGE_PATH),
]
BANNED_HEADERS = [
    Ban(r"<(iostream|sstream|fstream|iomanip|istream|ostream)>", "an iostreams header",
        "fmt, or core/base/log.h for messages", MESSAGE_PATH),
    Ban(r"<regex>", "<regex>", "RE2"),
    Ban(r"<(sys/(socket|mman|epoll|uio|eventfd)\.h|unistd\.h|fcntl\.h|thread|mutex|"
        r"condition_variable|liburing\.h|netinet/.*|arpa/.*|chrono)>",
        "a header of the kernel, of threads or of clocks in the pure core",
        "declare what core needs as a port and let io implement it", ("core",), ("core/base/",)),
]
INCLUDE_LINE = re.compile(r"^\s*#\s*include\s*(<[^>]*>)")


def check_functions(file):
    for function in file.functions:
        if function.line_count > FUNCTION_LINES_MAX:
            yield Violation(file.path, function.line, "function-lines",
                            f"{function.name} has {function.line_count} lines",
                            f"split it into steps named by verbs, at most {FUNCTION_LINES_MAX}")
        if function.parameter_count > PARAMETERS_MAX:
            yield Violation(file.path, function.line, "parameters",
                            f"{function.name} takes {function.parameter_count}",
                            f"pass a struct with named fields, at most {PARAMETERS_MAX}")
        if function.depth_max > NESTING_MAX:
            yield Violation(file.path, function.depth_line, "nesting",
                            f"{function.name} nests {function.depth_max} deep",
                            f"return early or take out a function, at most {NESTING_MAX}")


def check_bans(file):
    bans = [ban for ban in BANS if ban.applies_to(file.path)]
    for number, line in enumerate(file.scrubbed.split("\n"), 1):
        for ban in bans:
            if ban.pattern.search(line):
                yield Violation(file.path, number, "banned", ban.what, ban.instead)
    headers = [ban for ban in BANNED_HEADERS if ban.applies_to(file.path)]
    for number, line in enumerate(file.lines, 1):
        if not (include := INCLUDE_LINE.match(line)):
            continue
        for ban in headers:
            if ban.pattern.fullmatch(include.group(1)):
                yield Violation(file.path, number, "banned", ban.what, ban.instead)


def check_header(file):
    if not file.path.endswith(".h"):
        return
    if not re.search(r"^#pragma once\b", file.text, re.M):
        yield Violation(file.path, 1, "pragma-once", "no `#pragma once`",
                        "put it after the head comment")
    for number, line in enumerate(file.scrubbed.split("\n"), 1):
        if re.match(r"using\s+namespace\b", line):
            yield Violation(file.path, number, "using-namespace", "`using namespace` in a header",
                            "name what you need")


def check(file):
    yield from check_functions(file)
    yield from check_bans(file)
    yield from check_header(file)


def check_density(files):
    """{folder: (CHECKs, functions that could hold one)}; one-line functions are not counted."""
    density = {}
    for file in files:
        if file.is_cpp and file.folder in CHECK_FOLDERS:
            calls = sum(len(CHECK_CALL.findall(function.body)) for function in file.functions)
            bodies = sum(1 for function in file.functions if "\n" in function.body.strip())
            before = density.get(file.folder, (0, 0))
            density[file.folder] = (before[0] + calls, before[1] + bodies)
    return density
