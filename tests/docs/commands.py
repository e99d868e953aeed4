"""Looks up what pages call our programs with: verbs and options that are not there are faults.

    lookup = Lookup(programs)
    lookup.faults('lepusctl list_queues --nonsense')     ["lepusctl list_queues has no --nonsense"]
"""
import functools
import os
import re
import shlex
import subprocess

PROGRAMS = ('lepus', 'lepusctl', 'lepus-perf', 'lepus-journal')
# Of the tool, before or behind the verb, with a value of their own.
WITH_VALUE = {'-n', '--node', '--socket', '-t', '--timeout', '-p', '--vhost', '--formatter'}
PREFIXES = {'sudo': {'-u', '-g'}, 'time': set(), 'watch': {'-n'}, 'exec': set()}


def logical_lines(text):
    """Lines of a script; one whose quotes are still open goes on."""
    held = ''
    for line in text.replace('\\\n', ' ').split('\n'):
        held = f'{held}\n{line}' if held else line
        try:
            shlex.split(held, comments=True)
        except ValueError:
            continue
        yield held
        held = ''
    if held:
        raise ValueError(f'no closing quotation: {held[:60]}')


def split_commands(text):
    """The words of each simple command."""
    for line in logical_lines(text):
        lexer = shlex.shlex(line, posix=True, punctuation_chars=';|&()<>')
        lexer.whitespace_split = True
        words = []
        for word in lexer:
            if set(word) <= set(';|&()<>'):
                if words:
                    yield words
                words = []
            else:
                words.append(word)
        if words:
            yield words


def program_of(words):
    """The program and its words, without what comes before: sudo, docker exec, VARIABLE=value."""
    words = list(words)
    while words:
        word = words[0]
        if re.match(r'[A-Za-z_]\w*=', word):
            words.pop(0)
        elif word in PREFIXES:
            words.pop(0)
            while words and words[0].startswith('-'):
                if words.pop(0) in PREFIXES[word] and words:
                    words.pop(0)
        elif word in ('docker', 'podman', 'kubectl') and len(words) > 1 and words[1] == 'exec':
            words = words[2:]
            while words and words[0].startswith('-') and words[0] != '--':
                words.pop(0)
            words = words[1:]
            if words and words[0] == '--':
                words.pop(0)
        else:
            return os.path.basename(word), words[1:]
    return '', []


class Lookup:
    def __init__(self, programs):
        self.programs = programs

    @functools.lru_cache(maxsize=None)
    def help_of(self, program, verb=''):
        """What it says of itself, or of the verb; empty when there is no such verb."""
        words = ['help', verb] if program == 'lepusctl' else [*filter(None, [verb]), '--help']
        done = subprocess.run([os.path.join(self.programs, program), *words], capture_output=True,
                              text=True, timeout=20, check=False)
        return done.stdout if done.returncode == 0 else ''

    def faults(self, text):
        """What is wrong with the calls in a script or a piece of code."""
        try:
            commands = list(split_commands(text))
        except ValueError as error:
            return [f'cannot be split into words: {error}']
        found = []
        for words in commands:
            program, rest = program_of(words)
            if program == 'lepusctl':
                found += self._tool(rest)
            elif program == 'lepus-perf':
                found += self._perf(rest)
            elif program in PROGRAMS:
                found += self._options(program, '', self.help_of(program), rest)
        return found

    def _tool(self, words):
        words, options = [word.strip('[]') for word in words], []
        while words and words[0].startswith('-'):
            option = words.pop(0)
            options.append(option)
            if option in WITH_VALUE and words:
                words.pop(0)
        if not words or not re.fullmatch(r'[a-z][a-z_]*', words[0]):
            return []
        verb, text = words[0], self.help_of('lepusctl', words[0])
        if not text:
            return [f'lepusctl has no verb {verb}']
        return self._options('lepusctl', verb, text, options + words[1:])

    def _perf(self, words):
        """A word in front is a mode or a command; a sweep takes the options of both."""
        text = self.help_of('lepus-perf')
        if not words or not re.fullmatch(r'[a-z]+', words[0]):
            return self._options('lepus-perf', '', text, words)
        if not re.search(rf'^  {words[0]} ', text, re.M):
            return [f'lepus-perf has neither a mode nor a command {words[0]}']
        own = self.help_of('lepus-perf', words[0])
        if words[0] == 'sweep':
            own = '\n'.join((own, text, self.help_of('lepus-perf', 'run')))
        return self._options('lepus-perf', words[0], own, words[1:])

    @staticmethod
    def _options(program, verb, text, words):
        found = []
        for word in words:
            option = word.strip('[],.').split('=')[0]
            if re.fullmatch(r'--[a-z][a-z-]*', option) and not \
                    re.search(rf'(?<![\w-]){re.escape(option)}(?![\w-])', text):
                found.append(f'{program} {verb}'.strip() + f' has no {option}')
        return found


def begins_with_program(code):
    return re.match(rf'(?:{"|".join(PROGRAMS)})\s', code) is not None
