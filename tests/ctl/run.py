#!/usr/bin/env python3
"""lepusctl against a broker that runs.

    tests/ctl/run.py --broker build/release/lepus --tool build/release/lepusctl [--only TEXT]
                     [--python PROGRAM]

Each case has a broker and a data directory of its own. PROGRAM is a Python with pika; without it
that one case is left out. The last line is `N passed, N failed`.
"""
import argparse
import os
import sys
import time
import traceback

import cases_access
import cases_backup
import cases_diagnostics
import cases_door
import cases_lists
import cases_logins
import cases_messages
import cases_node
import cases_events
import cases_issuers
import cases_policies
import cases_shovels
import cases_tail
import cases_tokens
import cases_unreadable
import cases_work
from tool import Node, World


def all_cases():
    for module in (cases_lists, cases_work, cases_access, cases_node, cases_door,
                   cases_policies, cases_events, cases_messages, cases_logins,
                   cases_tokens, cases_issuers, cases_diagnostics, cases_shovels,
                   cases_unreadable, cases_backup, cases_tail):
        yield from module.CASES


def run_case(run, options):
    began = time.monotonic()
    with Node(options.broker) as node:
        world = World(node, options.tool)
        world.python = options.python
        try:
            run(world)
            print(f'pass {run.__name__} ({time.monotonic() - began:.1f} s)', flush=True)
            return True
        except Exception as error:  # pylint: disable=broad-except
            told = error if type(error).__name__ == 'Failed' else traceback.format_exc()
            log = node.log() if os.path.exists(node.log_path) else ''
            print(f'FAIL {run.__name__}: {told}\n{log[-3000:]}', flush=True)
            return False


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--broker', required=True, help='the program')
    parser.add_argument('--tool', required=True, help='lepusctl')
    parser.add_argument('--python', default='', help='a Python with pika')
    parser.add_argument('--only', default='', help='cases whose name contains this')
    options = parser.parse_args()
    chosen = [run for run in all_cases() if options.only in run.__name__]
    if not os.access(options.python, os.X_OK):
        chosen = [run for run in chosen if 'pika' not in run.__name__]
        print('left out without --python: the case with pika')
    passed = sum(run_case(run, options) for run in chosen)
    print(f'{passed} passed, {len(chosen) - passed} failed')
    return 1 if passed < len(chosen) or not passed else 0


if __name__ == '__main__':
    sys.exit(main())
