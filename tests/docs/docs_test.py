#!/usr/bin/env python3
"""Plants faults in pages and checks that the tests of the documents find them.

Run: tests/docs/docs_test.py
"""
import os
import re
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from commands import Lookup, program_of, split_commands
from keys import Keys
from pages import Page, anchor_of
from world import World

FENCE = '`' * 3


class FakeLookup(Lookup):
    """Knows one verb with one option, and three commands of lepus-perf."""

    def help_of(self, program, verb=''):
        if program == 'lepusctl':
            return 'Usage --count <n> General Options --quiet' if verb == 'get' else ''
        if program == 'lepus-perf':
            return {'': 'Modes:\n  drain  x\nCommands:\n  run    x\n  sweep  x\n--size N --rate N',
                    'run': '--keep', 'drain': '--size N --rate N', 'sweep': '--target N=U'}[verb]
        return '--config FILE, --check-config'


def page_of(*lines):
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, 'x.md'), 'w', encoding='utf-8') as stream:
            stream.write('\n'.join(lines) + '\n')
        return Page(folder, 'x.md')


class PageTest(unittest.TestCase):
    def test_blocks_and_what_becomes_of_them(self):
        page = page_of('# T', '<!-- test', 'a', '-->', FENCE + 'sh exit=3', 'b', FENCE,
                       FENCE + 'sh not-run: needs root', 'c', FENCE,
                       FENCE + 'console', '$ d', 'output', FENCE)
        self.assertEqual([(block.script, block.exit_code, block.reason) for block in page.blocks],
                         [('a', 0, None), ('b', 3, None), ('c', 0, 'needs root'), ('d', 0, None)])
        self.assertEqual(page.faults, [])

    def test_faults(self):
        for lines in ((FENCE + 'sh not-run', 'a', FENCE), (FENCE + 'sh maybe', 'a', FENCE),
                      (FENCE, 'a', FENCE), (FENCE + 'sh', 'a'), ('', '    lepusctl status')):
            self.assertEqual(len(page_of(*lines).faults), 1, lines)

    def test_an_indented_line_of_a_list_is_no_code(self):
        self.assertEqual(page_of('* one', '', '    two').faults, [])

    def test_anchors_and_links(self):
        page = page_of('# A `b`: c/d', '## Twice', '## Twice', '[x](y.md#z), `[no](no.md)`')
        self.assertEqual(page.anchors, {'a-b-cd', 'twice', 'twice-1'})
        self.assertEqual(list(page.links()), [(4, 'y.md#z')])
        self.assertEqual(anchor_of('[The log](x.md)'), 'the-log')


class CommandsTest(unittest.TestCase):
    def test_what_is_called(self):
        script = "a 'b\nc' | sudo -u lepus d -e # f\ng=1 h && docker exec -it i j"
        words = list(split_commands(script))
        self.assertEqual([program_of(one) for one in words],
                         [('a', ['b\nc']), ('d', ['-e']), ('h', []), ('j', [])])

    def test_verbs_and_options(self):
        lookup = FakeLookup('')
        for text, count in (('lepusctl -q get q --count 3', 0), ('lepusctl gett q', 1),
                            ('lepusctl get q --cont 3', 1), ('lepusctl [--quiet] get QUEUE', 0),
                            ('lepus --check-config', 0), ('lepus --chek-config', 1),
                            ('echo lepusctl', 0), ("lepusctl get 'q", 1),
                            ('lepus-perf --size 3', 0), ('lepus-perf --keep', 1),
                            ('lepus-perf drain --rate 3', 0), ('lepus-perf drein', 1),
                            ('lepus-perf run mine.json --keep', 0), ('lepus-perf run x --size', 1),
                            ('lepus-perf sweep x --target a=b --size 1,2 --keep', 0)):
            self.assertEqual(len(lookup.faults(text)), count, text)


class FakeKeys(Keys):
    def __init__(self):  # pylint: disable=super-init-not-called
        self.known = ['log.file', 'log.file.level', 'listeners.tcp.$name', 'pin']
        self.patterns = [re.compile(text + r'\Z') for text in
                         (r'log\.file(\.level)?', r'listeners\.tcp\.[^ ]+', 'pin')]
        self.heads = {'log', 'listeners', 'pin'}


class KeysTest(unittest.TestCase):
    def test_keys(self):
        for code, is_wrong in (('log.file', False), ('log.fil', True), ('pin = false', False),
                               ('pn = false', True), ('listeners.tcp.other', False),
                               ('listeners.tcp', False), ('log.*', False), ('*.fiel', False),
                               ('log.md', False), ('orders.dead', False), ('x == y', False)):
            self.assertEqual(bool(FakeKeys().fault(code)), is_wrong, code)


class WorldTest(unittest.TestCase):
    def test_scripts_lead_into_the_world(self):
        with World('/programs') as world:
            text = world.translate('cat /etc/lepus/x /var/lib/lepus; nc localhost 5672 56720')
            self.assertNotIn(' /etc/lepus', text)
            self.assertIn(f'{world.root}/var/lib/lepus;', text)
            self.assertIn(f' {world.ports["5672"]} 56720', text)

    def test_exit_codes(self):
        with World('/programs') as world:
            self.assertEqual(world.run('false\ntrue')[0], 1)
            self.assertEqual(world.run('echo said; exit 3'), (3, 'said\n'))


if __name__ == '__main__':
    unittest.main()
