"""oslo.messaging end to end: three RPC servers in processes of their own, a client, notifications.

OpenStack services use a broker in just this way: topics shared by servers, a queue for each
server, a fanout queue for each server, and one reply queue for a client.
"""

import logging
import os
import pathlib
import queue
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "python")]

import kombu  # noqa: E402
import oslo_messaging  # noqa: E402
from oslo_config import cfg  # noqa: E402

from harness import Broker, case, expect_equal, expect_in, main, wait_until  # noqa: E402
from tls_options import tls_options  # noqa: E402

SERVERS = ("north", "east", "south")

broker_at = Broker(*sys.argv[1:3])
url = f"rabbit://guest:guest@{broker_at.host}:{broker_at.port}//"
exchange = broker_at.name("oslo")
topic = broker_at.name("topic")
children = []

# Errors of the servers are what the cases ask for; their tracebacks would only hide real ones.
logging.basicConfig(level=logging.CRITICAL + 1)
conf = cfg.CONF
CONF_FILE = os.environ.get("E2E_OSLO_CONF", str(HERE / "oslo.conf"))
conf([], project="e2e", default_config_files=[CONF_FILE], default_config_dirs=[])
oslo_messaging.set_transport_defaults(exchange)
transport = oslo_messaging.get_rpc_transport(conf, url=url)


def start_servers(_broker):
    for name in SERVERS:
        children.append(subprocess.Popen(
            [sys.executable, str(HERE / "oslo_server.py"), url, topic, name, exchange],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        ))
    for child in children:
        line = child.stdout.readline().strip()
        if line != "serving":
            raise AssertionError(f"RPC server did not start, it said {line!r}")


def delete_names(queues, exchanges):
    """Deletes what oslo.messaging leaves behind until its queues expire by themselves."""
    with kombu.Connection(broker_at.url, ssl=tls_options()) as connection:
        channel = connection.channel()
        for name in queues:
            channel.queue_delete(name)
        for name in exchanges:
            channel.exchange_delete(name)


def stop_servers(_broker):
    for child in children:
        child.stdin.close()
    for name, child in zip(SERVERS, children):
        try:
            code = child.wait(20)
        except subprocess.TimeoutExpired:
            child.kill()
            code = "no exit within 20 s of the end of its input"
        if code != 0:
            print(f"FAIL server_{name}_stops: {code}", flush=True)
    transport.cleanup()
    delete_names([topic, f"{topic}_fanout"] + [f"{topic}.{name}" for name in SERVERS],
                 [exchange, f"{topic}_fanout"])


def client(timeout=20, **target):
    return oslo_messaging.get_rpc_client(
        transport, oslo_messaging.Target(topic=topic, namespace="e2e", version="1.0", **target),
        timeout=timeout,
    )


def notes_of(server):
    return client().prepare(server=server).call({}, "seen")


@case
def calls_are_shared_by_the_servers(_broker):
    answered = set()
    for n in range(30):
        answer = client().call({}, "multiply", a=n, b=7)
        expect_equal(answer["product"], 7 * n, "the product")
        answered.add(answer["server"])
    expect_equal(answered, set(SERVERS), "servers that answered 30 calls")


@case
def context_goes_along(_broker):
    context = {"user": "somebody", "nested": {"list": [1, 2, 3], "none": None}, "text": "ünïcode"}
    got = client().call(context, "context_of")
    expect_equal({key: got[key] for key in context}, context, "the context at the server")


@case
def remote_exception_comes_back(_broker):
    try:
        client().call({}, "refuse", why="told off")
    except ValueError as error:
        expect_in("told off", error, "the text of the exception")
        return
    raise AssertionError("the call that fails gave a result")


@case
def unknown_method_is_refused(_broker):
    try:
        client().call({}, "no_such_method")
    except oslo_messaging.RemoteError as error:
        expect_equal(error.exc_type, "NoSuchMethod", "remote error")
        return
    raise AssertionError("the unknown method gave a result")


@case
def call_without_a_server_times_out(_broker):
    """The request is published to an exchange where nothing is bound for it: nobody answers."""
    try:
        client(timeout=1).prepare(server="nobody").call({}, "multiply", a=1, b=1)
    except oslo_messaging.MessagingTimeout as error:
        expect_in("Timed out waiting for a reply", error, "the time-out")
        return
    raise AssertionError("a server that is not there gave a result")


@case
def cast_reaches_one_server(_broker):
    client().cast({}, "note", text="to anyone")

    def receivers():
        return [server for server in SERVERS if "to anyone" in notes_of(server)]

    expect_equal(len(wait_until(receivers, "a server got the cast")), 1, "servers with the cast")


@case
def call_to_one_named_server(_broker):
    for server in SERVERS:
        for _ in range(3):
            answer = client().prepare(server=server).call({}, "multiply", a=2, b=2)
            expect_equal(answer["server"], server, "the server that answered")


@case
def fanout_cast_reaches_all_servers(_broker):
    for n in range(5):
        client().prepare(fanout=True).cast({}, "note", text=f"to all {n}")
    wanted = [f"to all {n}" for n in range(5)]
    for server in SERVERS:
        # Handlers run in a pool, so only the set of what arrived is promised.
        wait_until(lambda s=server: sorted(t for t in notes_of(s) if t in wanted) == wanted,
                   f"{server} has each of the 5 fanout casts once")


class Recorder:
    """A notification endpoint for the priorities `info` and `error`; refuses the first error."""

    def __init__(self):
        self.got = queue.Queue()
        self.refused = False

    def info(self, _context, publisher, event, payload, _metadata):
        self.got.put(("info", publisher, event, payload))

    def error(self, _context, publisher, event, payload, _metadata):
        if not self.refused:
            self.refused = True
            return oslo_messaging.NotificationResult.REQUEUE
        self.got.put(("error", publisher, event, payload))
        return oslo_messaging.NotificationResult.HANDLED


class Listener:
    """A notification listener of one pool, started and stopped with `with`."""

    def __init__(self, notify_transport, notify_topic, pool):
        self.recorder = Recorder()
        self.server = oslo_messaging.get_notification_listener(
            notify_transport, [oslo_messaging.Target(topic=notify_topic)], [self.recorder],
            executor="threading", allow_requeue=True, pool=pool,
        )

    def __enter__(self):
        self.server.start()
        return self.recorder

    def __exit__(self, *_error):
        self.server.stop()
        self.server.wait()


@case
def notifications_reach_each_pool(broker):
    notify_topic = broker.name("notifications")
    notify_transport = oslo_messaging.get_notification_transport(conf, url=url)
    notifier = oslo_messaging.Notifier(
        notify_transport, driver="messaging", publisher_id="e2e.here", topics=[notify_topic],
    )
    # The names of pools are those of queues, and other modes run at the same time.
    pools = [broker.name("audit"), broker.name("billing")]
    with Listener(notify_transport, notify_topic, pools[0]) as audit, \
            Listener(notify_transport, notify_topic, pools[1]) as billing:
        notifier.info({}, "volume.created", {"size": 3})
        notifier.error({}, "volume.lost", {"size": 3})
        for recorder in (audit, billing):
            got = sorted(recorder.got.get(timeout=20) for _ in range(2))
            expect_equal(got, [("error", "e2e.here", "volume.lost", {"size": 3}),
                               ("info", "e2e.here", "volume.created", {"size": 3})],
                         "notifications of a pool (the error after it was requeued once)")
            expect_equal(recorder.refused, True, "the first error was refused")
    notify_transport.cleanup()
    queues = [f"{notify_topic}.{level}" for level in ("info", "error")] + pools
    delete_names(queues, [])


if __name__ == "__main__":
    main(before=start_servers, after=stop_servers)
