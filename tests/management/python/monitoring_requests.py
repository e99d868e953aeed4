"""The requests of monitoring agents, and the fields and types that each of them reads.

Telegraf and KEDA are Go programs: a field of another type than theirs, a fraction where they want a
whole number included, makes the whole answer an error there.
"""

import base64
import contextlib
import json
import re
import time

from api import ADMINISTRATOR, NUMBER, Absent, basic, expect_fields, quoted, run
from harness import case, expect_equal, expect_in, wait_until

COUNTED = ("ack", "deliver", "deliver_get", "publish", "redeliver", "publish_in", "publish_out",
           "return_unroutable")
RATE = {"rate": NUMBER}


def message_stats(names=COUNTED, absent=Absent):
    """Of whole numbers and their rates, each of which may be missing."""
    return {name: absent(int) for name in names} | {
        f"{name}_details": absent(RATE) for name in names}


def required(kind):
    return kind


def known_node(api):
    return api.get("/overview")["node"]


def busy_queue(api, path="/queues/%2F/management.traffic"):
    """The queue of traffic.py, when there are statistics of it."""
    def found():
        queue = api.get(path)
        stats = queue.get("message_stats") or {}
        return queue if stats.get("publish", 0) > 0 and stats.get("ack", 0) > 0 else None
    return wait_until(found, "statistics of the queue")


QUEUE_NUMBERS = ("messages", "messages_ready", "messages_unacknowledged", "message_bytes",
                 "message_bytes_ready", "message_bytes_unacknowledged", "message_bytes_persistent",
                 "consumers")
TELEGRAF_QUEUE = {  # numbers may come a moment after the queue
    "name": str, "node": str, "vhost": str, "durable": bool, "auto_delete": bool,
    "message_bytes_ram": Absent(int), "memory": Absent(int),
    "consumer_utilisation": Absent((int, float, type(None))),
    "idle_since": Absent((str, type(None))), "slave_nodes": Absent([str]),
    "message_stats": Absent(message_stats()),
} | {name: Absent(int) for name in QUEUE_NUMBERS}
TELEGRAF_NODE = {
    "name": str, "running": bool, "disk_free": int, "disk_free_limit": int,
    "disk_free_alarm": bool, "fd_total": int, "fd_used": int, "mem_limit": int, "mem_used": int,
    "mem_alarm": bool, "proc_total": int, "proc_used": int, "run_queue": int,
    "sockets_total": int, "sockets_used": int, "uptime": int,
} | {name: Absent(int) for name in ("mnesia_disk_tx_count", "mnesia_ram_tx_count", "gc_num",
                                    "gc_bytes_reclaimed", "io_read_bytes", "io_write_bytes")} | {
    name: Absent(NUMBER) for name in ("io_read_avg_time", "io_write_avg_time")} | {
    f"{name}_details": Absent(RATE) for name in (
        "mnesia_disk_tx_count", "mnesia_ram_tx_count", "gc_num", "gc_bytes_reclaimed",
        "io_read_avg_time", "io_read_bytes", "io_write_avg_time", "io_write_bytes")}


@case
def telegraf_overview(api):
    """Without one of these three it reports an authentication issue."""
    overview = api.get("/overview")
    expect_fields(overview, {
        "message_stats": message_stats(), "listeners": [{"protocol": str}],
        "object_totals": {name: int for name in ("channels", "connections", "consumers",
                                                 "exchanges", "queues")},
        "queue_totals": {"messages": int, "messages_ready": int, "messages_unacknowledged": int},
    }, "overview")
    expect_in("amqp", [one["protocol"] for one in overview["listeners"]], "listeners")


@case
def telegraf_overview_of_an_idle_user(api):
    """The three are there as well for who sees nothing, as right after the start of a broker."""
    with api.vhost(permissions=False), api.user("monitoring") as user:
        overview = api.get("/overview", user=user)
        for name in ("message_stats", "object_totals", "queue_totals"):
            expect_equal(type(overview[name]), dict, name)


@case
def telegraf_nodes(api):
    nodes = api.get("/nodes")
    expect_fields(nodes, [TELEGRAF_NODE], "nodes")
    memory = api.get(f"/nodes/{nodes[0]['name']}/memory")
    expect_fields(memory, {"memory": {"total": (dict, int)}}, "memory")
    for name, value in memory["memory"].items():
        if name not in ("total", "strategy"):
            expect_equal(type(value), int, f"memory.{name}")


@case
def telegraf_queues(api):
    busy_queue(api)
    queues = api.get("/queues")
    expect_fields(queues, [TELEGRAF_QUEUE], "queues")
    (busy,) = [one for one in queues if one["name"] == "management.traffic"]
    expect_fields(busy, {"message_stats": message_stats(
        ("ack", "deliver", "deliver_get", "publish", "redeliver"), required),
        **dict.fromkeys(QUEUE_NUMBERS, int)}, "queue")


@case
def telegraf_exchanges(api):
    exchanges = api.get("/exchanges")
    expect_fields(exchanges, [{"name": str, "type": str, "internal": bool, "vhost": str,
                               "durable": bool, "auto_delete": bool,
                               "message_stats": Absent(message_stats())}], "exchanges")
    wait_until(lambda: any(one.get("message_stats", {}).get("publish_in", 0) > 0
                           for one in api.get("/exchanges")), "publish_in is counted")


@case
def telegraf_federation(api):
    """It asks by default and takes an error for one of the whole broker."""
    expect_equal(api.get("/federation-links"), [], "links")


@case
def keda_queue_length_and_rates(api):
    """Modes QueueLength, MessageRate and DeliverGetRate; the vhost is in the path."""
    queue = busy_queue(api)
    expect_fields(queue, {
        "name": str, "messages": int, "messages_unacknowledged": int, "messages_ready": int,
        "message_stats": {"publish_details": RATE, "deliver_get_details": RATE}}, "queue")
    wait_until(lambda: busy_queue(api)["message_stats"]["publish_details"]["rate"] > 0, "a rate")
    wait_until(lambda: busy_queue(api)["message_stats"]["deliver_get_details"]["rate"] > 0, "rate")


@case
def keda_excludes_unacknowledged(api):
    """It takes messages_unacknowledged from messages."""
    with api.vhost("keda/vhost") as vhost, api.amqp(vhost) as link:
        channel = link.channel()
        channel.queue_declare("q")
        channel.confirm_delivery()
        for _ in range(3):
            channel.basic_publish("", "q", b"x")
        channel.basic_get("q")
        path = f"/queues/{quoted(vhost)}/q"

        def counts():
            queue = api.get(path)
            return (queue.get("messages"), queue.get("messages_unacknowledged"),
                    queue.get("messages_ready"))
        wait_until(lambda: counts() == (3, 1, 2), "one of three is not acknowledged")


@case
def keda_by_expression(api):
    """It wants pages though it asks for none, and adds the items up."""
    path = "/queues/%2F?page=1&use_regex=true&pagination=false&name={}&page_size=100"
    busy_queue(api)
    answer = api.get(path.format(quoted("^management\\.(traffic|polled)$")))
    expect_fields(answer, {"page_count": int, "items": [{
        "name": str, "messages": int, "messages_unacknowledged": int,
        "message_stats": Absent({"publish_details": Absent(RATE),
                                 "deliver_get_details": Absent(RATE)})}]}, "page")
    expect_equal(sorted(one["name"] for one in answer["items"]),
                 ["management.polled", "management.traffic"], "queues")
    expect_equal(answer["page_count"], 1, "pages")
    answer = api.get(path.format(quoted("^nobody$")))
    expect_equal(answer["items"], [], "none")


@case
def keda_an_unknown_queue(api):
    """It tells the body of the answer to whoever looks at the scaled object."""
    answer = api.expect(404, "GET", "/queues/%2F/management.nobody")
    expect_in("Not Found", answer.json()["error"], "what it tells")


@case
def nagios_server(api):
    """Without --node it asks for rabbit@ and the host; usage of nothing or of 0 is critical."""
    node = known_node(api)
    expect_fields(api.get(f"/nodes/{quoted(node)}"), {
        "running": bool, "mem_used": int, "mem_limit": int, "proc_used": int, "proc_total": int,
        "fd_used": int, "fd_total": int, "sockets_used": int, "sockets_total": int}, "node")
    shown = api.get(f"/nodes/{node}")  # the @ may come as it is
    for name in ("mem", "proc", "fd", "sockets"):
        used = shown[f"{name}_used"]
        limit = shown["mem_limit" if name == "mem" else f"{name}_total"]
        if not 0 < used < limit:
            raise AssertionError(f"{name}: {used} of {limit}")
    expect_equal(shown["running"], True, "running")


@case
def nagios_finds_the_realm(api):
    """It keeps the password by the realm and sends it when it was asked for one."""
    challenge = api.request("GET", "/overview", user=None).headers["www-authenticate"]
    expect_equal(re.search('realm="([^"]*)"', challenge).group(1), "RabbitMQ Management", "realm")


@case
def nagios_aliveness(api):
    expect_equal(api.get("/aliveness-test/%2F"), {"status": "ok"}, "aliveness")
    api.expect(404, "GET", "/aliveness-test/management.nobody")


@case
def nagios_watermark_and_partition(api):
    shown = api.get(f"/nodes/{known_node(api)}")
    expect_equal((shown["mem_alarm"], shown["disk_free_alarm"], shown["partitions"]),
                 (False, False, []), "alarms and partitions")


@case
def nagios_overview_queue_and_connections(api):
    busy_queue(api)
    expect_fields(api.get("/overview"), {"queue_totals": {
        "messages": int, "messages_ready": int, "messages_unacknowledged": int}}, "overview")
    expect_fields(api.get("/queues/%2F/management.traffic"), {
        "messages": int, "messages_ready": int, "messages_unacknowledged": int,
        "consumers": int}, "queue")
    wait_until(lambda: all("recv_oct_details" in one and one.get("state") == "running"
                           for one in api.get("/connections")), "rates of all connections")
    expect_fields(api.get("/connections"), [{
        "user": str, "state": str, "recv_oct_details": RATE, "send_oct_details": RATE}],
        "connections")
    for path in ("/vhosts", "/exchanges", "/bindings", "/channels", "/connections", "/queues"):
        expect_equal(type(api.get(path)), list, f"objects of {path}")
    expect_fields(api.get("/exchanges/%2F/amq.direct"), {"name": str, "type": str}, "exchange")
    api.expect((200, 404), "GET", "/shovels")


FLOAT = (int, float)
DATADOG_OVERVIEW = {
    "cluster_name": str, "rabbitmq_version": str,
    "object_totals": {name: int for name in ("connections", "channels", "queues", "consumers")},
    "queue_totals": {name: int for name in ("messages", "messages_ready",
                                            "messages_unacknowledged")} | {
        f"{name}_details": RATE for name in ("messages", "messages_ready",
                                             "messages_unacknowledged")},
    "message_stats": message_stats(("ack", "confirm", "deliver_get", "publish",
                                    "drop_unroutable", "return_unroutable", "redeliver"),
                                   required),
}


@case
def datadog(api):
    busy_queue(api)
    expect_fields(api.get("/vhosts"), [{"name": str}], "vhosts")
    wait_until(lambda: "redeliver" in api.get("/overview")["message_stats"], "statistics")
    expect_fields(api.get("/overview"), DATADOG_OVERVIEW, "overview")
    expect_fields(api.get("/nodes"), [{
        "fd_used": FLOAT, "disk_free": FLOAT, "mem_used": FLOAT, "mem_limit": FLOAT,
        "run_queue": FLOAT, "sockets_used": FLOAT, "partitions": list, "running": bool,
        "mem_alarm": bool, "disk_free_alarm": bool}], "nodes")
    expect_fields(api.get("/queues/%2F/management.traffic"), {
        "active_consumers": Absent(int), "consumers": int, "consumer_utilisation": FLOAT,
        "head_message_timestamp": Absent((int, str, type(None))), "memory": int,
        "messages": int, "messages_details": RATE, "messages_ready": int,
        "messages_ready_details": RATE, "messages_unacknowledged": int,
        "messages_unacknowledged_details": RATE, "message_bytes": int, "node": str,
        "policy": Absent((str, type(None))),
        "message_stats": message_stats(("ack", "deliver", "deliver_get", "publish", "redeliver"),
                                       required)}, "queue")
    for path in ("/vhosts/%2F/connections", "/connections"):
        expect_fields(api.get(path), [{"vhost": str}], path)
    expect_equal(api.get("/aliveness-test/%2F")["status"], "ok", "aliveness")


@case
def kbudde_exporter(api):
    """It asks for another format first and sorts by nothing, and reads numbers of any kind."""
    headers = {"Accept": "application/bert, application/json;q=0.1"}
    for path in ("/overview?sort=", "/nodes?sort=", "/queues?sort=", "/exchanges?sort=",
                 "/connections?sort=", "/channels?sort=", "/overview", "/queues"):
        answer = api.expect(200, "GET", path, headers=headers)
        if "application/bert" not in answer.headers["content-type"]:
            json.loads(answer.body)
    expect_equal(api.get("/aliveness-test/%2F")["status"], "ok", "aliveness")
    node = known_node(api)
    memory = api.get(f"/nodes/{node}/memory")["memory"]
    for name in ("connection_readers", "connection_writers", "connection_channels",
                 "connection_other", "queue_procs", "plugins", "binary", "other_system",
                 "allocated_unused", "reserved_unallocated"):
        expect_equal(type(memory[name]), int, f"memory.{name}")
    expect_fields(memory["total"], {"erlang": int, "rss": int, "allocated": int}, "memory.total")
    expect_equal(type(api.get("/federation-links")), list, "links")
    expect_equal(type(api.get("/shovels")), list, "shovels")


@case
def kbudde_exporter_idle_queues(api):
    """It reads the time since when a queue is idle."""
    with api.vhost() as vhost:
        api.expect(201, "PUT", f"/queues/{quoted(vhost)}/q", {"durable": True})

        def idle():
            return api.get(f"/queues/{quoted(vhost)}/q").get("idle_since")
        text = wait_until(idle, "idle_since", seconds_max=30)
        if not re.fullmatch(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(\+00:00|Z)?", text):
            raise AssertionError(f"no time: {text!r}")


@case
def uptime_checks_are_quick(api):
    """Probes of a load balancer: each within the second that most of them give."""
    for path in ("/health/checks/alarms", "/health/checks/local-alarms",
                 "/health/checks/virtual-hosts", "/health/checks/node-is-quorum-critical",
                 f"/health/checks/port-listener/{api.amqp_port}",
                 "/health/checks/protocol-listener/amqp091", "/healthchecks/node", "/whoami"):
        started = time.monotonic()
        expect_equal(api.get(path).get("status", "ok"), "ok", path)
        if time.monotonic() - started > 1:
            raise AssertionError(f"{path} took {time.monotonic() - started:.1f} s")
    failed = api.expect(503, "GET", "/health/checks/port-listener/9").json()
    expect_fields(failed, {"status": str, "reason": str, "missing": int, "ports": list}, "failed")
    expect_equal(failed["status"], "failed", "status")


@case
def login_by_base64_with_any_characters(api):
    """Passwords with colons and letters beyond ASCII."""
    with api.user("monitoring", "a:b ž") as user:
        value = "Basic " + base64.b64encode(":".join(user).encode()).decode()
        api.get("/overview", user=None, headers={"Authorization": value})
        api.get("/overview", user=None, headers={"Authorization": value.replace("B", "b", 1)})


@case
def many_at_a_time(api):
    """All of an agent's requests at once, each by a connection of its own."""
    links = [api.connect() for _ in range(20)]
    with contextlib.ExitStack() as stack:
        for link in links:
            stack.callback(link.close)
            link.request("GET", "/api/queues", headers={"Authorization": basic(ADMINISTRATOR)})
        for link in links:
            response = link.getresponse()
            expect_equal(response.status, 200, "status")
            json.loads(response.read())


run()
