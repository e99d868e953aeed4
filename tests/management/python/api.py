"""The HTTP API of a broker, for test programs: requests, answers, and what is said of types.

Programs are called with URL AMQP_PORT METRICS_URL DIR; `run(globals)` at their end runs the cases,
which take an `Api`.
"""

import base64
import contextlib
import http.client
import json
import os
import pathlib
import subprocess
import sys
import urllib.parse
import uuid

import pika

TESTS = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(TESTS / "e2e"), str(TESTS / "e2e" / "python")]

import harness  # noqa: E402  (the paths are made above)
from broker import free_port  # noqa: E402, F401  (for programs)

REQUEST_SECONDS_MAX = 20
TOOL_SECONDS_MAX = 30
ADMINISTRATOR = ("guest", "guest")


def quoted(part):
    """One part of a path."""
    return urllib.parse.quote(part, safe="")


def basic(user):
    return "Basic " + base64.b64encode(":".join(user).encode()).decode()


class Answer:
    def __init__(self, response, body):
        self.status, self.body = response.status, body
        self.headers = {name.lower(): value for name, value in response.getheaders()}

    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"{self.status} {self.body[:300]!r}"


class Api:
    def __init__(self, argv):
        self.url, self.amqp_port, self.metrics_url = argv[0], int(argv[1]), argv[2]
        self.folder = pathlib.Path(argv[3])
        parts = urllib.parse.urlsplit(self.url)
        self.host, self.port = parts.hostname, parts.port
        self._version = None

    def connect(self):
        return http.client.HTTPConnection(self.host, self.port, timeout=REQUEST_SECONDS_MAX)

    def request(self, method, path, body=None, headers=None, user=ADMINISTRATOR):
        """`path` without /api; `body`: JSON unless it is bytes; `user`: None to send no login."""
        sent = dict(headers or {})
        if user:
            sent.setdefault("Authorization", basic(user))
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            sent.setdefault("Content-Type", "application/json")
        link = self.connect()
        with contextlib.closing(link):
            link.request(method, "/api" + path, body, sent)
            response = link.getresponse()
            return Answer(response, response.read())

    def expect(self, statuses, method, path, body=None, **options):
        """The answer, which has one of these statuses."""
        statuses = (statuses,) if isinstance(statuses, int) else statuses
        answer = self.request(method, path, body, **options)
        if answer.status not in statuses:
            wanted = " or ".join(map(str, statuses))
            raise AssertionError(f"{method} {path}: {answer}, wanted {wanted}")
        return answer

    def get(self, path, **options):
        """The JSON of an answer with 200."""
        return self.expect(200, "GET", path, **options).json()

    def is_before(self, version):
        """Whether this is a RabbitMQ older than (major, minor), which has less. A Lepus never is,
        whatever version it is configured to tell."""
        if self._version is None:
            overview = self.get("/overview")
            is_rabbitmq = overview["product_name"] == "RabbitMQ"
            self._version = overview["rabbitmq_version"] if is_rabbitmq else "999.0"
        return tuple(int(part) for part in self._version.split(".")[:2]) < version

    def name(self, what):
        """A name for an object that no other case or run has."""
        return f"management.{what}.{uuid.uuid4().hex[:12]}"

    @contextlib.contextmanager
    def vhost(self, what="vhost", permissions=True):
        """The name of a virtual host of its own, deleted with all in it afterwards."""
        name = self.name(what)
        self.expect(201, "PUT", f"/vhosts/{quoted(name)}")
        try:
            if permissions:
                self.expect((201, 204), "PUT", f"/permissions/{quoted(name)}/guest",
                            {"configure": ".*", "write": ".*", "read": ".*"})
            yield name
        finally:
            self.request("DELETE", f"/vhosts/{quoted(name)}")

    @contextlib.contextmanager
    def user(self, tags="", password="secret"):
        """(name, password) of a user of its own, deleted afterwards."""
        name = self.name("user")
        self.expect(201, "PUT", f"/users/{quoted(name)}", {"password": password, "tags": tags})
        try:
            yield name, password
        finally:
            self.request("DELETE", f"/users/{quoted(name)}")

    @contextlib.contextmanager
    def amqp(self, vhost="/", connection_name=None):
        """A connection of pika, closed afterwards when it is still open."""
        properties = {"connection_name": connection_name} if connection_name else None
        link = pika.BlockingConnection(pika.ConnectionParameters(
            self.host, self.amqp_port, vhost, pika.PlainCredentials(*ADMINISTRATOR),
            client_properties=properties, heartbeat=0))
        try:
            yield link
        finally:
            if link.is_open:
                with contextlib.suppress(pika.exceptions.AMQPError):
                    link.close()


def run_tool(command, folder, fails=False, data="", environment=None):
    """What a program says: its standard output, or its standard error when it has to fail.

    `folder` is its home, where no configuration of it is.
    """
    done = subprocess.run(command, capture_output=True, text=True, timeout=TOOL_SECONDS_MAX,
                          input=data, check=False,
                          env={**os.environ, "HOME": str(folder), **(environment or {})})
    if (done.returncode != 0) != fails:
        raise AssertionError(f"{' '.join(map(str, command[1:]))}: exit code {done.returncode}: "
                             f"{done.stdout[-200:]}{done.stderr[-400:]}")
    return done.stderr if fails else done.stdout


class Absent:
    """In a description: the field may be missing."""

    def __init__(self, kind):
        self.kind = kind


NUMBER = (int, float)


def expect_fields(value, description, where):
    """Checks names and types: {name: type | Absent(type) | {…} | [description of each item]}."""
    if isinstance(description, dict):
        expect_type(value, dict, where)
        for name, kind in description.items():
            if isinstance(kind, Absent):
                if name not in value:
                    continue
                kind = kind.kind
            if name not in value:
                raise AssertionError(f"{where}: no field {name!r} in {sorted(value)}")
            expect_fields(value[name], kind, f"{where}.{name}")
    elif isinstance(description, list):
        expect_type(value, list, where)
        for index, item in enumerate(value):
            expect_fields(item, description[0], f"{where}[{index}]")
    else:
        expect_type(value, description, where)


def expect_type(value, kind, where):
    kinds = kind if isinstance(kind, tuple) else (kind,)
    # A bool is an int for Python, but not in JSON.
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        names = " or ".join(one.__name__ for one in kinds)
        raise AssertionError(f"{where}: {value!r} is no {names}")


def run():
    harness.main(make_broker=Api)
