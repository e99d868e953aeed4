"""Reads C++ well enough for shape rules: blanks comments and literals, finds function bodies.

This is a scanner, not a parser. `scrub` keeps every character's place (offsets and line numbers
stay valid) and blanks what must not be searched: comments, strings, preprocessor lines. `functions`
walks the braces of the scrubbed text with a stack of scopes and calls a brace a function body when
the text before it looks like a signature. Where the text is ambiguous the answer is "not a
function": a rule that misses a case is better than one that cries wolf.
"""
import bisect
import re
from dataclasses import dataclass, field

CONTROL = re.compile(r"(?:if|for|while|switch|do|else|try|catch)\b")
CASE_LABEL = re.compile(r"(?:case\b(?:[^:]|::)*:(?!:)|default\s*:)\s*")
TYPE_HEAD = re.compile(r"^(?:typedef\s+|static\s+|inline\s+|const\s+|constexpr\s+)*"
                       r"(?:class|struct|union|enum)\b")
LAMBDA = re.compile(r"\[[^\[\]]*\]\s*(?:<[^{}]*>\s*)?(?:\([^{}]*\)\s*)?"
                    r"(?:mutable|constexpr|noexcept|\s)*(?:->\s*[\w:<>,&*\s]+)?$")
LABEL = re.compile(r"^\s*(?:public|private|protected|signals)\s*:(?!:)")
ATTRIBUTE = re.compile(r"\[\[.*?\]\]", re.S)
NOT_A_NAME = {"alignas", "decltype", "noexcept", "requires", "explicit", "__attribute__", "asm",
              "static_assert", "if", "for", "while", "switch", "return", "sizeof", "catch",
              "void", "int", "bool", "char", "auto", "unsigned", "double", "float"}
NAME_AND_PAREN = re.compile(r"(operator\s*(?:\(\s*\)|[^\s\w(]+|\w[\w:]*(?:\s*[*&])*)|~?\w+)"
                            r"\s*\(")
TEST_MACROS = re.compile(r"^(TEST|TEST_F|TEST_P|TYPED_TEST|TYPED_TEST_P|BENCHMARK_\w+)$")
RAW_START = re.compile(r'(?:u8|[uUL])?R"([^()\\\s]{0,16})\(')


@dataclass
class Function:
    name: str
    line: int          # of the first line of the signature
    line_end: int      # of the closing brace
    body: str          # scrubbed text between the braces
    parameter_count: int
    depth_max: int = 0     # deepest nesting of control blocks with braces
    depth_line: int = 0    # where that depth is reached first

    @property
    def line_count(self):
        return self.line_end - self.line + 1


@dataclass
class Scope:
    kind: str              # namespace, type, function, control, block, lambda, init
    opened: int
    function: "Function | None" = None
    depth: int = 0
    heads: list = field(default_factory=list)


def _blank(text):
    return "".join(c if c == "\n" else " " for c in text)


def _literal_end(text, at):
    """The offset after the string or character literal that starts at `at`."""
    quote = text[at]
    at += 1
    while at < len(text) and text[at] != quote and text[at] != "\n":
        at += 2 if text[at] == "\\" else 1
    return min(at + 1, len(text))


def _comment_end(text, at):
    if text.startswith("//", at):
        end = text.find("\n", at)
        while end > 0 and text[end - 1] == "\\":
            end = text.find("\n", end + 1)
        return len(text) if end < 0 else end
    end = text.find("*/", at + 2)
    return len(text) if end < 0 else end + 2


def _is_digit_separator(text, at):
    word = re.search(r"[A-Za-z0-9_']+$", text[max(0, at - 40):at])
    return word is not None and word.group(0)[0].isdigit()


def scrub(text):
    """`text` with comments, literals and preprocessor lines blanked, every offset kept."""
    out = []
    at = 0
    while at < len(text):
        c = text[at]
        if c == "/" and text[at + 1:at + 2] in ("/", "*"):
            end = _comment_end(text, at)
        elif c in "uULR\"" and (raw := RAW_START.match(text, at)) and not (
                at and (text[at - 1].isalnum() or text[at - 1] == "_")):
            end = text.find(")" + raw.group(1) + '"', raw.end())
            end = len(text) if end < 0 else end + len(raw.group(1)) + 2
        elif c == '"' or (c == "'" and not _is_digit_separator(text, at)):
            end = _literal_end(text, at)
        else:
            out.append(c)
            at += 1
            continue
        out.append(_blank(text[at:end]))
        at = end
    return _scrub_preprocessor("".join(out))


def _scrub_preprocessor(text):
    lines = text.split("\n")
    inside = False
    for index, line in enumerate(lines):
        if inside or line.lstrip().startswith("#"):
            inside = line.rstrip().endswith("\\")
            lines[index] = " " * len(line)
    return "\n".join(lines)


def _split_top_level(text):
    """The parts of an argument or parameter list, split at commas outside all brackets."""
    parts, depth, last = [], 0, 0
    for at, c in enumerate(text):
        if c in "([{":
            depth += 1
        elif c in ")]}":
            depth -= 1
        elif c == "<" and text[at + 1:at + 2] not in ("<", "=") and text[at - 1:at] != "<":
            depth += 1
        elif c == ">" and text[at - 1:at] not in ("-", "=") and text[at + 1:at + 2] != "=":
            depth = max(0, depth - 1)
        elif c == "," and depth == 0:
            parts.append(text[last:at])
            last = at + 1
    parts.append(text[last:])
    return [part for part in parts if part.strip()]


def _closing(text, at):
    depth = 0
    for index in range(at, len(text)):
        if text[index] == "(":
            depth += 1
        elif text[index] == ")":
            depth -= 1
            if depth == 0:
                return index
    return -1


def _strip_template(head):
    while (found := re.match(r"\s*template\s*<", head)):
        depth, at = 1, found.end()
        while at < len(head) and depth:
            depth += {"<": 1, ">": -1}.get(head[at], 0) if head[at - 1] != "-" else 0
            at += 1
        head = head[at:]
    return head


def _parameters(head):
    """(name, parameter list) of a signature, or None when `head` is none."""
    for found in NAME_AND_PAREN.finditer(head):
        name = found.group(1)
        if name in NOT_A_NAME:
            continue
        open_at = found.end() - 1
        close_at = _closing(head, open_at)
        if close_at < 0:
            return None
        return name, head[open_at + 1:close_at], head[close_at + 1:]
    return None


def _signature(head):
    """(name, parameter count, rest) of a function's `head` (the text before a brace), or None."""
    head = ATTRIBUTE.sub(" ", _strip_template(head)).strip()
    while (label := LABEL.match(head)):
        head = ATTRIBUTE.sub(" ", _strip_template(head[label.end():])).strip()
    if not head or TYPE_HEAD.match(head) or re.match(r"(inline\s+)?namespace\b|extern\s*$", head):
        return None
    found = _parameters(head)
    if found is None:
        return None
    name, parameters, rest = found
    before = head[:head.find(name)]
    if re.search(r"(?<![=!<>])=(?!=)", before):       # `x = f(…) {` is an initialiser
        return None
    if re.search(r"(?<![=!<>])=(?!=)", rest.split(":")[0]):
        return None
    parts = _split_top_level(parameters)
    count = 0 if [part.strip() for part in parts] == ["void"] else len(parts)
    return name, count, rest


def _is_member_init(rest, last):
    """`Foo() : a_{` opens an initialiser of a member, `Foo() : a_(1) {` the body."""
    return bool(re.search(r"(?<!:):(?!:)", rest)) and bool(re.match(r"[\w>]", last))


def _classify(head, parent):
    """The kind of scope a brace opens, given the text before it."""
    text = head.strip()
    if parent in ("namespace", "type"):
        plain = ATTRIBUTE.sub(" ", _strip_template(text)).strip()
        while (label := LABEL.match(plain)):
            plain = _strip_template(plain[label.end():]).strip()
        if re.match(r"(inline\s+)?namespace\b", plain) or re.match(r"extern\s*$", plain):
            return "namespace"
        if TYPE_HEAD.match(plain):
            return "type"
        signature = _signature(text)
        if signature is None:
            return "init"
        return "init" if _is_member_init(signature[2], text[-1:]) else "function"
    is_lambda = LAMBDA.search(text) is not None and not re.search(r"\w\s*\[[^\]]*\]$", text)
    if parent == "init":
        return "lambda" if is_lambda else "init"
    while (label := CASE_LABEL.match(text)):
        text = text[label.end():]
    if CONTROL.match(text) and text.count("(") == text.count(")"):
        return "control"
    if re.match(r"(?:class|struct|union|enum)\b[^()=]*$", text):
        return "type"
    if is_lambda:
        return "lambda"
    return "init" if text else "block"


class _Lines:
    def __init__(self, text):
        self._starts = [0] + [found.end() for found in re.finditer("\n", text)]

    def of(self, offset):
        return bisect.bisect_right(self._starts, offset)


def _new_function(head, head_start, text, lines, brace_at):
    name, count, _ = _signature(head)
    first = head_start + len(head) - len(head.lstrip())
    while (label := LABEL.match(text[first:brace_at])):
        first += label.end()
        first += len(text[first:brace_at]) - len(text[first:brace_at].lstrip())
    if TEST_MACROS.match(name):
        count = 0
    return Function(name=name, line=lines.of(first), line_end=0, body="", parameter_count=count)


def functions(scrubbed):
    """All function definitions of a scrubbed text; a lambda belongs to the function around it."""
    lines = _Lines(scrubbed)
    found, stack, head_start, parens = [], [Scope("namespace", -1)], 0, 0
    paren_stack = []
    for at, c in enumerate(scrubbed):
        if c == "(":
            parens += 1
        elif c == ")":
            parens = max(0, parens - 1)
        elif c == ";" and parens == 0:
            head_start = at + 1
        elif c == "{":
            scope = _open(scrubbed, head_start, at, stack, lines)
            if scope.kind == "function":
                found.append(scope.function)
            stack.append(scope)
            paren_stack.append((parens, head_start))
            parens, head_start = 0, at + 1
        elif c == "}" and len(stack) > 1:
            scope = stack.pop()
            parens, before = paren_stack.pop()
            head_start = before if scope.kind in ("init", "lambda") else at + 1
            if scope.kind == "function":
                scope.function.line_end = lines.of(at)
                scope.function.body = scrubbed[scope.opened + 1:at]
    return [function for function in found if function.line_end]


def _open(text, head_start, at, stack, lines):
    parent = stack[-1]
    head = text[head_start:at]
    outer = "function" if parent.kind in ("function", "control", "block", "lambda") else parent.kind
    kind = _classify(head, outer)
    if kind == "function":
        return Scope("function", at, _new_function(head, head_start, text, lines, at))
    scope = Scope(kind, at, parent.function, parent.depth)
    if kind == "lambda" or kind == "type":
        scope.depth = 0
        scope.function = parent.function if kind == "lambda" else None
    if kind == "control":
        scope.depth += 1
        if scope.function and scope.depth > scope.function.depth_max:
            scope.function.depth_max = scope.depth
            scope.function.depth_line = lines.of(at)
    return scope
