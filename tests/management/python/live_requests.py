"""What only Lepus answers: pieces of streams, traces, the log, messages that move, its threads.

Users without the right get the status that RabbitMQ gives for paths of its own.
"""

import base64
import time

import pika

from api import NUMBER, quoted, run
from harness import case, expect_equal, expect_in, wait_until

STREAM = {"x-queue-type": "stream"}


def publish_stream(api, vhost, bodies):
    with api.amqp(vhost) as link:
        channel = link.channel()
        channel.queue_declare("s", durable=True, arguments=STREAM)
        channel.confirm_delivery()
        for body in bodies:
            channel.basic_publish("", "s", body, pika.BasicProperties(delivery_mode=2))


def offsets(answer):
    return [message["offset"] for message in answer["messages"]]


# ---- streams ----

@case
def browse_a_stream_piece_by_piece(api):
    with api.vhost("browse") as vhost:
        publish_stream(api, vhost, [b"%d" % number for number in range(25)])
        path = f"/queues/{quoted(vhost)}/s/browse"
        first = api.get(f"{path}?offset=first&count=10")
        expect_equal(offsets(first), list(range(10)), "the first piece")
        expect_equal((first["first_offset"], first["next_offset"], first["end_offset"]),
                     (0, 10, 25), "where it is")
        rest = api.get(f"{path}?offset={first['next_offset']}&count=1000")
        expect_equal(offsets(rest), list(range(10, 25)), "the rest")
        expect_equal(rest["messages"][-1]["payload"], "24", "the body")
        after = api.get(f"{path}?offset={rest['next_offset']}")
        expect_equal(after["messages"], [], "behind the end")
        expect_equal(api.get(f"/queues/{quoted(vhost)}/s")["messages"], 25, "nothing was taken")


@case
def browse_a_stream_by_time_and_from_its_end(api):
    with api.vhost("browse") as vhost:
        before = int(time.time()) - 3600
        publish_stream(api, vhost, [b"a", b"b", b"c"])
        path = f"/queues/{quoted(vhost)}/s/browse"
        expect_equal(offsets(api.get(f"{path}?offset={before}s")), [0, 1, 2], "an hour ago")
        expect_equal(offsets(api.get(f"{path}?offset=next")), [], "what comes next")


@case
def browse_shows_bytes_and_cuts_bodies(api):
    with api.vhost("browse") as vhost:
        publish_stream(api, vhost, [bytes(range(256)), b"x" * 1000])
        path = f"/queues/{quoted(vhost)}/s/browse"
        binary, text = api.get(path + "?offset=first")["messages"]
        expect_equal(binary["payload_encoding"], "base64", "no text")
        expect_equal(base64.b64decode(binary["payload"]), bytes(range(256)), "every byte")
        expect_equal((text["payload_encoding"], text["payload"]), ("string", "x" * 1000), "text")
        cut = api.get(path + "?offset=first&truncate=10")["messages"][1]
        expect_equal((cut["payload"], cut["payload_bytes"]), ("x" * 10, 1000), "a part of it")


@case
def browse_refuses(api):
    with api.vhost("browse") as vhost:
        publish_stream(api, vhost, [b"a"])
        path = f"/queues/{quoted(vhost)}/s/browse"
        for query in ("offset=soon", "offset=-1", "count=0", "count=x", "count=1001",
                      "encoding=hex", "truncate=-1"):
            answer = api.expect(400, "GET", f"{path}?{query}")
            expect_in(query.split("=")[0], answer.json()["reason"], query)
        api.expect(404, "GET", f"/queues/{quoted(vhost)}/none/browse")
        api.expect(201, "PUT", f"/queues/{quoted(vhost)}/classic", {"durable": True})
        api.expect(400, "GET", f"/queues/{quoted(vhost)}/classic/browse")
        api.expect(401, "GET", path, user=None)
        with api.user("management") as user:
            api.expect(401, "GET", path, user=user)
            api.expect(201, "PUT", f"/permissions/{quoted(vhost)}/{quoted(user[0])}",
                       {"configure": "", "write": "", "read": "other"})
            api.expect((401, 403), "GET", path, user=user)


# ---- traces ----

@case
def traced_messages_are_shown_by_filter(api):
    with api.vhost("trace") as vhost:
        path = f"/vhosts/{quoted(vhost)}/trace"
        expect_in("trace_on", api.expect(400, "GET", path).json()["reason"], "while it is off")
        api.expect(204, "PUT", f"/vhosts/{quoted(vhost)}", {"tracing": True})
        start = api.get(path)["next"]
        with api.amqp(vhost) as link:
            channel = link.channel()
            channel.queue_declare("one")
            channel.queue_declare("two")
            for key in ("one", "two", "one"):
                channel.basic_publish("", key, key.encode())
            channel.basic_get("one", auto_ack=True)
            seen = []

            def look():
                answer = api.get(f"{path}?after={seen[-1]['next'] if seen else start}")
                seen.append(answer)
                return sum(len(one["messages"]) for one in seen) >= 4
            wait_until(look, "three publishes and a delivery")
        expect_equal(sum(len(one["messages"]) for one in seen), 4, "and nothing twice")
        ones = api.get(f"{path}?after={start}&routing_key=one&queue=")["messages"]
        expect_in("two", {message["routing_key"] for one in seen for message in one["messages"]},
                  "all of them")
        expect_equal({message["routing_key"] for message in ones}, {"one"}, "a filter")
        api.expect(204, "PUT", f"/vhosts/{quoted(vhost)}", {"tracing": False})
        api.expect(400, "GET", path)


@case
def traces_are_for_administrators(api):
    with api.user("monitoring") as user:
        api.expect(401, "GET", "/vhosts/%2F/trace", user=user)
    api.expect(404, "GET", "/vhosts/no.such.vhost/trace")


# ---- the log ----

def node_of(api):
    return quoted(api.get("/overview")["node"])


@case
def the_log_goes_on(api):
    path = f"/nodes/{node_of(api)}/log"
    start = api.get(path + "?count=2000")
    expect_equal(sorted(start["lines"], key=lambda line: line["number"]), start["lines"], "order")
    with api.vhost("log") as vhost, api.amqp(vhost, "a name for the log"):
        def look():
            return any("a name for the log" in line["text"] for line in api.get(
                f"{path}?after={start['next']}&count=2000")["lines"])
        wait_until(look, "the line of the connection")
    found = api.get(f"{path}?after={start['next']}&count=2000&text=name+for+the")["lines"]
    expect_equal([line for line in found if "a name for the log" not in line["text"]], [], "text")
    errors = api.get(path + "?level=error&count=2000")["lines"]
    expect_equal({line["level"] for line in errors} - {"error", "critical"}, set(), "by level")


@case
def the_log_refuses(api):
    path = f"/nodes/{node_of(api)}/log"
    for query in ("after=x", "count=0", "count=2001", "level=loud"):
        api.expect(400, "GET", f"{path}?{query}")
    api.expect(404, "GET", "/nodes/other@host/log")
    with api.user("management") as user:
        api.expect(401, "GET", path, user=user)


# ---- moving messages ----

@case
def messages_move_to_another_queue(api):
    with api.vhost("move") as vhost:
        with api.amqp(vhost) as link:
            channel = link.channel()
            for queue in ("from", "to"):
                channel.queue_declare(queue, durable=True)
            channel.confirm_delivery()
            for number in range(100):
                channel.basic_publish("", "from", b"%d" % number,
                                      pika.BasicProperties(delivery_mode=2))
        api.expect((200, 201, 202, 204), "POST", f"/queues/{quoted(vhost)}/from/move", {"to": "to"})

        def moved():
            queues = {one["name"]: one.get("messages") for one in
                      api.get(f"/queues/{quoted(vhost)}")}
            return queues == {"from": 0, "to": 100}
        wait_until(moved, "all are there")
        got = api.expect(200, "POST", f"/queues/{quoted(vhost)}/to/get", {
            "count": 100, "ackmode": "ack_requeue_true", "encoding": "auto"}).json()
        expect_equal([message["payload"] for message in got],
                     [str(number) for number in range(100)], "in their order")


@case
def moving_refuses(api):
    with api.vhost("move") as vhost:
        api.expect(201, "PUT", f"/queues/{quoted(vhost)}/from", {"durable": True})
        path = f"/queues/{quoted(vhost)}/from/move"
        for body in ({}, {"to": ""}, {"to": "no.such.queue"}, {"to": "from"}, {"wrong": 1}):
            api.expect((400, 404), "POST", path, body)
        api.expect(404, "POST", f"/queues/{quoted(vhost)}/none/move", {"to": "from"})
        with api.user("management") as user:
            api.expect(401, "POST", path, {"to": "to"}, user=user)


# ---- threads ----

@case
def threads_and_their_processors(api):
    node = node_of(api)
    threads = api.get(f"/nodes/{node}/threads")
    names = [thread["name"] for thread in threads]
    expect_equal(names[-2:], ["control", "admin"], "the last ones")
    expect_equal(names[:-2], [f"shard-{number}" for number in range(len(names) - 2)], "shards")
    for thread in threads:
        for field in ("busy_us", "turns", "turn_sleeps", "longest_turn_us"):
            if not isinstance(thread[field], NUMBER):
                raise AssertionError(f"{thread['name']}.{field}: {thread[field]!r}")
        expect_equal(len(thread["turn_us"]["counts"]), len(thread["turn_us"]["bounds"]) + 1,
                     "one bucket above the last bound")
    placement = api.get(f"/nodes/{node}/placement")
    if not placement:
        raise AssertionError("nothing about placement")
    for path in ("threads", "placement", "bypass"):
        with api.user("management") as user:
            api.expect(401, "GET", f"/nodes/{node}/{path}", user=user)
        api.expect(404, "GET", f"/nodes/other@host/{path}")


if __name__ == "__main__":
    run()
