"""The broker whose page is tested, and its HTTP API for what a case needs beforehand."""

import base64
import json
import pathlib
import sys
import urllib.error
import urllib.parse
import urllib.request

TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TESTS / "e2e"))

from broker import Broker, free_port  # noqa: E402  (the path is made above)
from tokens import Issuer  # noqa: E402

ADMIN = ("admin", "admin-word")
READER = ("reader", "reader-word")      # sees the page, may read queues of its virtual host only
WORKER = ("worker", "worker-word")      # has no tag: AMQP, but not the page
SAMPLE_INTERVAL_MS = 1000


class World:
    """A broker that can go away and come back on the same ports with the same data."""

    def __init__(self, path, folder):
        self.amqp_port, self.port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}/"
        self.issuer = Issuer(folder)
        self._broker = Broker("lepus", path, [
            f"listeners.tcp.default=127.0.0.1:{self.amqp_port}", "shards=2", "pin=false",
            "management.tcp.ip=127.0.0.1", f"management.tcp.port={self.port}",
            f"collect_statistics_interval={SAMPLE_INTERVAL_MS}",
            f"default_user={ADMIN[0]}", f"default_pass={ADMIN[1]}",
            *self.issuer.settings()], folder)

    def start(self):
        self._broker.ready.clear()
        return self._broker.start()

    def stop(self):
        return self._broker.stop()

    def log(self):
        return self._broker.log_path.read_text(encoding="utf-8", errors="replace")

    def fill(self):
        """Users and a virtual host that all cases may count on."""
        self.api("PUT", "vhosts/%2F", {})
        for (name, word), tags in ((READER, "management"), (WORKER, "")):
            self.api("PUT", f"users/{name}", {"password": word, "tags": tags})
            self.api("PUT", f"permissions/%2F/{name}",
                     {"configure": "", "write": "", "read": ".*"})

    def api(self, method, path, body=None):
        """The answer's value; an error of HTTP is raised as it comes."""
        request = urllib.request.Request(
            f"{self.url}api/{path}", method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"authorization": "Basic " + base64.b64encode(
                f"{ADMIN[0]}:{ADMIN[1]}".encode()).decode()})
        with urllib.request.urlopen(request, timeout=30) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def has(self, path):
        try:
            self.api("GET", path)
            return True
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return False
            raise

    def declare(self, name, arguments=None):
        self.api("PUT", f"queues/%2F/{urllib.parse.quote(name, safe='')}",
                 {"durable": True, "arguments": arguments or {}})

    def publish(self, key, payload, exchange="amq.default", **properties):
        self.api("POST", f"exchanges/%2F/{exchange}/publish", {
            "routing_key": key, "payload": payload, "payload_encoding": "string",
            "properties": properties})

    def messages(self, name):
        """How many are ready now: statistics would be those of the last sample."""
        return len(self.api("POST", f"queues/%2F/{urllib.parse.quote(name, safe='')}/get", {
            "count": 100, "ackmode": "ack_requeue_true", "encoding": "auto"}))
