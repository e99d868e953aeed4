#!/usr/bin/env python3
"""A client in the network of a container, where it is the only one beside the broker:

    nsenter -t PID -n inside.py login HOST USER PASSWORD VHOST     exit code 1: refused
    nsenter -t PID -n inside.py publish QUEUE                      until the broker goes away
    nsenter -t PID -n inside.py read QUEUE                         all that is in it

publish sends persistent messages, numbered from 1, with some unconfirmed at any time; it prints
`confirmed N` when all up to N are. read prints the numbers in their order.
"""
import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, 'tests', 'wire'))

from amqp_raw import Closed  # noqa: E402  (the path is made above)
from probe import Probe  # noqa: E402

PORT = 5672
WINDOW = 200


def connected(host='127.0.0.1', user='guest', password='guest', vhost='/'):
    return Probe((host, PORT), (0, False)).open(user=user, password=password, vhost=vhost)


def login(host, user, password, vhost):
    probe = Probe((host, PORT), (0, False))
    probe.start()
    probe.start_ok(user=user, password=password)
    got = probe.receive()
    if got.name == 'Connection.Close':
        print(got.render())
        return 1
    probe.tune_ok()
    probe.send(0, 'Connection.Open', virtual_host=vhost)
    got = probe.receive()
    print(got.render())
    return int(got.name != 'Connection.OpenOk')


class Confirmed:
    """Numbers up to which all are confirmed; those beyond wait for the ones between."""

    def __init__(self):
        self.upto = 0
        self.beyond = set()

    def note(self, tag, multiple):
        if multiple:
            self.upto = max(self.upto, tag)
        else:
            self.beyond.add(tag)
        while self.upto + 1 in self.beyond:
            self.upto += 1
        self.beyond = {one for one in self.beyond if one > self.upto}


def publish(queue):
    probe = connected()
    probe.call(1, 'Queue.Declare', queue=queue, durable=True)
    probe.call(1, 'Confirm.Select')
    confirmed = Confirmed()
    sent = 0
    try:
        while True:
            while sent < confirmed.upto + WINDOW:
                sent += 1
                probe.publish(key=queue, body=str(sent).encode(), properties={'delivery_mode': 2})
            got = probe.receive()
            if got.name == 'Connection.Close':   # a clean stop
                return 0
            confirmed.note(got.arguments['delivery_tag'], got.arguments['multiple'])
            print(f'confirmed {confirmed.upto}', flush=True)
    except Closed:
        return 0


def read(queue):
    probe = connected()
    count = probe.call(1, 'Queue.Declare', queue=queue, passive=True)['message_count']
    numbers = [probe.get(queue)[2].decode() for _ in range(count)]
    print(' '.join(numbers))
    return 0


if __name__ == '__main__':
    sys.exit({'login': login, 'publish': publish, 'read': read}[sys.argv[1]](*sys.argv[2:]))
