"""rabbitmqadmin, the Python tool that the management plugin of RabbitMQ carries up to 4.2.

It sends what it was given on the command line: booleans and counts arrive as strings.
"""

import base64
import json
import sys

from api import ADMINISTRATOR, quoted, run, run_tool
from harness import case, expect_equal, expect_in, wait_until


def tool(api, *arguments, vhost=None, user=None, fails=False, data=""):
    name, password = user or ADMINISTRATOR
    command = [sys.executable, str(api.folder / "rabbitmqadmin" / "rabbitmqadmin"),
               "-H", api.host, "-P", str(api.port), "-u", name, "-p", password,
               *(["-V", vhost] if vhost else []), *arguments]
    return run_tool(command, api.folder, fails, data)


def rows(api, *arguments, **options):
    return json.loads(tool(api, "-f", "raw_json", *arguments, **options))


def row(api, *arguments, name, **options):
    """The row with this name."""
    return next(one for one in rows(api, *arguments, **options) if one["name"] == name)


@case
def lists_every_kind(api):
    for kind in ("connections", "channels", "consumers", "exchanges", "queues", "bindings", "users",
                 "vhosts", "permissions", "nodes", "parameters", "policies", "operator_policies",
                 "vhost_limits"):
        rows(api, "list", kind)
    for form in ("kvp", "pretty_json", "long", "tsv"):
        expect_in("amq.direct", tool(api, "-f", form, "list", "exchanges"), form)
    expect_in("management.traffic", tool(api, "-f", "bash", "list", "queues"), "names for a shell")


@case
def lists_tables_with_their_own_columns(api):
    def named():
        return "management traffic" in tool(api, "list", "connections", "name", "user", "state",
                                            "client_properties.connection_name")
    wait_until(named, "the connection is listed by its name")
    for kind, text in (("connections", "guest"), ("exchanges", "amq.direct"),
                       ("queues", "management.traffic"), ("bindings", "management.traffic"),
                       ("vhosts", "/"), ("nodes", "disc"), ("users", "administrator"),
                       ("permissions", "guest")):
        expect_in(text, tool(api, "list", kind), kind)


@case
def chooses_columns_and_sorts(api):
    with api.vhost() as vhost:
        for name, arguments in (("b", "{}"), ("c", '{"x-max-length": 3}'), ("a", "{}")):
            tool(api, "declare", "queue", f"name={name}", f"arguments={arguments}", vhost=vhost)
        got = rows(api, "list", "queues", "name", "arguments.x-max-length", vhost=vhost)
        expect_equal(sorted((one["name"], one.get("arguments", {})) for one in got),
                     [("a", {}), ("b", {}), ("c", {"x-max-length": 3})], "chosen columns")
        expect_equal(set().union(*got), {"name", "arguments"}, "their names")
        for options, wanted in ((["-S", "name"], "abc"), (["-S", "name", "-R"], "cba")):
            got = rows(api, *options, "list", "queues", "name", vhost=vhost)
            expect_equal("".join(one["name"] for one in got), wanted, f"sorted by {options}")
        expect_equal(tool(api, "-f", "tsv", "-S", "name", "list", "queues", "name", "durable",
                          vhost=vhost).splitlines(),
                     ["name\tdurable", *(f"{name}\tTrue" for name in "abc")], "tab-separated")


@case
def shows_the_overview(api):
    shown = tool(api, "show", "overview")
    for text in ("rabbitmq_version", "cluster_name", "queue_totals.messages",
                 "object_totals.queues"):
        expect_in(text, shown, "overview")
    expect_equal(json.loads(tool(api, "-f", "raw_json", "show", "overview", "object_totals.queues",
                                 "rabbitmq_version"))[0].keys(),
                 {"object_totals", "rabbitmq_version"}, "chosen columns")


@case
def declares_and_deletes_queues(api):
    with api.vhost() as vhost:
        tool(api, "declare", "queue", "name=plain", vhost=vhost)
        tool(api, "declare", "queue", "name=plain", vhost=vhost)
        tool(api, "declare", "queue", "name=passing", "durable=false", "auto_delete=true",
             'arguments={"x-message-ttl": 60000}', vhost=vhost)
        tool(api, "declare", "queue", "name=quorum", "queue_type=quorum", vhost=vhost)
        passing = row(api, "list", "queues", name="passing", vhost=vhost)
        expect_equal((passing["durable"], passing["auto_delete"], passing["arguments"]),
                     (False, True, {"x-message-ttl": 60000}), "its properties")
        expect_equal(row(api, "list", "queues", name="quorum", vhost=vhost)["type"], "quorum",
                     "its type")
        said = tool(api, "declare", "queue", "name=plain", "auto_delete=true", vhost=vhost,
                    fails=True)
        expect_in("inequivalent arg", said, "another property")
        expect_in("x-message-ttl", tool(api, "declare", "queue", "name=wrong",
                                        'arguments={"x-message-ttl": -1}', vhost=vhost,
                                        fails=True), "a wrong argument")
        for name in ("plain", "passing", "quorum"):
            tool(api, "delete", "queue", f"name={name}", vhost=vhost)
        expect_in("Not found", tool(api, "delete", "queue", "name=plain", vhost=vhost, fails=True),
                  "what is not there")
        expect_equal(tool(api, "list", "queues", vhost=vhost), "No items\n", "no queues")


@case
def declares_and_deletes_exchanges(api):
    with api.vhost() as vhost:
        tool(api, "declare", "exchange", "name=x", "type=topic", vhost=vhost)
        tool(api, "declare", "exchange", "name=y", "type=fanout", "durable=false",
             "auto_delete=true", "internal=true", 'arguments={"alternate-exchange": "x"}',
             vhost=vhost)
        got = row(api, "list", "exchanges", name="y", vhost=vhost)
        expect_equal({name: got[name] for name in ("type", "durable", "auto_delete", "internal",
                                                   "arguments", "vhost")},
                     {"type": "fanout", "durable": False, "auto_delete": True, "internal": True,
                      "arguments": {"alternate-exchange": "x"}, "vhost": vhost}, "its properties")
        expect_in("inequivalent arg", tool(api, "declare", "exchange", "name=x", "type=direct",
                                           vhost=vhost, fails=True), "another type")
        expect_in("exchange", tool(api, "declare", "exchange", "name=z", "type=nothing",
                                   vhost=vhost, fails=True), "a type nobody knows")
        tool(api, "delete", "exchange", "name=x", vhost=vhost)
        tool(api, "delete", "exchange", "name=y", vhost=vhost)


@case
def declares_and_deletes_bindings(api):
    with api.vhost() as vhost:
        tool(api, "declare", "queue", "name=q", vhost=vhost)
        tool(api, "declare", "exchange", "name=x", "type=headers", vhost=vhost)
        tool(api, "declare", "binding", "source=x", "destination=q", "routing_key=a b/c",
             vhost=vhost)
        tool(api, "declare", "binding", "source=x", "destination=q",
             'arguments={"x-match": "all", "n": 1}', vhost=vhost)
        tool(api, "declare", "binding", "source=x", "destination=amq.fanout",
             "destination_type=exchange", "routing_key=k", vhost=vhost)
        got = rows(api, "list", "bindings", "source", "destination", "destination_type",
                   "routing_key", "properties_key", "arguments", vhost=vhost)
        got = [one for one in got if one["source"] == "x"]
        expect_equal(sorted(one["routing_key"] for one in got), ["", "a b/c", "k"], "their keys")
        for one in got:
            tool(api, "delete", "binding", "source=x", f"destination={one['destination']}",
                 f"destination_type={one['destination_type']}",
                 f"properties_key={one['properties_key']}", vhost=vhost)
        left = rows(api, "list", "bindings", vhost=vhost)
        expect_equal([one["source"] for one in left], [""], "what is left: the default exchange")


@case
def declares_and_deletes_vhosts(api):
    name = api.name("vhost")
    expect_in("vhost declared", tool(api, "declare", "vhost", f"name={name}"), "what it says")
    expect_in(name, tool(api, "list", "vhosts"), "its row")
    tool(api, "delete", "vhost", f"name={name}")
    tool(api, "delete", "vhost", f"name={name}", fails=True)


@case
def declares_and_deletes_users_and_permissions(api):
    name = api.name("user")
    with api.vhost() as vhost:
        tool(api, "declare", "user", f"name={name}", "password=secret", "tags=monitoring")
        try:
            expect_equal(tool(api, "list", "users", "name", user=(name, "secret"), fails=True)[:3],
                         "***", "a listing that it may not see")
            tool(api, "list", "connections", user=(name, "secret"))
            tool(api, "declare", "permission", f"vhost={vhost}", f"user={name}", "configure=^c",
                 "write=.*", "read=")
            got = [one for one in rows(api, "list", "permissions") if one["user"] == name]
            expect_equal(got, [{"user": name, "vhost": vhost, "configure": "^c", "write": ".*",
                                "read": ""}], "its permissions")
            tool(api, "delete", "permission", f"vhost={vhost}", f"user={name}")
            tool(api, "declare", "user", f"name={name}", "tags=policymaker,management",
                 "password_hash=" + base64.b64encode(b"salt" + bytes(32)).decode())
            expect_in("Access refused", tool(api, "list", "vhosts", user=(name, "secret"),
                                             fails=True), "the old password")
        finally:
            tool(api, "delete", "user", f"name={name}")


@case
def declares_and_deletes_policies(api):
    with api.vhost() as vhost:
        for kind, listed in (("policy", "policies"), ("operator_policy", "operator_policies")):
            tool(api, "declare", kind, "name=short", "pattern=^short", "priority=7",
                 'definition={"max-length": 5}', "apply-to=queues", vhost=vhost)
            got = [one for one in rows(api, "list", listed) if one["vhost"] == vhost]
            expect_equal(got, [{"vhost": vhost, "name": "short", "pattern": "^short",
                                "apply-to": "queues", "definition": {"max-length": 5},
                                "priority": 7}], listed)
            tool(api, "-f", "kvp", "list", listed)
            expect_in("not", tool(api, "declare", kind, "name=wrong", "pattern=^a",
                                  'definition={"nobody-knows": 5}', vhost=vhost, fails=True),
                      "a key nobody knows")
        tool(api, "declare", "queue", "name=short one", vhost=vhost)
        def applied():
            got = row(api, "list", "queues", name="short one", vhost=vhost)
            return (got.get("policy"), got.get("operator_policy")) == ("short", "short")
        wait_until(applied, "both are shown on a queue")
        for kind in ("policy", "operator_policy"):
            tool(api, "delete", kind, "name=short", vhost=vhost)


@case
def declares_and_deletes_limits_and_parameters(api):
    with api.vhost() as vhost:
        tool(api, "declare", "vhost_limit", f"vhost={vhost}", "name=max-queues", "value=1")
        got = [one for one in rows(api, "list", "vhost_limits") if one["vhost"] == vhost]
        expect_equal(got, [{"vhost": vhost, "value": {"max-queues": 1}}], "its limits")
        tool(api, "declare", "queue", "name=first", vhost=vhost)
        expect_in("limit", tool(api, "declare", "queue", "name=second", vhost=vhost, fails=True),
                  "one more queue")
        tool(api, "delete", "vhost_limit", f"vhost={vhost}", "name=max-queues")
        tool(api, "declare", "queue", "name=second", vhost=vhost)
        expect_in("not", tool(api, "declare", "parameter", "component=nobody-knows", "name=a",
                              "value=1", vhost=vhost, fails=True), "a component nobody knows")
        tool(api, "delete", "parameter", "component=nobody-knows", "name=a", vhost=vhost,
             fails=True)


@case
def publishes_gets_and_purges(api):
    with api.vhost() as vhost:
        tool(api, "declare", "queue", "name=q", vhost=vhost)
        for text in ("first", "second"):
            expect_equal(tool(api, "publish", "routing_key=q", f"payload={text}", vhost=vhost),
                         "Message published\n", "routed")
        expect_equal(tool(api, "publish", "routing_key=nobody", "payload=x", vhost=vhost),
                     "Message published but NOT routed\n", "not routed")
        tool(api, "publish", "routing_key=q", "exchange=amq.default", vhost=vhost,
             data="from standard input")
        tool(api, "publish", "routing_key=q", "payload=AAH/", "payload_encoding=base64",
             'properties={"delivery_mode": 2, "headers": {"n": 1, "s": "t"}, "priority": 3}',
             vhost=vhost)
        got = rows(api, "get", "queue=q", "count=10", "ackmode=ack_requeue_true", vhost=vhost)
        expect_equal([one["payload"] for one in got],
                     ["first", "second", "from standard input", "AAH/"], "payloads")
        expect_equal([one["payload_encoding"] for one in got],
                     ["string", "string", "string", "base64"], "their encodings")
        expect_equal((got[3]["properties"], got[3]["payload_bytes"], got[3]["routing_key"],
                      got[3]["exchange"], got[0]["message_count"]),
                     ({"delivery_mode": 2, "headers": {"n": 1, "s": "t"}, "priority": 3}, 3, "q",
                      "", 3), "the last message")
        got = rows(api, "get", "queue=q", "ackmode=ack_requeue_false", "encoding=base64",
                   vhost=vhost)
        expect_equal([(one["payload"], one["redelivered"]) for one in got],
                     [(base64.b64encode(b"first").decode(), True)], "taken")
        expect_equal(tool(api, "purge", "queue", "name=q", vhost=vhost), "queue purged\n", "purge")
        expect_equal(rows(api, "get", "queue=q", vhost=vhost), [], "an empty queue")


@case
def writes_a_payload_to_a_file(api):
    path = api.folder / "payload.got"
    with api.vhost() as vhost:
        tool(api, "declare", "queue", "name=q", vhost=vhost)
        tool(api, "publish", "routing_key=q", "payload=žluťoučký", vhost=vhost)
        tool(api, "get", "queue=q", f"payload_file={path}", "ackmode=ack_requeue_false",
             vhost=vhost)
    expect_equal(path.read_text(encoding="utf-8"), "žluťoučký", "the file")


@case
def exports_and_imports_a_vhost(api):
    path = str(api.folder / "vhost.json")
    with api.vhost() as vhost:
        tool(api, "declare", "queue", "name=q", 'arguments={"x-max-length": 9}', vhost=vhost)
        tool(api, "declare", "exchange", "name=x", "type=fanout", vhost=vhost)
        tool(api, "declare", "binding", "source=x", "destination=q", vhost=vhost)
        tool(api, "declare", "policy", "name=p", "pattern=.*", 'definition={"expires": 600000}',
             vhost=vhost)
        tool(api, "export", path, vhost=vhost)
        with api.vhost() as other:
            tool(api, "import", path, vhost=other)
            expect_equal(row(api, "list", "queues", name="q", vhost=other)["arguments"],
                         {"x-max-length": 9}, "the queue")
            expect_equal(api.get(f"/policies/{quoted(other)}/p")["definition"],
                         {"expires": 600000}, "the policy")
            expect_equal(len(api.get(f"/bindings/{quoted(other)}/e/x/q/q")), 1, "the binding")


@case
def exports_and_imports_everything(api):
    path = str(api.folder / "all.json")
    with api.vhost() as vhost:
        tool(api, "declare", "queue", "name=q", vhost=vhost)
        tool(api, "export", path)
        with open(path, encoding="utf-8") as stream:
            written = json.load(stream)
        for name in ("users", "vhosts", "permissions", "topic_permissions", "parameters",
                     "global_parameters", "policies", "queues", "exchanges", "bindings"):
            expect_equal(type(written[name]), list, name)
        (queue,) = [one for one in written["queues"] if one["vhost"] == vhost]
        expect_equal({name: queue[name] for name in ("name", "durable", "auto_delete",
                                                     "arguments")},
                     {"name": "q", "durable": True, "auto_delete": False, "arguments": {}},
                     "the queue")
        tool(api, "delete", "queue", "name=q", vhost=vhost)
        tool(api, "import", path)
        row(api, "list", "queues", name="q", vhost=vhost)


@case
def closes_a_connection(api):
    name = api.name("victim")
    with api.amqp(connection_name=name) as link:
        def listed():
            return [one["name"] for one in rows(api, "list", "connections", "name",
                                                "client_properties.connection_name")
                    if one.get("client_properties", {}).get("connection_name") == name]
        (found,) = wait_until(listed, "the connection is listed")
        tool(api, "close", "connection", f"name={found}")
        wait_until(lambda: not link.is_open or _is_closed(link), "the client is told")
        wait_until(lambda: not listed(), "it is not listed any more")
    expect_in("Not found", tool(api, "close", "connection", "name=nobody", fails=True), "no such")


def _is_closed(link):
    """Handles what the broker has sent."""
    try:
        link.process_data_events(time_limit=0)
    except Exception as error:  # noqa: BLE001 - which one depends on how far it was
        expect_in("CONNECTION_FORCED", error, "the reason")
        return True
    return False


run()
