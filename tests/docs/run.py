#!/usr/bin/env python3
"""The documents: commands on their pages are run, their links followed, their configuration read.

    tests/docs/run.py --programs build/release [--only PAGE] [--list-not-run]

Each page with blocks to run (pages.py says which) has a broker of its own; its blocks are run in
order, so a page is tried as a reader would. Blocks that cannot run here (root, apt, docker, another
machine) say why in their fence; their number is bounded by ratchet.json and may only get smaller.
The programs' verbs and options are looked up in all blocks and in the commands within the text.
Keys in the text have to be in `lepus --list-config`, names of metrics in a scrape. The last line
is `N passed, N failed`.
"""
import argparse
import json
import os
import re
import shutil
import sys
import time
import urllib.request

from commands import Lookup, begins_with_program
from keys import Keys
from pages import Page, list_pages
from snippets import Snippets
from world import World

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
METRIC = re.compile(r'\b(?:lepus|rabbitmq)_[a-z0-9]+(?:_[a-z0-9]+)+\b')
METRIC_PAGES = ('docs/operations/monitoring.md',)
# They name keys of RabbitMQ that are not there, too.
PAGES_OF_OTHER_KEYS = ('docs/COMPATIBILITY.md', 'docs/RABBITMQ_CONF.md')
FOREIGN = ('curl', 'sqlite3')
SUFFIX = re.compile(r'_(?:bucket|sum|count)$')


class Results:
    def __init__(self):
        self.passed = self.failed = 0

    def add(self, name, fault):
        if not fault:
            self.passed += 1
            return
        self.failed += 1
        print(f'FAIL {name}: {fault.rstrip()}', flush=True)


def check_links(page, pages):
    faults = []
    for number, target in page.links():
        if re.match(r'[a-z]+:', target):
            continue
        path, _, anchor = target.partition('#')
        full = os.path.normpath(os.path.join(os.path.dirname(page.path), path)) \
            if path else page.path
        if not os.path.exists(os.path.join(ROOT, full)):
            faults.append(f'{page.path}:{number}: there is no {full}')
        elif anchor and full in pages and anchor not in pages[full].anchors:
            faults.append(f'{page.path}:{number}: {full} has no heading #{anchor}')
    return '\n'.join(faults)


def check_calls(page, lookup):
    faults = list(page.faults)
    for block in page.blocks:
        if block.is_shell:
            faults += [f'{block.place}: {fault}' for fault in lookup.faults(block.script)]
    for number, code in page.inline_code():
        if begins_with_program(code):
            faults += [f'{page.path}:{number}: {fault}' for fault in lookup.faults(code)]
    return '\n'.join(faults)


def check_keys(page, keys):
    faults = []
    for number, code in page.inline_code():
        if fault := keys.fault(code):
            faults.append(f'{page.path}:{number}: {fault}')
    return '\n'.join(faults)


def run_blocks(page, programs, results):
    blocks = [block for block in page.blocks if block.is_shell and block.reason is None]
    if not blocks:
        return
    with World(programs) as world:
        code, output = world.run('systemctl start lepus')
        if code:
            results.add(page.path, f'no broker: {output}')
            return
        for block in blocks:
            if missing := [name for name in FOREIGN if not shutil.which(name)
                           and re.search(rf'\b{name}\b', block.script)]:
                print(f'left out: {block.place}: {missing[0]} is not installed')
                continue
            began = time.monotonic()
            code, output = world.run(block.script)
            wrong = '' if code == block.exit_code else (
                f'exit code {code}, not {block.exit_code}\n{block.script}\n--\n{output[-3000:]}'
                f'\n-- the broker said:\n{world.said()}')
            results.add(block.place, wrong)
            if time.monotonic() - began > 5:
                print(f'slow: {block.place} took {time.monotonic() - began:.1f} s')


def check_snippets(pages, programs, results):
    with World(programs) as world:
        snippets = Snippets(world, programs)
        for page in pages.values():
            for block in page.blocks:
                if block.language == 'ini' and not block.attributes:
                    results.add(block.place, snippets.fault(block.text))


def check_metrics(pages, programs, results):
    """Names in the pages about metrics are names of a scrape, histograms' parts included."""
    with World(programs) as world:
        code, output = world.run('systemctl start lepus; '
                                 'lepusctl -q import_definitions /tmp/definitions.json'
                                 if world.run("echo '{\"queues\":[{\"name\":\"q\",\"vhost\":\"/\","
                                              "\"durable\":true,\"auto_delete\":false,"
                                              "\"arguments\":{}}]}' > /tmp/definitions.json"
                                              )[0] == 0 else 'false')
        if code:
            results.add('metrics', f'no broker: {output}')
            return
        text = ''
        for path in ('/metrics', '/metrics/per-object'):
            url = f'http://127.0.0.1:{world.ports["15692"]}{path}'
            with urllib.request.urlopen(url, timeout=20) as answer:
                text += answer.read().decode()
    known = set(re.findall(r'^# TYPE (\S+)', text, re.M))
    for path in METRIC_PAGES:
        page = pages.get(path)
        if page is None:
            continue
        names = set(METRIC.findall('\n'.join(page.lines)))
        unknown = sorted(name for name in names if name not in known
                         and SUFFIX.sub('', name) not in known)
        results.add(f'metrics of {path}', ', '.join(unknown) and
                    f'not in a scrape: {", ".join(unknown)}')


def check_not_run(pages, results, is_listed):
    not_run = [block for page in pages.values() for block in page.blocks
               if block.is_shell and block.reason is not None]
    if is_listed:
        for block in not_run:
            print(f'{block.place}: {block.reason}')
    with open(os.path.join(HERE, 'ratchet.json'), encoding='utf-8') as stream:
        most = json.load(stream)['not_run_max']
    print(f'docs: {len(not_run)} blocks of commands are not run, {most} may be')
    results.add('ratchet', '' if len(not_run) == most else
                f'{len(not_run)} blocks are not run; tests/docs/ratchet.json says {most}: '
                + ('make them run' if len(not_run) > most else 'lower it'))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--programs', required=True, help='the folder of lepus and its tools')
    parser.add_argument('--only', default='', help='pages whose path has this in it')
    parser.add_argument('--list-not-run', action='store_true', help='and why each is not')
    options = parser.parse_args()
    programs = os.path.abspath(options.programs)
    pages = {path: Page(ROOT, path) for path in list_pages(ROOT)}
    chosen = {path: page for path, page in pages.items() if options.only in path}
    results, lookup, keys = Results(), Lookup(programs), Keys(programs)
    for path, page in chosen.items():
        results.add(f'links of {path}', check_links(page, pages))
        results.add(f'commands of {path}', check_calls(page, lookup))
        if path not in PAGES_OF_OTHER_KEYS:
            results.add(f'keys of {path}', check_keys(page, keys))
        run_blocks(page, programs, results)
    check_snippets(chosen, programs, results)
    check_metrics(chosen, programs, results)
    if not options.only:
        check_not_run(pages, results, options.list_not_run)
    print(f'{results.passed} passed, {results.failed} failed')
    return 1 if results.failed else 0


if __name__ == '__main__':
    sys.exit(main())
