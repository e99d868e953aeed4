"""One oslo.messaging RPC server: `oslo_server.py URL TOPIC NAME EXCHANGE`.

It prints `serving` when its consumers are declared and ends when its standard input closes. What
was cast to it is kept and told by `seen`, so that the test can ask each server by name.
"""

import logging
import os
import pathlib
import sys
import threading

import oslo_messaging
from oslo_config import cfg


OSLO_CONF = os.environ.get("E2E_OSLO_CONF",
                           str(pathlib.Path(__file__).resolve().with_name("oslo.conf")))


class Endpoint:
    target = oslo_messaging.Target(namespace="e2e", version="1.2")

    def __init__(self, name):
        self.name = name
        self.notes = []
        self.lock = threading.Lock()

    def multiply(self, _context, a, b):
        return {"server": self.name, "product": a * b}

    def refuse(self, _context, why):
        raise ValueError(why)

    def context_of(self, context):
        return context

    def note(self, _context, text):
        with self.lock:
            self.notes.append(text)

    def seen(self, _context):
        with self.lock:
            return list(self.notes)


def main():
    url, topic, name, exchange = sys.argv[1:5]
    logging.basicConfig(level=logging.CRITICAL + 1)
    conf = cfg.CONF
    conf([], project="e2e", default_config_files=[OSLO_CONF], default_config_dirs=[])
    oslo_messaging.set_transport_defaults(exchange)
    transport = oslo_messaging.get_rpc_transport(conf, url=url)
    server = oslo_messaging.get_rpc_server(
        transport, oslo_messaging.Target(topic=topic, server=name), [Endpoint(name)],
        executor="threading",
    )
    server.start()
    print("serving", flush=True)
    sys.stdin.read()
    server.stop()
    server.wait()
    transport.cleanup()


if __name__ == "__main__":
    main()
