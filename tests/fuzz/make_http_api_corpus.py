#!/usr/bin/env python3
"""Writes the seed inputs of fuzz_http_api into tests/fuzz/corpus/http_api/.

    tests/fuzz/make_http_api_corpus.py
"""
import json
import os

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "corpus", "http_api")


def request(method, path, body=None):
    text = "" if body is None else body if isinstance(body, str) else json.dumps(body)
    return f"{method} /api{path}\n{text}"


QUEUE = {"durable": True, "auto_delete": False, "arguments": {"x-max-length": 5}}
INPUTS = {
    "queues": [("PUT", "/queues/%2F/a", QUEUE), ("GET", "/queues/%2F/a"),
               ("PUT", "/queues/%2F/a", {}),
               ("DELETE", "/queues/%2F/a/contents"), ("DELETE", "/queues/%2F/a?if-empty=true"),
               ("GET", "/queues?page=2&page_size=1&sort=messages&sort_reverse=true"),
               ("GET", "/queues/%2F?name=^a&use_regex=true&columns=name,message_stats.publish"),
               ("POST", "/queues/%2F/q/actions", {"action": "sync"})],
    "exchanges": [("PUT", "/exchanges/%2F/x", {"type": "topic", "durable": True}),
                  ("GET", "/exchanges/%2F/x"), ("DELETE", "/exchanges/%2F/x?if-unused=true"),
                  ("POST", "/exchanges/%2F/amq.default/publish",
                   {"properties": {"headers": {"a": [1, {"b": 2}]}}, "routing_key": "q",
                    "payload": "YQ==", "payload_encoding": "base64"})],
    "bindings": [("POST", "/bindings/%2F/e/amq.topic/q/q",
                  {"routing_key": "a.#", "arguments": {"x": 1}}),
                 ("GET", "/bindings"), ("GET", "/bindings/%2F/e/amq.topic/q/q"),
                 ("GET", "/queues/%2F/q/bindings"), ("GET", "/bindings/%2F/e/amq.topic/q/q/a.%23"),
                 ("DELETE", "/bindings/%2F/e/amq.topic/q/q/~")],
    "messages": [("POST", "/queues/%2F/q/get", {"count": 2, "ackmode": "ack_requeue_true",
                                                "encoding": "auto", "truncate": 1})],
    "access": [("PUT", "/users/ann", {"password": "x", "tags": "management,monitoring"}),
               ("PUT", "/users/bob", {"password_hash": "", "tags": ["administrator"]}),
               ("PUT", "/permissions/%2F/ann", {"configure": "^a", "write": ".*", "read": ""}),
               ("PUT", "/topic-permissions/%2F/ann",
                {"exchange": "amq.topic", "write": "^{username}", "read": ".*"}),
               ("GET", "/users/ann/permissions"), ("POST", "/users/bulk-delete",
                                                   {"users": ["ann", "bob"]}),
               ("PUT", "/user-limits/guest/max-connections", {"value": 5}),
               ("GET", "/users/without-permissions"), ("GET", "/whoami")],
    "user-without-password": [("PUT", "/users/bob", {"tags": ["administrator"]})],
    "vhosts": [("PUT", "/vhosts/v", {"description": "d", "tags": "a,b",
                                     "default_queue_type": "quorum", "tracing": True}),
               ("GET", "/vhosts"), ("PUT", "/vhost-limits/v/max-queues", {"value": 3}),
               ("GET", "/vhosts/v/permissions"), ("DELETE", "/vhosts/v")],
    "policies": [("PUT", "/policies/%2F/p", {"pattern": "^q", "definition": {"max-length": 5},
                                             "priority": 1, "apply-to": "queues"}),
                 ("GET", "/policies/%2F/p"), ("PUT", "/operator-policies/%2F/o",
                                              {"pattern": ".*", "definition": {"expires": 60000}}),
                 ("PUT", "/global-parameters/g", {"value": {"a": [1, None]}}),
                 ("PUT", "/parameters/shovel/%2F/s", {"value": {}}), ("GET", "/parameters"),
                 ("DELETE", "/policies/%2F/p")],
    "definitions": [("POST", "/definitions", {"vhosts": [{"name": "v"}], "queues": [
        {"name": "z", "vhost": "v", **QUEUE}]}), ("GET", "/definitions/v"),
                    ("POST", "/definitions/v", {"queues": [{"name": "y", **QUEUE}]})],
    "node": [("GET", "/nodes"), ("GET", "/nodes/lepus@h/memory"), ("GET", "/overview?columns=node"),
             ("GET", "/overview?lengths_age=60&lengths_incr=5&msg_rates_age=60&msg_rates_incr=5"),
             ("GET", "/cluster-name"), ("PUT", "/cluster-name", {"name": "c"}),
             ("GET", "/feature-flags"), ("GET", "/health/checks/alarms"),
             ("GET", "/health/checks/port-listener/5672"), ("GET", "/aliveness-test/%2F"),
             ("GET", "/health/checks/protocol-listener/amqp"), ("GET", "/extensions")],
    "clients": [("GET", "/connections"), ("GET", "/channels"), ("GET", "/consumers/%2F"),
                ("DELETE", "/connections/none"), ("DELETE", "/connections/username/guest")],
    "strange": [("GET", "/queues/%2F/%ff%00"), ("GET", "/queues?page=-1"), ("GET", "/nope"),
                ("PUT", "/queues/%2F/b", "{"), ("PUT", "/queues/%2F/b", "[1]"),
                ("PATCH", "/queues"), ("GET", "/queues?page=1&name=(&use_regex=true"),
                ("OPTIONS", "/queues/%2F/q"), ("PUT", "/users/", {})],
}


def main():
    os.makedirs(FOLDER, exist_ok=True)
    for name, requests in INPUTS.items():
        with open(os.path.join(FOLDER, name), "w", encoding="utf-8") as file:
            file.write("\n---\n".join(request(*one) for one in requests))


if __name__ == "__main__":
    main()
