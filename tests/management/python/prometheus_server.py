"""A real Prometheus scrapes the broker, and evaluates what RabbitMQ's Grafana dashboards ask for
(dashboards.txt). promtool reads what each endpoint says.

The messages that are counted are those of traffic.py.
"""

import atexit
import contextlib
import functools
import json
import math
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.error
import urllib.parse
import urllib.request

from api import TESTS, free_port, quoted, run
from harness import case, expect_equal, expect_in, wait_until

NAMESPACE = "lepus-test"
SAMPLES = 12  # enough for the rates of some seconds
RATE_INTERVAL, RANGE = "8s", "1m"
JOBS = {"aggregated": "/metrics", "per-object": "/metrics/per-object",
        "detailed": "/metrics/detailed?family=queue_coarse_metrics&family=queue_consumer_count"}
FAMILIES = (
    "connection_churn_metrics", "node_coarse_metrics", "node_metrics", "auth_attempt_metrics",
    "queue_coarse_metrics", "queue_consumer_count", "queue_metrics", "channel_metrics",
    "channel_exchange_metrics", "channel_queue_metrics", "connection_coarse_metrics",
    "connection_metrics", "vhost_status", "exchange_bindings", "exchange_names")
# Names that alerts and other dashboards use, of each endpoint.
NAMES = """
    rabbitmq_alarms_free_disk_space_watermark rabbitmq_alarms_memory_used_watermark
    rabbitmq_auth_attempts_failed_total rabbitmq_auth_attempts_succeeded_total
    rabbitmq_auth_attempts_total rabbitmq_build_info rabbitmq_channel_consumers
    rabbitmq_channel_messages_unacked rabbitmq_channel_messages_unconfirmed
    rabbitmq_channel_prefetch rabbitmq_channels rabbitmq_channels_closed_total
    rabbitmq_channels_opened_total rabbitmq_connection_channels
    rabbitmq_connection_incoming_bytes_total rabbitmq_connection_outgoing_bytes_total
    rabbitmq_connections rabbitmq_connections_closed_total rabbitmq_connections_opened_total
    rabbitmq_consumers rabbitmq_disk_space_available_bytes
    rabbitmq_disk_space_available_limit_bytes rabbitmq_global_consumers
    rabbitmq_global_messages_acknowledged_total rabbitmq_global_messages_confirmed_total
    rabbitmq_global_messages_dead_lettered_expired_total
    rabbitmq_global_messages_dead_lettered_maxlen_total
    rabbitmq_global_messages_dead_lettered_rejected_total
    rabbitmq_global_messages_delivered_consume_auto_ack_total
    rabbitmq_global_messages_delivered_consume_manual_ack_total
    rabbitmq_global_messages_delivered_get_auto_ack_total
    rabbitmq_global_messages_delivered_get_manual_ack_total
    rabbitmq_global_messages_delivered_total rabbitmq_global_messages_get_empty_total
    rabbitmq_global_messages_received_confirm_total rabbitmq_global_messages_received_total
    rabbitmq_global_messages_redelivered_total rabbitmq_global_messages_routed_total
    rabbitmq_global_messages_unroutable_dropped_total
    rabbitmq_global_messages_unroutable_returned_total rabbitmq_global_publishers
    rabbitmq_identity_info rabbitmq_process_max_fds rabbitmq_process_open_fds
    rabbitmq_process_resident_memory_bytes rabbitmq_queue_consumers rabbitmq_queue_messages
    rabbitmq_queue_messages_bytes rabbitmq_queue_messages_persistent
    rabbitmq_queue_messages_ready rabbitmq_queue_messages_unacked rabbitmq_queues
    rabbitmq_queues_created_total rabbitmq_queues_declared_total rabbitmq_queues_deleted_total
    rabbitmq_resident_memory_limit_bytes""".split()
ONLY_AGGREGATED = {"rabbitmq_alarms_free_disk_space_watermark",
                   "rabbitmq_alarms_memory_used_watermark"}
# Panels that a broker may leave empty, and why; all others have to show something.
EMPTY_ALLOWED = {
    "RabbitMQ-Quorum-Queues-Raft": "queues of one node write no Raft log that could be shown",
    "RabbitMQ-Stream": "there is no listener of the stream protocol",
}
# What appeared in RabbitMQ 4.0.
SINCE_4_0 = {"Avg Size", "Message Size Distribution"}
# Panels whose value traffic.py keeps above zero.
ABOVE_ZERO = {
    "Outgoing messages / s", "Publishers", "Connections", "Queues", "Incoming messages / s",
    "Consumers", "Channels", "Nodes", "versions", "Memory available before publishers blocked",
    "Disk space available before publishers blocked", "File descriptors available",
    "Messages published / s", "Avg Size", "Messages routed to queues / s",
    "Messages confirmed to publishers / s", "Unroutable messages dropped & returned / s",
    "Messages delivered / s", "Messages redelivered / s", "Messages delivered with manual ack / s",
    "Messages delivered auto ack / s", "Messages acknowledged / s",
    "Polling operations with auto ack / s", "Polling operations that yield no result / s",
    "Polling operations with manual ack / s", "Total queues", "Queues declared / s",
    "Queues created / s", "Queues deleted / s", "Total channels", "Channels opened / s",
    "Channels closed / s", "Total connections",
}
SELECTED = 'rabbitmq_cluster="{cluster}",namespace="{namespace}",rabbitmq_endpoint="{endpoint}"'
JOINED = "* on(instance, job) group_left({labels}) rabbitmq_identity_info{{{selected}}}"


@functools.cache
def read_queries():
    """[dashboard, panel, expression] with the variables of the dashboards still in it."""
    dashboard, panel, queries = None, None, []
    for line in (TESTS / "management" / "dashboards.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("== "):
            dashboard = line[3:]
        elif line.startswith("-- "):
            panel = line[3:]
        elif line.startswith("    "):
            queries[-1][2] += " " + line.strip()
        elif line and not line.startswith("#"):
            queries.append([dashboard, panel, line])
    return queries


def filled(expression, cluster, endpoint):
    """The expression as Grafana would send it."""
    selected = SELECTED.format(cluster=cluster, namespace=NAMESPACE, endpoint=endpoint)
    for name, text in (
            ("@cluster", JOINED.format(labels="rabbitmq_cluster", selected=selected)),
            ("@node", JOINED.format(labels="rabbitmq_cluster, rabbitmq_node", selected=selected)),
            ("@identity", f"rabbitmq_identity_info{{{selected}}}"),
            ("$__rate_interval", RATE_INTERVAL), ("$__range", RANGE)):
        expression = expression.replace(name, text)
    return expression


class Prometheus:
    """A server of this run, which ends with the program."""

    def __init__(self, api):
        self._folder = tempfile.mkdtemp(prefix="lepus-prometheus-")
        self._port = free_port()
        target = urllib.parse.urlsplit(api.metrics_url).netloc
        config = {"global": {"scrape_interval": "1s", "scrape_timeout": "1s"}, "scrape_configs": [
            {"job_name": name, "metrics_path": urllib.parse.urlsplit(path).path,
             "params": urllib.parse.parse_qs(urllib.parse.urlsplit(path).query),
             "static_configs": [{"targets": [target], "labels": {"namespace": NAMESPACE}}]}
            for name, path in JOBS.items()]}
        with open(f"{self._folder}/prometheus.yml", "w", encoding="utf-8") as out:
            json.dump(config, out)  # JSON is YAML
        self._log = open(f"{self._folder}/log", "wb")  # noqa: SIM115  (closed in stop)
        self._process = subprocess.Popen(
            [api.folder / "prometheus" / "usr" / "bin" / "prometheus",
             f"--config.file={self._folder}/prometheus.yml",
             f"--storage.tsdb.path={self._folder}/data", "--log.level=warn",
             f"--web.listen-address=127.0.0.1:{self._port}"],
            cwd=self._folder, stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log)
        atexit.register(self.stop)

    def stop(self):
        self._process.kill()
        self._process.wait()
        self._log.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def ask(self, path, **parameters):
        """The data of an answer; an error of Prometheus is raised with its text."""
        url = f"http://127.0.0.1:{self._port}/api/v1/{path}"
        query = urllib.parse.urlencode(parameters, doseq=True)
        try:
            with urllib.request.urlopen(f"{url}?{query}", timeout=20) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            raise AssertionError(error.read().decode()) from error

    def values(self, expression):
        """The numbers of an instant vector."""
        return [float(one["value"][1]) for one in self.ask("query", query=expression)["result"]]

    def has_scraped(self):
        # It refuses queries, and then connections, while it starts.
        with contextlib.suppress(OSError, AssertionError):
            counts = self.values("count_over_time(up[1m])")
            return len(counts) == len(JOBS) and min(counts) >= SAMPLES
        return False


server = None


@case
def scrapes_all_endpoints(api):
    global server  # started once for all cases, before the first of them
    server = Prometheus(api)
    wait_until(server.has_scraped, "enough samples", seconds_max=35)
    for target in server.ask("targets")["activeTargets"]:
        expect_equal((target["health"], target["lastError"]), ("up", ""), target["scrapeUrl"])


@case
def fills_the_variables_of_the_dashboards(api):
    """Each dashboard chooses a namespace, then a cluster of it, then an endpoint."""
    def values(label, selector):
        return server.ask(f"label/{label}/values",
                          **{"match[]": f"rabbitmq_identity_info{selector}"})
    expect_equal(values("namespace", ""), [NAMESPACE], "namespaces")
    (cluster,) = values("rabbitmq_cluster", f'{{namespace="{NAMESPACE}"}}')
    expect_equal(cluster, api.get("/cluster-name")["name"], "cluster")
    endpoints = values("rabbitmq_endpoint", f'{{namespace="{NAMESPACE}",'
                       f'rabbitmq_cluster="{cluster}",rabbitmq_endpoint!="memory-breakdown"}}')
    if not api.is_before((4, 0)):
        expect_equal(endpoints, ["aggregated", "detailed", "per-object"], "endpoints")


def evaluate(api, dashboard, endpoint):
    """Sends each query of a dashboard; all that is wrong is reported at once."""
    old = api.is_before((4, 0))
    cluster, wrong = api.get("/cluster-name")["name"], []
    for _, panel, expression in [one for one in read_queries() if one[0] == dashboard]:
        try:
            got = server.values(filled(expression, cluster, "" if old else endpoint))
        except AssertionError as error:
            wrong.append(f"{panel}: {error} for {expression}")
            continue
        allowed = dashboard in EMPTY_ALLOWED or (old and panel in SINCE_4_0)
        if not allowed and (not got or any(map(math.isnan, got))):
            wrong.append(f"{panel}: {got or 'nothing'} for {expression}")
        elif not allowed and panel in ABOVE_ZERO and min(got) <= 0 and not (
                old and panel == "Publishers"):  # 3.10 counts them below zero
            wrong.append(f"{panel}: {got} for {expression}")
    if wrong:
        print("\n".join(wrong), file=sys.stderr)
        raise AssertionError(f"{len(wrong)} panels: " + "; ".join(wrong))


@case
def overview_dashboard(api):
    evaluate(api, "RabbitMQ-Overview", "aggregated")


@case
def overview_dashboard_per_object(api):
    evaluate(api, "RabbitMQ-Overview", "per-object")


@case
def quorum_queues_dashboard(api):
    evaluate(api, "RabbitMQ-Quorum-Queues-Raft", "aggregated")


@case
def stream_dashboard(api):
    evaluate(api, "RabbitMQ-Stream", "aggregated")


@case
def sizes_of_messages_add_up(api):
    """The panel asks for each of these buckets by its exact name."""
    if api.is_before((4, 0)):
        return
    cluster = api.get("/cluster-name")["name"]
    sizes = [expression for dashboard, panel, expression in read_queries()
             if panel == "Message Size Distribution"]
    expect_equal(len(sizes), 9, "sizes")
    shares = [server.values(filled(one, cluster, "aggregated"))[0] for one in sizes]
    expect_equal(round(sum(shares), 6), 1.0, f"sum of {shares}")
    if not all(share > 0.1 for share in shares[:4]):  # of 10, 500, 5,000 and 50,000 bytes
        raise AssertionError(f"shares of the sizes that are sent: {shares}")


@case
def numbers_agree_with_the_management_api(api):
    def agrees(expression, number):
        wait_until(lambda: server.values(expression) == [number()], expression)
    agrees('sum(rabbitmq_connections{job="aggregated"})', lambda: len(api.get("/connections")))
    agrees('sum(rabbitmq_queue_consumers{job="per-object",queue="management.traffic"})', lambda: 1)
    agrees('sum(rabbitmq_detailed_queue_consumers{job="detailed",queue="management.traffic"})',
           lambda: 1)
    for name in ("published", "acked"):
        expect_equal(len(server.ask("query", query=f"rabbitmq_channel_messages_{name}_total"
                                    '{job="per-object"}')["result"]) > 0, True, name)


def scrape(api, path):
    with urllib.request.urlopen(api.metrics_url + path, timeout=20) as answer:
        return answer.read().decode()


def names_in(text):
    """Metrics with a sample, histograms by the name of their family."""
    return {re.sub(r"_(bucket|sum|count)$", "", line.split("{")[0].split(" ")[0])
            for line in text.splitlines() if line and not line.startswith("#")}


@case
def has_the_names_that_alerts_use(api):
    for path, left_out in (("/metrics", set()), ("/metrics/per-object", ONLY_AGGREGATED)):
        missing = set(NAMES) - left_out - names_in(scrape(api, path))
        expect_equal(sorted(missing), [], f"missing in {path}")


@case
def promtool_accepts_each_endpoint(api):
    """Names that RabbitMQ gave to what the Erlang VM does are not to its liking."""
    tool = api.folder / "prometheus" / "usr" / "bin" / "promtool"
    for path in ("/metrics", "/metrics/per-object", "/metrics/memory-breakdown",
                 *(f"/metrics/detailed?family={name}" for name in FAMILIES)):
        if path == "/metrics/memory-breakdown" and api.is_before((4, 0)):
            continue
        done = subprocess.run([tool, "check", "metrics"], input=scrape(api, path), text=True,
                              capture_output=True, check=False)
        complaints = [line for line in (done.stdout + done.stderr).splitlines()
                      if not line.startswith("erlang_")]
        expect_equal(complaints, [], path)


@case
def detailed_families_have_their_prefix(api):
    for family in FAMILIES:
        names = names_in(scrape(api, f"/metrics/detailed?family={family}"))
        own = {name for name in names
               if name.startswith(("rabbitmq_detailed_", "rabbitmq_cluster_"))}
        if not own:
            raise AssertionError(f"{family}: only {sorted(names)}")


@case
def detailed_metrics_of_one_vhost_or_queue(api):
    with api.vhost() as vhost:
        api.expect(201, "PUT", f"/queues/{quoted(vhost)}/q", {"durable": True})

        def queues(more):
            text = scrape(api, f"/metrics/detailed?family=queue_coarse_metrics{more}")
            return set(re.findall(r'rabbitmq_detailed_queue_messages\{.*?queue="([^"]*)"', text))
        wait_until(lambda: queues(f"&vhost={quoted(vhost)}") == {"q"}, "of one vhost")
        if "management.traffic" not in queues(""):
            raise AssertionError("not all queues without a vhost")


@case
def answers_as_scrapers_expect(api):
    with urllib.request.urlopen(api.metrics_url + "/metrics", timeout=20) as answer:
        expect_in("text/plain", answer.headers["content-type"], "type")
    request = urllib.request.Request(api.metrics_url + "/metrics",
                                     headers={"Accept-Encoding": "gzip"})
    with urllib.request.urlopen(request, timeout=20) as answer:
        expect_in(answer.headers.get("content-encoding") or "none", "gzip none", "encoding")
        answer.read()
    try:
        scrape(api, "/metrics/nothing/here")
        raise AssertionError("a path nobody knows was answered")
    except urllib.error.HTTPError as error:
        expect_equal(error.code, 404, "a path nobody knows")


run()
