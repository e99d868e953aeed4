"""The requests of applications and their frameworks: Celery Flower, pyrabbit (kombu's get_manager),
Spring AMQP and Spring Cloud Stream, Ansible's modules."""

import base64
import contextlib
import http.client
import json
import threading
import time

import pika

from api import ADMINISTRATOR, Absent, basic, expect_fields, quoted, run
from harness import case, expect_equal, expect_in, wait_until

FLOWER_QUEUES = 500
FLOWER_SECONDS_MAX = 2  # 1 s of it for the connection


@case
def flower_broker_page(api):
    """All queues of a virtual host within 2 s, or its page stays empty."""
    with api.vhost("flower") as vhost:
        with api.amqp(vhost) as link:
            channel = link.channel()
            for number in range(FLOWER_QUEUES):
                channel.queue_declare(f"celery.{number}", durable=True)
        wait_until(lambda: len(api.get(f"/queues/{quoted(vhost)}?columns=name")) == FLOWER_QUEUES,
                   "all queues are listed")
        started = time.monotonic()
        link = http.client.HTTPConnection(api.host, api.port, timeout=1)
        with contextlib.closing(link):
            link.connect()
            link.sock.settimeout(FLOWER_SECONDS_MAX)
            link.request("GET", f"/api/queues/{quoted(vhost)}",
                         headers={"Authorization": basic(ADMINISTRATOR), "Connection": "close"})
            queues = json.loads(link.getresponse().read())
        took = time.monotonic() - started
        expect_equal(len(queues), FLOWER_QUEUES, "queues")
        expect_fields(queues, [{"name": str, "messages": Absent(int), "messages_ready": Absent(int),
                                "messages_unacknowledged": Absent(int), "consumers": Absent(int),
                                "idle_since": Absent((str, type(None)))}], "queues")
        if took > FLOWER_SECONDS_MAX:
            raise AssertionError(f"{FLOWER_QUEUES} queues took {took:.1f} s")


@case
def flower_counts(api):
    def counted():
        (queue,) = [one for one in api.get("/queues/%2F") if one["name"] == "management.traffic"]
        return "messages" in queue and queue.get("consumers") == 1
    wait_until(counted, "messages and consumers")


@case
def pyrabbit_looks(api):
    """Its requests have a type of content also when they have no content."""
    headers = {"Content-Type": "application/json"}
    for path in ("/overview", "/aliveness-test/%2F", "/whoami", "/nodes", "/vhosts", "/users",
                 "/vhosts/%2F/permissions", "/users/guest/permissions", "/permissions/%2F/guest",
                 "/queues", "/queues/%2F", "/queues/%2F/management.traffic",
                 "/queues/%2F/management.traffic/bindings", "/connections", "/channels",
                 "/exchanges", "/exchanges/%2F", "/exchanges/%2F/amq.topic", "/bindings",
                 "/bindings/%2F", "/parameters/shovel"):
        api.get(path, headers=headers)
    expect_equal(api.get("/whoami")["name"], "guest", "who I am")
    expect_equal(api.get("/permissions/%2F/guest"), {
        "user": "guest", "vhost": "/", "configure": ".*", "write": ".*", "read": ".*"}, "mine")


@case
def pyrabbit_changes(api):
    name, user = api.name("vhost"), api.name("user")
    json_type = {"Content-Type": "application/json"}
    path = quoted(name)
    api.expect(201, "PUT", f"/vhosts/{path}", headers=json_type)
    try:
        api.expect(201, "PUT", f"/users/{user}", {"password": "x", "tags": "management"})
        api.expect(201, "PUT", f"/permissions/{path}/{user}",
                   {"configure": ".*", "write": ".*", "read": ".*"})
        api.expect((201, 204), "PUT", f"/permissions/{path}/guest",
                   {"configure": ".*", "write": ".*", "read": ".*"})
        api.expect(201, "PUT", f"/queues/{path}/q", {"durable": True, "auto_delete": False,
                                                     "arguments": []})
        api.expect(201, "PUT", f"/exchanges/{path}/x", {
            "type": "direct", "auto_delete": False, "durable": True, "internal": False,
            "arguments": []})
        api.expect(201, "POST", f"/bindings/{path}/e/x/q/q",
                   {"routing_key": "k", "arguments": []})
        answer = api.expect(200, "POST", f"/exchanges/{path}/x/publish", {
            "routing_key": "k", "payload": "hello", "payload_encoding": "string",
            "properties": {"delivery_mode": 2}, "vhost": name, "name": "x"})
        expect_equal(answer.json(), {"routed": True}, "publish")
        wait_until(lambda: api.get(f"/queues/{path}/q").get("messages") == 1, "the depth")
        api.expect(204, "DELETE", f"/queues/{path}/q/contents", headers=json_type)
        api.expect(204, "DELETE", f"/bindings/{path}/e/x/q/q/k", headers=json_type)
        api.expect(204, "DELETE", f"/exchanges/{path}/x", headers=json_type)
        api.expect(204, "DELETE", f"/queues/{path}/q", headers=json_type)
        api.expect(204, "DELETE", f"/users/{user}", headers=json_type)
    finally:
        api.expect(204, "DELETE", f"/vhosts/{path}", headers=json_type)


@case
def messages_by_http(api):
    """Each mode of taking messages, and what it leaves in the queue."""
    with api.vhost() as vhost:
        path = quoted(vhost)
        api.expect(201, "PUT", f"/queues/{path}/q", {"durable": True})

        def take(mode, **more):
            answer = api.expect(200, "POST", f"/queues/{path}/q/get", {
                "count": 5, "ackmode": mode, "encoding": "auto", **more})
            return [(one["payload"], one["redelivered"]) for one in answer.json()]
        for text in ("a", "b"):
            api.expect(200, "POST", f"/exchanges/{path}/amq.default/publish", {
                "routing_key": "q", "properties": {}, "payload": text,
                "payload_encoding": "string"})
        expect_equal(take("ack_requeue_true"), [("a", False), ("b", False)], "shown")
        expect_equal(take("reject_requeue_true"), [("a", True), ("b", True)], "given back")
        expect_equal(take("ack_requeue_true", truncate=1), [("a", True), ("b", True)], "again")
        expect_equal(take("ack_requeue_false", count=1), [("a", True)], "taken")
        expect_equal(take("reject_requeue_false"), [("b", True)], "thrown away")
        expect_equal(take("ack_requeue_true"), [], "nothing is left")


@case
def messages_by_http_keep_their_properties(api):
    properties = {"content_type": "text/plain", "content_encoding": "utf-8", "delivery_mode": 2,
                  "priority": 4, "correlation_id": "c", "reply_to": "r", "expiration": "60000",
                  "message_id": "m", "timestamp": 1700000000, "type": "t", "user_id": "guest",
                  "app_id": "a", "headers": {"s": "x", "n": 5, "f": 1.5, "b": True, "o": {"k": 1},
                                             "l": [1, "two"]}}
    payload = base64.b64encode(bytes(range(256))).decode()
    with api.vhost() as vhost:
        path = quoted(vhost)
        api.expect(201, "PUT", f"/queues/{path}/q", {"durable": True})
        api.expect(200, "POST", f"/exchanges/{path}/amq.default/publish", {
            "routing_key": "q", "properties": properties, "payload": payload,
            "payload_encoding": "base64"})
        (got,) = api.expect(200, "POST", f"/queues/{path}/q/get", {
            "count": 1, "ackmode": "ack_requeue_true", "encoding": "auto"}).json()
        expect_equal(got["properties"], properties, "by HTTP")
        expect_equal((got["payload"], got["payload_encoding"], got["payload_bytes"]),
                     (payload, "base64", 256), "the payload")
        with api.amqp(vhost) as link:
            method, header, body = link.channel().basic_get("q", auto_ack=True)
            expect_equal(body, bytes(range(256)), "by AMQP")
            del header.headers["f"], properties["headers"]["f"]  # pika reads it as a whole number
            expect_equal((header.headers, header.timestamp, header.priority),
                         (properties["headers"], 1700000000, 4), "its properties")
            expect_equal(method.redelivered, True, "redelivered")


@case
def spring_locates_a_queue(api):
    """LocalizedQueueConnectionFactory connects to the node that it is told."""
    with api.vhost("spring/vhost") as vhost:
        api.expect(201, "PUT", f"/queues/{quoted(vhost)}/q",
                   {"durable": True, "arguments": {"x-queue-type": "quorum"}})
        queue = wait_until(lambda: next((one for one in api.get(f"/queues/{quoted(vhost)}")
                                         if "node" in one), None), "where the queue is")
        expect_equal(queue["node"], api.get("/overview")["node"], "node")
        expect_equal(queue.get("leader", queue["node"]), queue["node"], "leader")
    api.expect(404, "GET", "/queues/%2F/management.nobody")


@case
def spring_cleans_up_a_stream_binding(api):
    """Spring Cloud Stream lists by prefix and deletes what has no consumers."""
    with api.vhost() as vhost:
        path = quoted(vhost)
        api.expect(201, "PUT", f"/exchanges/{path}/in", {"type": "topic", "durable": True})
        for name in ("in.one", "in.two"):
            api.expect(201, "PUT", f"/queues/{path}/{name}", {"durable": True})
            api.expect(201, "POST", f"/bindings/{path}/e/in/q/{name}", {"routing_key": "#"})
        bound = api.get(f"/exchanges/{path}/in/bindings/source")
        expect_equal(sorted(one["destination"] for one in bound), ["in.one", "in.two"], "bindings")
        expect_equal(api.get(f"/exchanges/{path}/in/bindings/destination"), [], "into it")
        for queue in api.get(f"/queues/{path}"):
            expect_equal(queue.get("consumers", 0), 0, "consumers")
            api.expect(204, "DELETE", f"/queues/{path}/{queue['name']}")
        api.expect(204, "DELETE", f"/exchanges/{path}/in")


@case
def ansible_binding_and_queue(api):
    """The modules look by the key that they make from the routing key themselves."""
    with api.vhost() as vhost:
        path = quoted(vhost)
        api.expect(404, "GET", f"/queues/{path}/q")
        api.expect(201, "PUT", f"/queues/{path}/q",
                   {"durable": True, "auto_delete": False, "arguments": {"x-max-length": 1},
                    "name": "q", "vhost": vhost})
        queue = api.get(f"/queues/{path}/q")
        expect_equal((queue["durable"], queue["auto_delete"], queue["arguments"]),
                     (True, False, {"x-max-length": 1}), "queue")
        for key, props in (("", "~"), ("a.b", "a.b"), ("a/b", quoted(quoted("a/b")))):
            place = f"/bindings/{path}/e/amq.topic/q/q"
            api.expect(404, "GET", f"{place}/{props}")
            api.expect(201, "POST", place, {"routing_key": key, "arguments": {}})
            expect_equal(api.get(f"{place}/{props}")["routing_key"], key, "binding")
            api.expect(204, "DELETE", f"{place}/{props}")


@case
def rates_over_time(api):
    """What charts are drawn from: samples at the distances that were asked for."""
    query = "lengths_age=60&lengths_incr=5&msg_rates_age=60&msg_rates_incr=5"
    queue = wait_until(lambda: (api.get(f"/queues/%2F/management.traffic?{query}")
                                .get("message_stats", {}).get("publish_details", {})
                                .get("samples")), "samples")
    expect_fields(queue, [{"sample": int, "timestamp": int}], "samples")
    for newer, older in zip(queue, queue[1:]):
        expect_equal(newer["timestamp"] - older["timestamp"], 5000, "distance in ms")
    overview = api.get(f"/overview?{query}")
    for part, name in (("queue_totals", "messages_details"), ("message_stats", "publish_details")):
        expect_fields(overview[part][name], {
            "rate": (int, float), "samples": [{"sample": int, "timestamp": int}],
            "avg": (int, float), "avg_rate": (int, float)}, f"{part}.{name}")


@case
def sees_a_consumer_come_and_go(api):
    with api.vhost() as vhost, api.amqp(vhost, "management consumer") as link:
        channel = link.channel()
        channel.queue_declare("q")
        tag = channel.basic_consume("q", lambda *_: None)
        path = f"/consumers/{quoted(vhost)}"
        (consumer,) = wait_until(lambda: api.get(path), "it comes")
        expect_fields(consumer, {"consumer_tag": str, "ack_required": bool, "exclusive": bool,
                                 "prefetch_count": int, "arguments": dict, "active": bool,
                                 "activity_status": str, "queue": {"name": str, "vhost": str},
                                 "channel_details": {"name": str, "connection_name": str,
                                                     "number": int, "peer_host": str,
                                                     "peer_port": int, "user": str}}, "consumer")
        channel.basic_cancel(tag)
        wait_until(lambda: not api.get(path), "it goes")


@case
def sees_a_connection_come_and_go(api):
    """One that is refused does not come."""
    parameters = pika.ConnectionParameters(
        api.host, api.amqp_port, credentials=pika.PlainCredentials("guest", "wrong"))
    with contextlib.suppress(pika.exceptions.AMQPError):
        pika.BlockingConnection(parameters)
        raise AssertionError("a wrong password was taken")
    name = api.name("connection")
    with api.amqp(connection_name=name):
        wait_until(lambda: [one for one in api.get("/connections?columns=client_properties")
                            if one.get("client_properties", {}).get("connection_name") == name],
                   "the connection")
    wait_until(lambda: not [one for one in api.get("/connections?columns=client_properties")
                            if one.get("client_properties", {}).get("connection_name") == name],
               "its end")


@case
def closing_tells_the_client_why(api):
    """X-Reason is what the client gets to read."""
    name = api.name("connection")
    with api.amqp(connection_name=name) as link:
        def mine():
            return [one["name"] for one in api.get("/connections") if
                    one.get("client_properties", {}).get("connection_name") == name]
        (found,) = wait_until(mine, "the connection")
        reasons = []

        def listen():
            try:
                link.process_data_events(time_limit=20)
            except pika.exceptions.ConnectionClosed as error:
                reasons.append(str(error))
        thread = threading.Thread(target=listen)
        thread.start()
        api.expect(204, "DELETE", f"/connections/{quoted(found)}",
                   headers={"X-Reason": "for maintenance"})
        thread.join()
        expect_in("for maintenance", reasons, "the reason")


run()
