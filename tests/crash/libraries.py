"""Runs library_client.py beside the raw clients and tells the model what it said."""
import os
import subprocess

import topology
from model import Message
from server import die_with_parent

PROGRAM = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'library_client.py')
END_S = 20


class LibraryClient:
    """One child process; finish() waits for its end, which follows from the broker's."""

    def __init__(self, python, library, port, model):
        self.model, self.queue = model, topology.LIBRARIES[library]
        self.number = model.new_channel()
        self.process = subprocess.Popen(
            [python, PROGRAM, library, str(port), self.queue, str(self.number)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            preexec_fn=die_with_parent)

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def finish(self):
        """How many messages it had confirmed. What it said is in order, so is the model's clock."""
        try:
            output = self.process.communicate(timeout=END_S)[0]
        except subprocess.TimeoutExpired:
            self.kill()
            self.model.violations.add('client', f'{self.queue}: the client did not end')
            return 0
        confirmed, strange = 0, []
        for line in output.splitlines():
            word, *rest = line.split()
            if word == 'sent':
                number, size = int(rest[0]), int(rest[1])
                self.model.publish(Message(self.number, number, size, (self.queue,)))
            elif word == 'confirmed':
                self.model.confirm(self.model.messages[self.number, int(rest[0])])
                confirmed += 1
            elif word != 'ended':
                strange.append(line)
        if strange:
            self.model.violations.add('client', f'{self.queue}: {strange[-1]}')
        return confirmed
