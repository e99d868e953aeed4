"""lepusctl as a test holds it: a Node of tests/restart and the tool beside it.

    world = World(node, options)
    world.start()
    world.ok('purge_queue', 'q')            what it prints; exit code 0 wanted
    world.rows('list_queues', 'name')       [{'name': 'q'}]
    world.fails(64, 'delete_queue', 'q')    what it says on standard error
"""
import json
import os
import socket
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), 'restart'))

from broker import FRAMES, Node, check  # noqa: E402  (the path is made above)
from probe import Probe, Unexpected  # noqa: E402

TOOL_S = 30


class World:
    def __init__(self, node, tool):
        self.node = node
        self.tool = os.path.abspath(tool)
        self.socket = os.path.join(node.data, 'lepus.sock')

    def start(self, **settings):
        self.node.start(settings={'log.console': 'true', **settings})
        return self

    # --- the tool ---

    def command(self, *words):
        return [self.tool, '--socket', self.socket, *words]

    def run(self, *words, text=None, environment=None):
        done = subprocess.run(self.command(*words), input=text or '', capture_output=True,
                              text=True, timeout=TOOL_S, check=False,
                              env={**os.environ, **(environment or {})})
        return done.returncode, done.stdout, done.stderr

    def ok(self, *words, text=None):
        code, out, error = self.run(*words, text=text)
        check(code == 0, f'{words}: exit code {code}\n{out}{error}')
        return out

    def quietly(self, *words):
        out = self.ok('-q', *words)
        check(out == '', f'{words} prints {out!r}')

    def fails(self, wanted, *words, text=None):
        code, out, error = self.run(*words, text=text)
        check(code == wanted, f'{words}: exit code {code}, not {wanted}\n{out}{error}')
        return error

    def rows(self, *words):
        return json.loads(self.ok(*words, '--formatter', 'json'))

    def messages(self):
        return {row['name']: row['messages'] for row in self.rows('list_queues')}

    def status(self):
        return self.rows('status')

    def logs(self, text):
        """The log has a thread of its own: what it says is there a moment later."""
        deadline = time.monotonic() + TOOL_S
        while text not in self.node.log():
            check(time.monotonic() < deadline, f'{text!r} is not in the log:\n{self.node.log()}')
            time.sleep(0.01)

    # --- clients ---

    def new_probe(self):
        """Not connected yet."""
        probe = Probe(('127.0.0.1', self.node.port), FRAMES)
        self.node.probes.append(probe)
        return probe

    def probe(self, vhost='/', **options):
        return self.new_probe().open(vhost=vhost, **options)

    def filled(self, queue, count, **arguments):
        """A client that declared the queue and published so many."""
        probe = self.probe()
        probe.call(1, 'Queue.Declare', queue=queue, **arguments)
        for _ in range(count):
            probe.publish(key=queue)
        probe.stored(queue, count)
        return probe


def closed_with(probe):
    got = probe.expect('Connection.Close').arguments
    return got['reply_code'], got['reply_text']


def raw(path):
    """A connection to the socket, without the tool."""
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(TOOL_S)
    client.connect(path)
    return client, client.makefile('rb')


__all__ = ['HERE', 'Node', 'Unexpected', 'World', 'check', 'closed_with', 'raw']
