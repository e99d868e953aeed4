"""Looks up configuration keys that pages name in their text, such as `log.file` or `pin = false`.

A piece of code is taken for a key when it is `key = value`, or when its first part, before the
first dot, is that of a key. `*` stands for any part: `*.tcp.port`, `auth_http.*`.
"""
import os
import re
import subprocess

ASSIGNMENT = re.compile(r'([a-z][\w.$*-]*) = \S')
DOTTED = re.compile(r'[a-z][a-z0-9_]*(?:\.[\w$*-]+)+')
# What looks like a key and is the name of a file.
FILE = re.compile(r'\.(?:md|conf|sqlite|log|json|pem|key|py|cpp|h|so|idx|seg|sh|yaml|service)$')


# Settings of the kernel, and what stands for any key.
OTHER = re.compile(r'(?:kernel|net\.ipv4|net\.core|vm|key)\b')


class Keys:
    def __init__(self, programs):
        done = subprocess.run([os.path.join(programs, 'lepus'), '--list-config-markdown'],
                              capture_output=True, text=True, timeout=20, check=True)
        self.known = re.findall(r'^\| `([^`]+)`', done.stdout, re.M)
        self.patterns = [re.compile(re.sub(r'\\\$\w+', r'[^ ]+', re.escape(key)) + r'\Z')
                         for key in self.known]
        self.heads = {key.split('.')[0] for key in self.known}

    def is_known(self, key):
        if '*' in key:
            pattern = re.compile(re.escape(key).replace(r'\*', '.+') + r'\Z')
            return any(pattern.match(one) for one in self.known)
        if key.split('.')[-1].startswith('$') or '$' in key:
            return key in self.known
        return any(pattern.match(key) for pattern in self.patterns)

    def fault(self, code):
        """What is wrong with a piece of code; empty when nothing is, or when it is no key."""
        if OTHER.match(code):
            return ''
        if match := ASSIGNMENT.match(code):
            key = match[1]
        elif DOTTED.fullmatch(code) and code.split('.')[0] in self.heads and not FILE.search(code):
            key = code
        else:
            return ''
        is_prefix = any(one.startswith(key + '.') for one in self.known)
        return '' if is_prefix or self.is_known(key) else f'there is no key {key}'
