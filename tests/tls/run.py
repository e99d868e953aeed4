#!/usr/bin/env python3
"""TLS against a broker that runs: handshakes, certificates, reloads.

    tests/tls/run.py --broker build/release/lepus --tool build/release/lepusctl [--only TEXT]

Each case has a broker and certificates of its own. The last line is `N passed, N failed`.
"""
import argparse
import os
import sys
import time
import traceback

from world import TlsWorld

import cases_files
import cases_handshake
import cases_http
import cases_load
import cases_login
import cases_probe
from broker import Node


def run_case(run, options):
    began = time.monotonic()
    with Node(options.broker) as node:
        try:
            run(TlsWorld(node, options.tool))
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
    parser.add_argument('--only', default='', help='cases whose name contains this')
    options = parser.parse_args()
    cases = [*cases_handshake.CASES, *cases_files.CASES, *cases_login.CASES, *cases_probe.CASES,
             *cases_http.CASES, *cases_load.CASES]
    chosen = [run for run in cases if options.only in run.__name__]
    passed = sum(run_case(run, options) for run in chosen)
    print(f'{passed} passed, {len(chosen) - passed} failed')
    return 1 if passed < len(chosen) or not passed else 0


if __name__ == '__main__':
    sys.exit(main())
