"""Requests that show how an HTTP API behaves at its edges, and what they have to be answered with.

Each is for a virtual host where `prepare()` has made the queues a, b and c and one binding.
http_behaviour.py checks the answers of one broker, compare.py shows how those of two differ.
"""

import dataclasses

from api import quoted

NOBODY = "management.nobody"
JSON = {"Content-Type": "application/json"}


@dataclasses.dataclass
class Request:
    """`status`: one or several that are right, by RabbitMQ 4.x; `error`: of the JSON body, when it
    matters; `old`: what RabbitMQ before 4.0 answers, when that is something else."""

    name: str
    method: str
    path: str
    status: tuple
    body: object = None
    headers: dict = dataclasses.field(default_factory=dict)
    error: str = None
    old: tuple = ()
    user: tuple = ("guest", "guest")


def prepare(api, vhost):
    for name, length in (("a", 3), ("b", 1), ("c", 2)):
        api.expect(201, "PUT", f"/queues/{quoted(vhost)}/{name}",
                   {"durable": True, "arguments": {"x-max-length": length}})
    api.expect(201, "POST", f"/bindings/{quoted(vhost)}/e/amq.direct/q/a", {"routing_key": "k"})


def requests(vhost):
    """All of them; those that change something come last."""
    return [*_methods(vhost), *_logins(), *_pages(vhost), *_bodies(vhost), *_changes(vhost)]


def _methods(vhost):
    queues = f"/queues/{vhost}"
    return [
        Request("HEAD of a listing", "HEAD", queues, (200,)),
        Request("HEAD of an object", "HEAD", f"{queues}/a", (200,)),
        Request("HEAD of what is not there", "HEAD", f"{queues}/{NOBODY}", (404,)),
        Request("OPTIONS of a listing", "OPTIONS", queues, (200, 204), user=None),
        Request("OPTIONS of an object", "OPTIONS", f"{queues}/a", (200, 204)),
        Request("DELETE of a listing", "DELETE", "/queues", (405,)),
        Request("POST to a listing", "POST", "/overview", (405,), body={}),
        Request("PUT of what can only be read", "PUT", "/nodes", (405,), body={}),
        Request("a method nobody knows", "BREW", "/overview", (405, 501)),
        Request("a path nobody knows", "GET", "/nothing/here", (404,)),
        Request("no path", "GET", "/queues//", (404, 200)),
        Request("an unknown vhost", "GET", f"/queues/{NOBODY}", (404,), error="Object Not Found"),
        Request("an unknown queue", "GET", f"{queues}/{NOBODY}", (404,), error="Object Not Found"),
        Request("an unknown exchange", "GET", f"/exchanges/{vhost}/{NOBODY}", (404,)),
        Request("an unknown channel", "GET", f"/channels/{NOBODY}", (404,)),
        Request("an unknown parameter", "GET", f"/parameters/shovel/{vhost}/{NOBODY}", (404,)),
        Request("an unknown binding", "GET", f"/bindings/{vhost}/e/amq.direct/q/a/nobody", (404,)),
        Request("a known binding", "GET", f"/bindings/{vhost}/e/amq.direct/q/a/k", (200,)),
        Request("bindings of an unknown queue", "GET", f"/queues/{vhost}/{NOBODY}/bindings",
                (200, 404)),
        Request("the wrong kind of destination", "GET", f"/bindings/{vhost}/e/amq.direct/x/a",
                (400, 404, 405), old=(500,)),
    ]


def _logins():
    return [
        Request("no login", "GET", "/overview", (401,), user=None),
        Request("a wrong password", "GET", "/overview", (401,), user=("guest", "wrong")),
        Request("an unknown user", "GET", "/overview", (401,), user=(NOBODY, "x")),
        Request("not even base64", "GET", "/overview", (400, 401), user=None,
                headers={"Authorization": "Basic !!!"}),
        Request("a scheme nobody knows", "GET", "/overview", (400, 401), user=None,
                headers={"Authorization": "Magic abc"}),
        Request("no login for a path nobody knows", "GET", "/nothing/here", (404,), user=None),
    ]


def _pages(vhost):
    queues = f"/queues/{vhost}"

    def bad(name, query):
        return Request(name, "GET", f"{queues}?{query}", (400,))

    return [
        Request("the first page", "GET", f"{queues}?page=1&page_size=2&sort=name", (200,)),
        Request("the second page", "GET", f"{queues}?page=2&page_size=2&sort=name", (200,)),
        Request("a page with a name", "GET", f"{queues}?page=1&name=a", (200,)),
        Request("pages switched off", "GET", f"{queues}?page=1&pagination=false&name=a", (200,)),
        Request("an expression", "GET", f"{queues}?page=1&name=%5E(a%7Cb)%24&use_regex=true",
                (200,)),
        bad("a page behind the last", "page=9&page_size=2"),
        bad("page zero", "page=0"),
        bad("a page that is no number", "page=x"),
        bad("a page size above the limit", "page=1&page_size=501"),
        bad("a page size of zero", "page=1&page_size=0"),
        bad("what is no expression", "page=1&name=(&use_regex=true"),
        Request("two columns", "GET", f"{queues}?columns=name,arguments.x-max-length", (200,)),
        Request("a column nobody knows", "GET", f"{queues}?columns=nobody.knows", (200,)),
        Request("sorted by a nested column", "GET",
                f"{queues}?columns=name&sort=arguments.x-max-length", (200,)),
        Request("and the other way round", "GET",
                f"{queues}?columns=name&sort=arguments.x-max-length&sort_reverse=true", (200,)),
        Request("sorted by what nobody knows", "GET", f"{queues}?columns=name&sort=nobody.knows",
                (200,)),
        Request("a parameter nobody knows", "GET", f"{queues}?columns=name&nobody=knows", (200,)),
        Request("columns of one object", "GET", f"{queues}/a?columns=name,durable", (200,)),
        Request("a page of bindings", "GET", f"/bindings/{vhost}?page=1", (200,)),
        Request("a page of users", "GET", "/users?page=1&page_size=1", (200,)),
    ]


def _bodies(vhost):
    queue = f"/queues/{vhost}/{NOBODY}"

    def bad(name, body, path=queue, method="PUT"):
        return Request(name, method, path, (400,), body=body, headers=JSON)

    return [
        bad("no JSON", b"{"),
        bad("an array", b"[1]"),
        bad("a string", b'"x"'),
        bad("a wrong type of durable", {"durable": "perhaps"}),
        bad("a wrong type of arguments", {"arguments": [1]}),
        bad("an unknown type of queue", {"arguments": {"x-queue-type": NOBODY}}),
        bad("a wrong length", {"arguments": {"x-max-length": -1}}),
        Request("a name that is not allowed", "PUT", f"/exchanges/{vhost}/amq.new",
                (400, 401, 403), body={"type": "direct"}),
        Request("an exchange without type", "PUT", f"/exchanges/{vhost}/x", (201,), body={}),
        bad("a policy without pattern", {"definition": {"max-length": 1}},
            f"/policies/{vhost}/{NOBODY}"),
        bad("a policy without definition", {"pattern": ".*"}, f"/policies/{vhost}/{NOBODY}"),
        Request("a user without password", "PUT", f"/users/{vhost}", (201,), body={"tags": ""}),
        bad("a user without tags", {"password": "x"}, f"/users/{NOBODY}"),
        bad("permissions without read", {"configure": "", "write": ""},
            f"/permissions/{vhost}/guest"),
        bad("permissions for nobody", {"configure": "", "write": "", "read": ""},
            f"/permissions/{vhost}/{NOBODY}"),
        bad("a message without payload", {"routing_key": "a", "properties": {}},
            f"/exchanges/{vhost}/amq.direct/publish", "POST"),
        bad("a payload that is not base64", {"routing_key": "a", "properties": {}, "payload": "%",
            "payload_encoding": "base64"}, f"/exchanges/{vhost}/amq.direct/publish", "POST"),
        Request("a wrong ackmode", "POST", f"/queues/{vhost}/a/get", (400,), old=(500,),
                body={"count": 1, "ackmode": "never", "encoding": "auto"}),
        bad("no ackmode", {"count": 1, "encoding": "auto"}, f"/queues/{vhost}/a/get", "POST"),
        bad("a wrong limit", {"value": "many"}, f"/vhost-limits/{vhost}/max-queues"),
        bad("a limit nobody knows", {"value": 1}, f"/vhost-limits/{vhost}/{NOBODY}"),
        Request("a message for no exchange", "POST", f"/exchanges/{vhost}/{NOBODY}/publish",
                (400, 404), old=(200, 400), body={"routing_key": "a", "properties": {},
                                                  "payload": "", "payload_encoding": "string"}),
        Request("messages of no queue", "POST", f"/queues/{vhost}/{NOBODY}/get", (404,),
                body={"count": 1, "ackmode": "ack_requeue_true", "encoding": "auto"}),
        Request("a body without its type", "PUT", f"/queues/{vhost}/d", (201,), body=b"{}"),
        Request("no body", "PUT", f"/queues/{vhost}/e", (201, 204)),
        Request("null for arguments", "PUT", f"/queues/{vhost}/f", (201, 400), old=(500,),
                body={"arguments": None}),
    ]


def _changes(vhost):
    return [
        Request("a queue is declared", "PUT", f"/queues/{vhost}/new", (201,),
                body={"durable": True}),
        Request("and again", "PUT", f"/queues/{vhost}/new", (204,), body={"durable": True}),
        Request("and otherwise", "PUT", f"/queues/{vhost}/new", (400,), body={"durable": False},
                error="bad_request"),
        Request("strings for booleans", "PUT", f"/queues/{vhost}/strings", (201,),
                body={"durable": "true", "auto_delete": "false"}),
        Request("a binding of no queue", "POST", f"/bindings/{vhost}/e/amq.direct/q/{NOBODY}",
                (404,), body={"routing_key": "k"}),
        Request("a predeclared exchange is deleted", "DELETE", f"/exchanges/{vhost}/amq.direct",
                (400, 401, 403)),
        Request("the user is deleted", "DELETE", f"/users/{vhost}", (204,)),
        Request("the queue is purged", "DELETE", f"/queues/{vhost}/new/contents", (204,)),
        Request("the queue is deleted", "DELETE", f"/queues/{vhost}/new", (204,)),
        Request("and again", "DELETE", f"/queues/{vhost}/new", (404,)),
        Request("a vhost that is there", "PUT", f"/vhosts/{vhost}", (204,), body={}),
    ]
