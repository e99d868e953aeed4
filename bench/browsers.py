#!/usr/bin/env python3
"""What ten browsers that look at the broker do to its messages, on Lepus and on Debian's
rabbitmq-server, one after the other on this machine.

    bench/browsers.py [--seconds N] [--lepus] [--update-results]

Each browser is logged in and shows a page that renews itself: overview, queues, one queue,
connections and, of Lepus, its shards. Chromium draws on the broker's own processors here, as an
operator's browser does not, and needs more of them than all the rest. So their requests are written
down, with their times, and a program makes the same ones again: that is what browsers elsewhere are
for the broker. In one row Chromium runs with SCHED_IDLE, in the last with everybody's priority.

Two programs that only compute, with SCHED_IDLE, run beside all of it: processors of a virtual
machine that have nothing to do are taken away, and come back late.

Needs a release build (tools/run.sh --build-only), RabbitMQ (bench/install_rabbitmq.sh) and a
browser (tests/web/setup.sh build/web).
"""
import argparse
import contextlib
import json
import os
import subprocess
import sys
import threading
import time

from compare import put_between_marks
from compare_brokers import BrokerError, Lepus, RabbitMq
from compare_cases import say
from compare_generator import number_at, rounded
from management import API_PORT_OFFSET, PORT, Bench, Client, table, with_api

BROWSERS = 10
PYTHON = 'build/web/python/bin/python'
PAGES = {'Lepus': ('', 'queues', 'queues/%2F/q0', 'connections', 'shards'),
         'RabbitMQ': ('', 'queues', 'queues/%2F/q0', 'connections', 'exchanges')}
WAIT_MS = 120_000


# --- The browsers: a process of its own, with Playwright's environment

def show_pages(name, url):
    """Says `open` when all are there, and what they asked and when as soon as its input ends."""
    from playwright.sync_api import sync_playwright  # pylint: disable=import-error
    end = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), end.set()), daemon=True).start()
    requests = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path='/usr/bin/chromium')
        for number in range(BROWSERS):
            page = browser.new_context().new_page()
            page.set_default_timeout(WAIT_MS)
            page.goto(url)
            page.locator('input[name=username]').fill('guest')
            password = page.locator('input[name=password]')
            password.fill('guest')
            password.press('Enter')
            password.wait_for(state='detached')
            page.goto(f'{url}#/{PAGES[name][number % len(PAGES[name])]}')
            page.on('request', lambda request: requests.append((time.monotonic(), request.url)))
        requests.clear()
        start = time.monotonic()
        print('open', flush=True)
        while not end.is_set():
            page.wait_for_timeout(200)
        print(json.dumps([(when - start, address.removeprefix(url.rstrip('/')))
                          for when, address in requests]), flush=True)
        browser.close()


@contextlib.contextmanager
def browsers(broker, command=()):
    """Ten of them; gives a list that holds their requests afterwards: (seconds, path)."""
    requests = []
    process = subprocess.Popen(
        [*command, PYTHON, os.path.abspath(__file__), '--show', broker.name,
         f'http://127.0.0.1:{broker.port + API_PORT_OFFSET}/'],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True)
    try:
        if process.stdout.readline().strip() != 'open':
            raise SystemExit(f'{broker.name}: the pages did not open')
        yield requests
        process.stdin.close()
        requests.extend(json.loads(process.stdout.readline()))
    finally:
        process.stdin.close()
        process.wait()


@contextlib.contextmanager
def same_requests(broker, requests):
    """Made again at their times, over and over."""
    stop = threading.Event()

    def ask():
        client = Client(broker.port + API_PORT_OFFSET)
        while not stop.is_set():
            start = time.monotonic()
            for when, path in requests:
                if stop.wait(max(0, start + when - time.monotonic())):
                    return
                client.request(path)
    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@contextlib.contextmanager
def programs(command):
    running = [subprocess.Popen([*command, 'sh', '-c', 'while :; do :; done']) for _ in range(2)]
    try:
        yield
    finally:
        for program in running:
            program.kill()
            program.wait()


# --- The measurement

IDLE = ('chrt', '--idle', '0')
FLOW = ['throughput', '--rate', '10000', '--auto-ack', '--prefix', 'flow', '--warmup', '1']


def flow(bench):
    """p50 and p99 of the latency, in µs."""
    report = bench.generator.run(bench.broker, [*FLOW, '--duration', str(bench.seconds)])
    if 'error' in report:
        raise BrokerError(f'{bench.broker.name}: {report["error"]}')
    return tuple(number_at(report, f'latency_us.{name}') for name in ('p50', 'p99'))


def measure(bench, results):
    name = bench.broker.name

    def note(title, figures, text=''):
        shown = ' / '.join(rounded(one) for one in figures) + f' µs{text}'
        results.setdefault(title, {})[name] = shown
        say(name, f'{title}: {shown}')

    bench.fill()
    with browsers(bench.broker, IDLE) as requests:
        idle = flow(bench)
    note('10 000 msg/s alone, p50 / p99', flow(bench))
    with same_requests(bench.broker, requests):
        note('beside the requests of ten browsers', flow(bench),
             f'; {len(requests) / bench.seconds:.0f} requests/s')
    note('beside ten browsers on the same processors, SCHED_IDLE', idle)
    with browsers(bench.broker):
        note('beside ten browsers on the same processors', flow(bench))


def main():
    parser = argparse.ArgumentParser(prog='bench/browsers.py',
                                     description=__doc__.split('\n', maxsplit=1)[0])
    parser.add_argument('--queues', type=int, default=1000)
    parser.add_argument('--seconds', type=int, default=15, help='of a case; the default is 15')
    parser.add_argument('--lepus', action='store_true', help='Lepus only')
    parser.add_argument('--update-results', action='store_true',
                        help='puts the table into docs/RESULTS.md')
    parser.add_argument('--build', default='build/release', help=argparse.SUPPRESS)
    parser.add_argument('--show', nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.show:
        return show_pages(*arguments.show)
    arguments.connections = 0
    directory = os.path.abspath(arguments.build)
    chosen = [Lepus(PORT, os.path.join(directory, 'lepus'), 'auto', directory)]
    if not arguments.lepus:
        chosen.append(RabbitMq(PORT + 10, directory))
    results = {}
    for broker in chosen:
        with with_api(broker) as running, programs(IDLE):
            measure(Bench(running, arguments), results)
    text = table(results, [broker.name for broker in chosen], 'all of it shares them.')
    print(text, end='')
    if arguments.update_results:
        put_between_marks('docs/RESULTS.md', text, 'browsers')
    return None


if __name__ == '__main__':
    sys.exit(main())
