"""A page of Markdown as the tests of the documents see it: blocks of code, commands in the text,
headings, links.

    page = Page(root, 'docs/operations/backup.md')
    for block in page.blocks: ...          in the order of the page

A fence says what becomes of its block:

    ```sh                     run, exit code 0 wanted
    ```sh exit=1              run, this exit code wanted
    ```sh not-run: REASON     not run; verbs and options of the programs are looked up all the same
    ```console                lines that begin with `$ ` are run
    ```ini                    checked as a configuration file

A comment `<!-- test` ... `-->` is run like a block of sh: what a page takes for granted, such as a
queue with messages in it, is made there.
"""
import os
import re
from dataclasses import dataclass

FENCE = re.compile(r'^( *)```(.*)$')
HIDDEN = re.compile(r'^<!-- test(?: (.*))?$')
HEADING = re.compile(r'^(#{1,6}) +(.*?) *#*$')
LINK = re.compile(r'!?\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^()\s]+(?:\([^)]*\))?)\)')
INLINE = re.compile(r'(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)')
INDENTED = re.compile(r'^    \S')
LIST_ITEM = re.compile(r'^\s*(?:[*+-]|\d+\.)\s')
SHELL = ('sh', 'console')


@dataclass(frozen=True)
class Block:
    path: str
    line: int           # of the fence
    language: str
    attributes: str     # what stands behind the language
    text: str
    hidden: bool = False

    @property
    def is_shell(self):
        return self.language in SHELL

    @property
    def reason(self):
        """Why it is not run; None when it is."""
        match = re.match(r'not-run(?::\s*(.*))?$', self.attributes)
        return (match[1] or '') if match else None

    @property
    def exit_code(self):
        match = re.match(r'exit=(\d+)$', self.attributes)
        return int(match[1]) if match else 0

    @property
    def is_understood(self):
        return not self.attributes or bool(self.reason) or \
            re.match(r'exit=\d+$', self.attributes) is not None

    @property
    def script(self):
        if self.language != 'console':
            return self.text
        return '\n'.join(line[2:] for line in self.text.split('\n') if line.startswith('$ '))

    @property
    def place(self):
        return f'{self.path}:{self.line}'


def anchor_of(heading):
    """As GitHub makes it: lower case, no punctuation, a dash for each blank."""
    text = re.sub(r'\[([^\]]*)\]\([^)]*\)', r'\1', heading).replace('`', '').replace('*', '')
    text = re.sub(r'[^\w\- ]', '', text.lower())
    return text.replace(' ', '-')


class Page:
    def __init__(self, root, path):
        self.path = path
        with open(os.path.join(root, path), encoding='utf-8') as stream:
            self.lines = stream.read().split('\n')
        self.blocks, self.prose, self.faults = [], [], []
        self._split()
        self.anchors = self._anchors()

    def _split(self):
        """`prose`: (line number, text) of what is in no block."""
        number = 0
        while number < len(self.lines):
            line = self.lines[number]
            fence, hidden = FENCE.match(line), HIDDEN.match(line)
            if not fence and not hidden:
                self.prose.append((number + 1, line))
                number += 1
                continue
            number = self._block(number, fence, hidden)
        self._look_for_indented()

    def _block(self, number, fence, hidden):
        end, begin = number + 1, number
        closing = (lambda line: line.strip() == '```') if fence else (lambda line: line == '-->')
        while end < len(self.lines) and not closing(self.lines[end]):
            end += 1
        indent = len(fence[1]) if fence else 0
        text = '\n'.join(line[indent:] for line in self.lines[number + 1:end])
        words = fence[2].strip().split(' ', 1) if fence else ['sh', hidden[1] or '']
        language, attributes = words[0], words[1].strip() if len(words) > 1 else ''
        block = Block(self.path, begin + 1, language, attributes, text, not fence)
        if not language:
            self.faults.append(f'{block.place}: the fence has no language')
        if block.is_shell and not block.is_understood:
            self.faults.append(f'{block.place}: `{attributes}`: exit=N or not-run: REASON')
        if end == len(self.lines):
            self.faults.append(f'{block.place}: the block has no end')
        self.blocks.append(block)
        return end + 1

    def _look_for_indented(self):
        """Code without a fence would be seen by no test."""
        in_list, before = False, ''
        for number, line in self.prose:
            if LIST_ITEM.match(line):
                in_list = True
            elif line.strip() and not line.startswith(' '):
                in_list = False
            if INDENTED.match(line) and not in_list and not before.strip():
                self.faults.append(f'{self.path}:{number}: code without a fence')
            before = line

    def _anchors(self):
        found = {}
        for _, line in self.prose:
            if match := HEADING.match(line):
                anchor = anchor_of(match[2])
                found[anchor] = found.get(anchor, -1) + 1
        names = set()
        for anchor, more in found.items():
            names |= {anchor} | {f'{anchor}-{i}' for i in range(1, more + 1)}
        return names

    def links(self):
        for number, line in self.prose:
            for match in LINK.finditer(INLINE.sub('', line)):
                yield number, match[1]

    def inline_code(self):
        for number, line in self.prose:
            for match in INLINE.finditer(line):
                yield number, match[2].strip()


def list_pages(root):
    paths = ['README.md', 'CONTRIBUTING.md']
    for folder, _, names in os.walk(os.path.join(root, 'docs')):
        paths += [os.path.relpath(os.path.join(folder, name), root)
                  for name in names if name.endswith('.md')]
    return sorted(path for path in paths if os.path.exists(os.path.join(root, path)))
