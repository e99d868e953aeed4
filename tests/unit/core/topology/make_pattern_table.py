#!/usr/bin/env python3
"""Writes pattern_table.h: patterns with look-arounds, and which names they match.

    tests/unit/core/topology/make_pattern_table.py > tests/unit/core/topology/pattern_table.h

Python's `re` says what matches, as PCRE does. Each row has one bit a name, the first name in the
lowest bit. Written patterns have to be taken; of those made by chance some are refused.
"""
import itertools
import random
import re

NAMES = [''.join(letters) for size in range(5) for letters in itertools.product('ab.', repeat=size)]
REAL_NAMES = ['', 'amq', 'amq.', 'amq.gen-x1', 'amqp', 'xamq.gen', 'reply_', 'reply_4f', 'a.reply_',
              'notifications_fanout_1', '_fanout_', 'fanout', 'conductor', 'q-plugin', 'dlq',
              'orders', 'orders.dlq', 'orders_dlq', 'orders.retry', 'orders.eu.dlq', 'mcollect',
              'federation: x', 'celery', 'celery@h1.celery.pidbox', 'celeryev.1', 'aliveness-test',
              'Orders', 'ORDERS.DLQ', 'test', 'testing', 'my-test', 'tmp.1', 'x' * 40, 'guest.a']
WRITTEN = [
    '^a', '^(?!a)', '^(?!a).*', '^(?!a).*$', '^(?!a)b', '^(?!ab|b).', '^(?!(a)|(b)).*',
    '^(?!a)(?!b).*', '^(?!a)(?!.*b$).*', '^(?=a)', '^(?=a).*b', '^(?=.*a)(?=.*b).*$',
    r'\A(?!a).*\Z', '(?!a)^.*', '(?=a)^.*', '(?!a).*', '(?!a)', '(?!a).*$', '(?=a)', '(?=a).*',
    '(?=ab).*', 'a(?=b)', '^a(?=b)', '.*(?=b)', '.*(?<!a)$', '^.*(?<!a)$', '(?<!a)$', '(?<=a)$',
    '^(?!a).*(?<!b)$', 'b(?<!ab)$', '^.+(?<!ab)(?<!b.)$', '(?<=a)b', '(?<=^a)b', '(?<!a)b$',
    '(?<!a)..$', '^(?<!a)b', '^((?!a).)*$', '^(?:(?!ab).)*$', '^(?:(?!ab).)+$', '^a((?!b).)*$',
    '^((?!a|b).){2,}$', '^(?:(?!a[.])[ab.])*?$', '^((?!a)b)', '^(?:(?!a)b|a(?!b))', '^(?!a)|b$',
    'a$|^(?!b).b', '^a(?!b)', '^a(?!b).*$', '^a.(?!b)', '^[ab](?!b)', '^(a|b)(?!a)', r'^a\.(?!b)',
    '^(a|bb)(?!a)', '^(?:a|b[.])(?!b).', '^(?:|a)(?!b)', '(?<!a)(?:b|[.][.])$', '(?!b)$', '^(?!)a',
    '^(?!a{2})a', '^(?!.{3})', '^(?=.{2}$)', '^(?!.*[.]).*a', r'^(?!\w)', r'^(?!.*\b[.]\b)',
    r'^(?![^a-]).*', r'^(?![\].])', r'^(?!\x61)', '(?i)^(?!A)', '(?i:^(?!A).*)', '^(?i:(?!A)).*',
    '(?s)^(?!a).*', '^(?!a)(?#b).*', '^(?!(?P<name>a)).', 'a{1}(?=b)',
    '^(?!$).*', '^(?!^a)', '^(?=a|b)(?!ab)..$', '^(?!a)(?=b).*(?<=a)(?<!.a)$',
]
REAL = [
    r'^(?!amq\.).*', r'^(?!(amq\.)|(.*_fanout_)|(reply_)).*', r'^(?!amq\.)(?!reply_).*$',
    r'^(?!(amq\.|reply_|.*_fanout_)).*$', r'^(?!amq\.|federation:).*', r'^(?!.*\.dlq$).*',
    r'^.*(?<!dlq)$', r'^((?!celery).)*$', r'^(?!celery)(?!amq\.).+', r'^(?!amq\.).*\.dlq$',
    r'^(?!aliveness-test$).*', r'(?i)^(?!orders).*', r'^orders(?!\.dlq$).*', r'^(?!.*test).*$',
    r'^(?=.*orders)(?!.*dlq).*$', r'^(?!mcollect|amq)[a-z]+$', r'^(?:(?!\.).)+$', r'^(?!amq\.)',
    r'(?!amq\.).*', r'^(?!tmp\.|amq\.gen).{2,}$', r'^(?![a-z]+$).*',
]




def bits(pattern, names):
    compiled = re.compile(pattern)
    return sum(1 << index for index, name in enumerate(names) if compiled.search(name))


def made_by_chance(chance):
    """A sequence of a few pieces, look-arounds among them."""
    def atom():
        return chance.choice(['a', 'b', '.', '[.]', '[ab]', r'\.', 'ab', '(?:a|b)', '(a|ab)',
                              '(b)'])

    def piece():
        return atom() + chance.choice(['', '', '', '*', '+', '?', '{2}', '*?'])

    def look():
        inside = chance.choice([atom, piece])() if chance.random() < 0.5 else '.*' + atom()
        kind = chance.choice(['?!', '?!', '?='])
        if chance.random() < 0.25:
            inside = chance.choice(['a', 'b', '[.]', 'ab', 'a|b'])
            kind = chance.choice(['?<!', '?<='])
        return f'({kind}{inside})'

    def sequence():
        pieces = [look() if chance.random() < 0.4 else piece()
                  for _ in range(chance.randrange(1, 5))]
        start = chance.choice(['^', '^', ''])
        return start + ''.join(pieces) + chance.choice(['', '', '$', '.*'])

    branches = [sequence() for _ in range(chance.choice([1, 1, 1, 2]))]
    if chance.random() < 0.15:
        return f"^(?:{'|'.join(branches)})$"
    return '|'.join(branches)


def rows(name, patterns, names):
    print(f'constexpr Row {name}[] = {{')
    for pattern in patterns:
        print(f'    {{R"~({pattern})~", "{bits(pattern, names):x}"}},')
    print('};')


def main():
    chance = random.Random(20261130)
    by_chance = sorted({pattern for pattern in (made_by_chance(chance) for _ in range(350))
                        if len(pattern) <= 48})
    print('// Made by make_pattern_table.py: patterns, and which names each of them matches.')
    print('#pragma once\n')
    print('namespace lepus::core::test {\n')
    print('struct Row {\n  const char* pattern;\n  const char* matches;  ///< Hexadecimal.\n};\n')
    print('// clang-format off')
    print('constexpr const char* real_names[] = {')
    for name in REAL_NAMES:
        print(f'    "{name}",')
    print('};')
    rows('written', WRITTEN, NAMES)
    rows('real', REAL, REAL_NAMES)
    rows('by_chance', by_chance, NAMES)
    print('// clang-format on\n')
    print('}  // namespace lepus::core::test')


if __name__ == '__main__':
    main()
