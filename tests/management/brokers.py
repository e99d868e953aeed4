"""The brokers that run.py can ask: a Lepus or a RabbitMQ that it starts, or one that runs already.

Each has `url` (of the HTTP API, without /api), `amqp_port`, `metrics_url` (without /metrics), and
`start()` and `stop()`, which return None or what went wrong.
"""

import pathlib
import sys
import urllib.parse

TESTS = pathlib.Path(__file__).resolve().parent.parent
for folder in ("e2e", "migration"):
    sys.path.insert(0, str(TESTS / folder))

import rabbitmq  # noqa: E402  (the paths are made above)
from broker import Broker, free_port  # noqa: E402

ORIGIN = "http://origin.example"  # pages from there may ask over HTTP
PLUGINS = ("rabbitmq_management", "rabbitmq_prometheus", "rabbitmq_shovel",
           "rabbitmq_shovel_management", "rabbitmq_federation", "rabbitmq_federation_management")


def http_settings(management_port, metrics_port):
    """The same lines for both brokers, as (key, value)."""
    return [("management.tcp.ip", "127.0.0.1"), ("management.tcp.port", management_port),
            ("prometheus.tcp.ip", "127.0.0.1"), ("prometheus.tcp.port", metrics_port),
            ("management.cors.allow_origins.1", ORIGIN), ("collect_statistics_interval", 1000)]


class Started:
    """What is the same for brokers of this run: their ports."""

    def __init__(self):
        self.management_port, self.metrics_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.management_port}"
        self.metrics_url = f"http://127.0.0.1:{self.metrics_port}"
        self.settings = http_settings(self.management_port, self.metrics_port)


class Lepus(Started):
    name = "broker"

    def __init__(self, path, folder, more_settings=()):
        super().__init__()
        self.amqp_port = free_port()
        settings = [f"listeners.tcp.default=127.0.0.1:{self.amqp_port}", "shards=2", "pin=false",
                    *(f"{key}={value}" for key, value in self.settings), *more_settings]
        self._broker = Broker("lepus", path, settings, folder)

    def start(self):
        return self._broker.start()

    def stop(self):
        return self._broker.stop()

    def log(self):
        return self._broker.log_path.read_text(encoding="utf-8", errors="replace")


class RealRabbitMq(Started):
    name = "rabbitmq"

    def __init__(self, folder):
        """`folder`: what tests/migration/setup.sh has made."""
        super().__init__()
        scripts = rabbitmq.find_scripts(folder)
        if scripts is None:
            raise SystemExit(f"no RabbitMQ in {folder}, or no Erlang on this machine")
        self._server = rabbitmq.RabbitMq(
            scripts, PLUGINS, [f"{key} = {value}" for key, value in self.settings])
        self.amqp_port = self._server.port

    def start(self):
        try:
            self._server.start()
        except rabbitmq.RabbitMqFailed as error:
            return str(error)
        return None

    def stop(self):
        self._server.__exit__()

    def log(self):
        return self._server.log()


class Running:
    """A broker somebody else has started; nothing is done to it."""

    name = "broker"

    def __init__(self, url, amqp_port, metrics_url):
        self.url = url.rstrip("/")
        self.amqp_port = amqp_port
        host = urllib.parse.urlsplit(url).hostname
        self.metrics_url = (metrics_url or f"http://{host}:15692").rstrip("/")

    def start(self):
        return None

    def stop(self):
        return None

    def log(self):
        return ""
