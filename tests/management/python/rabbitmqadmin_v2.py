"""rabbitmqadmin v2, the tool in Rust: it decodes answers into structs and prints tables of them, so
that a field that is missing or of another type is an error of the command.
"""

import json

from api import ADMINISTRATOR, quoted, run, run_tool
from harness import case, expect_equal, expect_in, wait_until


def tool(api, *arguments, vhost="/", fails=False):
    name, password = ADMINISTRATOR
    command = [str(api.folder / "rabbitmqadmin_v2" / "bin" / "rabbitmqadmin"), "--host", api.host,
               "--port", str(api.port), "--username", name, "--password", password,
               "--vhost", vhost, "--non-interactive", *arguments]
    return run_tool(command, api.folder, fails)


def node(api):
    return api.get("/overview")["node"]


def expect_words(text, *words):
    for one in words:
        expect_in(one, text, "the output")


@case
def lists_every_kind(api):
    for kind, word in (
            ("vhosts", "/"), ("vhost_limits", ""), ("queues", "management.traffic"),
            ("exchanges", "amq.topic"), ("bindings", "management.traffic"), ("policies", ""),
            ("operator_policies", ""), ("users", "administrator"), ("permissions", ".*"),
            ("user_limits", ""), ("feature_flags", "quorum_queue")):
        expect_words(tool(api, "list", kind), word)
    for kind, word in (("connections", "guest"), ("channels", "(1)")):  # a moment after the others
        wait_until(lambda pair=(kind, word): pair[1] in tool(api, "list", pair[0]), kind)
    if not api.is_before((4, 0)):  # with the fields being_drained and consumer_timeout
        expect_words(tool(api, "list", "consumers"), "management-consumer")
        expect_words(tool(api, "list", "nodes"), node(api))
    tool(api, "list", "parameters", "--component", "operator_policy")
    expect_words(tool(api, "list", "user_connections", "--username", "guest"), "guest")


@case
def lists_pages(api):
    with api.vhost() as vhost:
        for name in ("one", "two", "three"):
            tool(api, "declare", "queue", "--name", name, vhost=vhost)
        shown = tool(api, "list", "queues", "--page", "1", "--page-size", "2", vhost=vhost)
        expect_equal(sum(shown.count(name) for name in ("one", "two", "three")), 2, shown)
    if not api.is_before((4, 0)):  # which gives all of these at once
        for kind in ("users", "exchanges", "connections", "channels"):
            tool(api, "list", kind, "--page", "1", "--page-size", "1")


@case
def shows_the_broker(api):
    name = node(api)
    expect_words(tool(api, "show", "overview"), "RabbitMQ version",
                 api.get("/overview")["rabbitmq_version"], "Connections")
    expect_words(tool(api, "show", "churn"), "onnections opened")
    tool(api, "show", "endpoint")
    if api.is_before((4, 0)):  # without the metadata store
        return
    expect_words(tool(api, "show", "memory_breakdown_in_bytes", "--node", name), "otal")
    expect_words(tool(api, "show", "memory_breakdown_in_percent", "--node", name), "%")
    tool(api, "nodes", "memory_breakdown_in_bytes", "--node", name)
    tool(api, "show", "memory_breakdown_in_bytes", "--node", "rabbit@nobody", fails=True)


@case
def checks_health(api):
    tool(api, "health_check", "local_alarms")
    tool(api, "health_check", "cluster_wide_alarms")
    tool(api, "health_check", "node_is_quorum_critical")
    tool(api, "health_check", "port_listener", "--port", str(api.amqp_port))
    tool(api, "health_check", "protocol_listener", "--protocol", "amqp")
    tool(api, "health_check", "port_listener", "--port", "9", fails=True)
    tool(api, "health_check", "protocol_listener", "--protocol", "stomp", fails=True)


@case
def feature_flags_and_deprecated_features(api):
    expect_words(tool(api, "feature_flags", "list"), "enabled")
    tool(api, "feature_flags", "enable", "--name", "quorum_queue")
    tool(api, "feature_flags", "enable_all")
    tool(api, "feature_flags", "enable", "--name", "nobody_knows", fails=True)
    if not api.is_before((3, 13)):
        tool(api, "deprecated_features", "list")
        tool(api, "deprecated_features", "list_used")
        tool(api, "list", "deprecated_features")
        tool(api, "list", "deprecated_features_in_use")


@case
def plugins_and_login_attempts(api):
    if not api.is_before((4, 0)):
        tool(api, "plugins", "list_all")
        tool(api, "plugins", "list_on_node", "--node", node(api))
    expect_words(tool(api, "auth_attempts", "stats", "--node", node(api)), "amqp")


@case
def queues_and_streams(api):
    with api.vhost() as vhost:
        for kind in ("classic", "quorum"):
            tool(api, "queues", "declare", "--name", kind, "--type", kind, "--durable", "true",
                 "--arguments", '{"x-max-length": 7}', vhost=vhost)
        tool(api, "queues", "declare", "--name", "quorum", "--type", "quorum", "--durable", "true",
             "--arguments", '{"x-max-length": 7}', vhost=vhost)
        tool(api, "streams", "declare", "--name", "stream", "--expiration", "1D",
             "--max-length-bytes", "1000000", vhost=vhost)
        shown = tool(api, "queues", "list", vhost=vhost)
        expect_words(shown, "classic", "quorum", "stream")
        expect_words(tool(api, "streams", "list", vhost=vhost), "stream")
        for name in ("classic", "quorum"):
            expect_words(tool(api, "queues", "show", "--name", name, vhost=vhost), name)
        expect_words(tool(api, "streams", "show", "--name", "stream", vhost=vhost), "stream")
        expect_equal(api.get(f"/queues/{quoted(vhost)}/classic")["arguments"]["x-max-length"], 7,
                     "arguments")
        tool(api, "queues", "purge", "--name", "classic", vhost=vhost)
        tool(api, "purge", "queue", "--name", "classic", vhost=vhost)
        tool(api, "queues", "delete", "--name", "classic", vhost=vhost)
        tool(api, "queues", "delete", "--name", "classic", vhost=vhost, fails=True)
        tool(api, "queues", "delete", "--name", "classic", "--idempotently", vhost=vhost)
        tool(api, "streams", "delete", "--name", "stream", vhost=vhost)
        tool(api, "queues", "delete_multiple", "--name-pattern", "^quo", "--approve", vhost=vhost)
        expect_equal(api.get(f"/queues/{quoted(vhost)}"), [], "all are deleted")
        tool(api, "queues", "rebalance")
        tool(api, "rebalance", "queues")


@case
def exchanges_and_bindings(api):
    with api.vhost() as vhost:
        tool(api, "exchanges", "declare", "--name", "x", "--type", "topic", "--durable", "true",
             vhost=vhost)
        tool(api, "declare", "exchange", "--name", "y", "--type", "fanout", vhost=vhost)
        tool(api, "declare", "queue", "--name", "q", vhost=vhost)
        expect_words(tool(api, "exchanges", "list", vhost=vhost), "topic", "fanout")
        tool(api, "bindings", "declare", "--source", "x", "--destination-type", "queue",
             "--destination", "q", "--routing-key", "a.#", "--arguments", '{"n": 1}', vhost=vhost)
        tool(api, "exchanges", "bind", "--source", "x", "--destination-type", "exchange",
             "--destination", "y", "--routing-key", "k", vhost=vhost)
        tool(api, "declare", "binding", "--source", "y", "--destination-type", "queue",
             "--destination", "q", "--routing-key", "", vhost=vhost)
        expect_words(tool(api, "bindings", "list", vhost=vhost), "a.#")
        expect_equal(len(api.get(f"/bindings/{quoted(vhost)}/e/x/q/q")), 1, "bindings of the queue")
        tool(api, "bindings", "delete", "--source", "x", "--destination-type", "queue",
             "--destination", "q", "--routing-key", "a.#", "--arguments", '{"n": 1}', vhost=vhost)
        tool(api, "exchanges", "unbind", "--source", "x", "--destination-type", "exchange",
             "--destination", "y", "--routing-key", "k", vhost=vhost)
        expect_equal(api.get(f"/exchanges/{quoted(vhost)}/x/bindings/source"), [], "after that")
        tool(api, "exchanges", "delete", "--name", "x", vhost=vhost)
        tool(api, "delete", "exchange", "--name", "y", vhost=vhost)


@case
def vhosts(api):
    name = api.name("vhost")
    tool(api, "vhosts", "declare", "--name", name, "--description", "some words",
         "--default-queue-type", "quorum")
    expect_words(tool(api, "vhosts", "list"), name, "some words")
    if not api.is_before((4, 1)):
        tool(api, "vhosts", "enable_deletion_protection", "--name", name)
        tool(api, "vhosts", "delete", "--name", name, fails=True)
        tool(api, "vhosts", "disable_deletion_protection", "--name", name)
    tool(api, "vhosts", "delete", "--name", name)
    tool(api, "vhosts", "delete", "--name", name, fails=True)
    tool(api, "declare", "vhost", "--name", name)
    tool(api, "vhosts", "delete_multiple", "--name-pattern", f"^{name}$", "--approve")
    api.expect(404, "GET", f"/vhosts/{name}")


@case
def users_and_permissions(api):
    name = api.name("user")
    with api.vhost() as vhost:
        tool(api, "users", "declare", "--name", name, "--password", "secret", "--tags",
             "monitoring")
        try:
            expect_equal(api.get("/whoami", user=(name, "secret"))["name"], name, "its login")
            tool(api, "permissions", "declare", "--username", name, "--configure", "^c", "--read",
                 ".*", "--write", "", vhost=vhost)
            expect_words(tool(api, "permissions", "list"), name, "^c")
            expect_words(tool(api, "users", "list"), name, "monitoring")
            expect_words(tool(api, "users", "permissions"), name)
            tool(api, "users", "connections", "--username", name)
            tool(api, "user_limits", "declare", "--username", name, "--name", "max-connections",
                 "--value", "5")
            expect_words(tool(api, "user_limits", "list", "--username", name), "max-connections")
            expect_words(tool(api, "users", "limits", "--username", name), "max-connections")
            tool(api, "user_limits", "delete", "--username", name, "--name", "max-connections")
            tool(api, "permissions", "delete", "--username", name, vhost=vhost)
        finally:
            tool(api, "users", "delete", "--name", name)
        tool(api, "users", "delete", "--name", name, fails=True)
        tool(api, "users", "delete", "--name", name, "--idempotently")


@case
def policies(api):
    with api.vhost() as vhost:
        for group in ("policies", "operator_policies"):
            tool(api, group, "declare", "--name", "p", "--pattern", "^a", "--apply-to", "queues",
                 "--priority", "3", "--definition", '{"max-length": 5, "expires": 600000}',
                 vhost=vhost)
            expect_words(tool(api, group, "list"), "max-length")
            expect_words(tool(api, group, "list_in", vhost=vhost), "max-length")
            expect_words(tool(api, group, "list_matching_object", "--name", "abc", "--type",
                              "queues", vhost=vhost), "max-length")
            tool(api, group, "patch", "--name", "p", "--definition", '{"max-length": 6}',
                 vhost=vhost)
            tool(api, group, "update_definition", "--name", "p", "--definition-key",
                 "max-length-bytes", "--new-value", "1000", vhost=vhost)
            tool(api, group, "delete_definition_keys", "--name", "p", "--definition-keys",
                 "expires", vhost=vhost)
            path = f"/{group.replace('_', '-')}/{quoted(vhost)}/p"
            got = api.get(path)
            expect_equal((got["definition"], got["priority"], got["pattern"]),
                         ({"max-length": 6, "max-length-bytes": 1000}, 3, "^a"), group)
        tool(api, "policies", "declare_override", "--name", "p", "--override-name", "o",
             "--definition", '{"max-length": 9}', vhost=vhost)
        tool(api, "policies", "declare_blanket", "--name", "b", "--apply-to", "queues",
             "--definition", '{"expires": 700000}', vhost=vhost)
        tool(api, "policies", "list_conflicting_in", vhost=vhost)
        for group, names in (("policies", ("p", "o", "b")), ("operator_policies", ("p",))):
            for name in names:
                tool(api, group, "delete", "--name", name, vhost=vhost)
        tool(api, "policies", "delete", "--name", "p", vhost=vhost, fails=True)


@case
def limits_and_parameters(api):
    with api.vhost() as vhost:
        tool(api, "vhost_limits", "declare", "--name", "max-queues", "--value", "3", vhost=vhost)
        expect_words(tool(api, "vhost_limits", "list", vhost=vhost), "max-queues")
        tool(api, "vhost_limits", "delete", "--name", "max-queues", vhost=vhost)
        tool(api, "parameters", "list_all")
        tool(api, "parameters", "list", "--component", "vhost-limits", vhost=vhost)
        tool(api, "parameters", "set", "--component", "nobody-knows", "--name", "a", "--value",
             "{}", vhost=vhost, fails=True)
        name = api.name("parameter")
        tool(api, "global_parameters", "set", "--name", name, "--value", '{"a": [1, true]}')
        expect_words(tool(api, "global_parameters", "list"), name)
        expect_equal(api.get(f"/global-parameters/{name}")["value"], {"a": [1, True]}, "its value")
        tool(api, "global_parameters", "clear", "--name", name)


@case
def messages(api):
    with api.vhost() as vhost:
        tool(api, "declare", "queue", "--name", "q", vhost=vhost)
        tool(api, "publish", "message", "--routing-key", "q", "--payload", "hello", "--properties",
             '{"delivery_mode": 2, "headers": {"a": "b"}}', vhost=vhost)
        got = tool(api, "get", "messages", "--queue", "q", "--ack-mode", "ack_requeue_false",
                   vhost=vhost)
        expect_words(got, "hello", "delivery_mode")
        tool(api, "get", "messages", "--queue", "nobody", vhost=vhost, fails=True)


@case
def definitions(api):
    path = str(api.folder / "v2.json")
    with api.vhost() as vhost:
        tool(api, "declare", "queue", "--name", "q", "--durable", "true", vhost=vhost)
        tool(api, "definitions", "export", "--file", path)
        with open(path, encoding="utf-8") as stream:
            written = json.load(stream)
        expect_equal([one["name"] for one in written["queues"] if one["vhost"] == vhost], ["q"],
                     "queues")
        expect_equal(type(json.loads(tool(api, "definitions", "export", "--stdout"))), dict, "text")
        tool(api, "export", "definitions", "--file", path)
        tool(api, "delete", "queue", "--name", "q", vhost=vhost)
        tool(api, "definitions", "import", "--file", path)
        api.get(f"/queues/{quoted(vhost)}/q")
        tool(api, "definitions", "export_from_vhost", "--file", path, vhost=vhost)
        with api.vhost() as other:
            tool(api, "definitions", "import_into_vhost", "--file", path, vhost=other)
            api.get(f"/queues/{quoted(other)}/q")


@case
def definitions_with_transformations(api):
    """As for a migration: without users, and without what only classic mirrored queues had."""
    path = str(api.folder / "transformed.json")
    tool(api, "definitions", "export", "--file", path, "--transformations",
         "strip_cmq_keys_from_policies,drop_empty_policies,exclude_users,exclude_permissions")
    with open(path, encoding="utf-8") as stream:
        expect_equal(json.load(stream).get("users", []), [], "users")


@case
def connections(api):
    name = api.name("victim")
    with api.amqp(connection_name=name) as link:
        def listed():
            return [one["name"] for one in api.get("/connections")
                    if one.get("client_properties", {}).get("connection_name") == name]
        (found,) = wait_until(listed, "the connection")
        wait_until(lambda: found in tool(api, "connections", "list"), "it is shown")
        expect_words(tool(api, "connections", "list_of_user", "--username", "guest"), "guest")
        tool(api, "connections", "close", "--name", found)
        expect_equal(_told(link), True, "the client was told")
        wait_until(lambda: not listed(), "its end")
    tool(api, "close", "connection", "--name", "nobody", fails=True)
    if not api.is_before((3, 11)):
        tool(api, "connections", "close_of_user", "--username", "nobody")


def _told(link):
    try:
        link.process_data_events(time_limit=5)
    except Exception as error:  # noqa: BLE001 - which one depends on how far it was
        return "CONNECTION_FORCED" in str(error)
    return False


@case
def shovels_and_federation(api):
    tool(api, "shovels", "list_all")
    tool(api, "shovels", "list")
    tool(api, "federation", "list_all_upstreams")
    tool(api, "federation", "list_all_links")


@case
def refusals(api):
    said = tool(api, "queues", "show", "--name", "management.nobody", fails=True)
    expect_words(said, "404")
    command = [str(api.folder / "rabbitmqadmin_v2" / "bin" / "rabbitmqadmin"), "--host", api.host,
               "--port", str(api.port), "--username", "guest", "--password", "wrong", "show",
               "overview"]
    run_tool(command, api.folder, fails=True)


run()
