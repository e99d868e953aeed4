#!/usr/bin/env python3
"""Runs the wire conformance suite against a broker that listens on --port.

    run.py --port 5672                   what Lepus must answer
    run.py --port 5672 --rabbitmq        what RabbitMQ 3.10.8 answers (proves the cases themselves)
    run.py --port 5672 --only framing    cases whose "family: name" contains a text, any case
    run.py --port 5672 --all             failures of cases that belong to later semantics count too

All cases run at once on many threads, the long ones first, because most of the time is waiting for
the server's own delays; cases marked alone follow one by one. Before them the suite checks its own
codec and comparison (selftest.py), without --only. The last line is
"wire: N passed, N failed"; the exit code is 1 when something failed.
"""
import argparse
import concurrent.futures
import sys
import time
import unittest

import bad_input
import basic
import channel
import connection
import content
import exchange
import framing
import handshake
import order
import permissions
import probe
import queue_arguments
import queues
import selftest
import tx
from amqp_raw import Closed, Late
from suite import frame_count, matches

FAMILIES = (handshake.family, connection.family, framing.family, channel.family, exchange.family,
            queues.family, queue_arguments.exclusive, queue_arguments.family,
            queue_arguments.widening, basic.family, order.family, tx.family,
            content.family, permissions.family, bad_input.family)
THREADS = 96


def run_case(case, target, rabbitmq):
    """(case, observed answer, whether it is one of the expected, names to clean up)."""
    expected = case.expected(rabbitmq)
    session = probe.Probe(target, frame_count(expected[0]))
    try:
        observed = case.run(session)
    except Closed:
        observed = '[the server ended the stream while the case was being set up]'
    except Late:
        observed = '[no answer while the case was being set up]'
    except (probe.Unexpected, OSError, ValueError) as error:
        observed = f'[{type(error).__name__}: {error}]'
    finally:
        session.close()
    return case, observed, any(matches(one, observed) for one in expected), session.names


def run_cases(cases, target, rabbitmq):
    together = sorted((case for case in cases if not case.alone), key=lambda case: -case.seconds)
    with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
        futures = [pool.submit(run_case, case, target, rabbitmq) for case in together]
        results = [future.result() for future in futures]
    return results + [run_case(case, target, rabbitmq) for case in cases if case.alone]


def clean_up(results, target):
    """Deletes what the cases declared: a deletion of nothing is no error."""
    session = probe.Probe(target, (0, False))
    try:
        session.open()
        for *_, names in results:
            for name in names.values():
                session.send(1, 'Queue.Delete', queue=name, nowait=True)
                session.send(1, 'Exchange.Delete', exchange=name, nowait=True)
        session.call(1, 'Channel.Flow', active=True)
    except (Closed, Late, OSError, probe.Unexpected) as error:
        print(f'clean-up failed: {type(error).__name__} {error}')
    finally:
        session.close()


def report(results, options, count_later):
    passed = failed = later = 0
    for case, observed, good, _ in results:
        if good:
            passed += 1
            if options.verbose:
                print(f'pass {case.title()}\n    observed {observed}')
            continue
        counted = count_later or not case.later
        failed, later = failed + counted, later + (not counted)
        print(f'{"FAIL" if counted else "later"} {case.title()}')
        for number, expected in enumerate(case.expected(options.rabbitmq)):
            print(f'    {"or      " if number else "expected"} {expected}')
        print(f'    observed {observed}')
    if later:
        print(f'{later} cases fail that belong to later semantics (--all counts them)')
    return passed, failed


def test_own_tools():
    """(passed, failed) of selftest.py."""
    tests = unittest.defaultTestLoader.loadTestsFromModule(selftest)
    result = unittest.TextTestRunner(sys.stdout, verbosity=0).run(tests)
    failed = len(result.failures) + len(result.errors)
    return result.testsRun - failed, failed


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--host', default='127.0.0.1')
    parser.add_argument('--port', type=int, required=True)
    parser.add_argument('--only', default='', help='text that "family: name" must contain')
    parser.add_argument('--rabbitmq', action='store_true', help="expect RabbitMQ 3.10.8's answers")
    parser.add_argument('--all', action='store_true', help='count cases of later semantics')
    parser.add_argument('--verbose', action='store_true', help='print passed cases as well')
    options = parser.parse_args()
    cases = [case for family in FAMILIES for case in family.cases
             if options.only.lower() in case.title().lower()]
    if options.rabbitmq:
        bad_input.LIMITS['silent connections'] = 300
    began, target = time.monotonic(), (options.host, options.port)
    results = run_cases(cases, target, options.rabbitmq)
    clean_up(results, target)
    passed, failed = report(results, options, options.all or options.rabbitmq)
    if not options.only:
        own_passed, own_failed = test_own_tools()
        passed, failed = passed + own_passed, failed + own_failed
    print(f'{len(cases)} cases in {time.monotonic() - began:.1f} s')
    print(f'wire: {passed} passed, {failed} failed')
    return 1 if failed or not cases else 0


if __name__ == '__main__':
    sys.exit(main())
