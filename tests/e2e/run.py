#!/usr/bin/env python3
"""Runs the end-to-end programs against a broker and counts their cases.

  tests/e2e/run.py --dir DIR --port P [--host H]      a broker that already listens
  tests/e2e/run.py --dir DIR --broker PATH            starts PATH itself, and checks how it stops

DIR is what setup.sh has made. Programs run `--jobs` at a time and print `ok CASE` or
`FAIL CASE: reason` for each case and `end` at last; here the lines get the name of the program in
front. A program that ends otherwise, prints no case or takes too long is a failure of its own, and
the end of its standard error is shown. The last line is `e2e: N passed, N failed`; the exit code is
1 when something failed.

The brokers that are started here listen on free loopback ports, with data in a temporary directory:
one for plain connections and TLS, and a strict one for TLS with a client's certificate only. The
programs of TLS run with these only. Each broker has to print a line `lepus ready…` and to exit with
0 after SIGTERM; both count as cases.
"""

import argparse
import concurrent.futures
import contextlib
import pathlib
import shutil
import sys
import tempfile

from broker import Broker, free_port, make_tls_files, tls_settings
from programs import Report, run_program

HERE = pathlib.Path(__file__).resolve().parent


def programs(build):
    """Name → command line before HOST PORT; those that take longest come first."""
    python = str(build / "python" / "bin" / "python")
    table = {
        "celery": [python, str(HERE / "apps" / "celery_tasks.py")],
        "celery_quorum": [python, str(HERE / "apps" / "celery_quorum.py")],
        "oslo_messaging": [python, str(HERE / "apps" / "oslo_messaging_rpc.py")],
        "tutorials": [python, str(HERE / "python" / "tutorials.py")],
    }
    for mode in ("quorum", "topic_quorum", "transient_quorum"):
        table[f"oslo_{mode}"] = [python, str(HERE / "apps" / "oslo_modes.py"), mode]
    for name in ("pika_client", "pika_semantics", "pika_queues", "pika_exchanges",
                 "pika_forwarding", "pika_streams", "pika_events", "py_amqp_client",
                 "kombu_client", "aio_pika_client"):
        table[name] = [python, str(HERE / "python" / f"{name}.py")]
    for name in ("amqplib_client", "cloudamqp_client"):
        table[name] = ["node", str(build / "node" / f"{name}.mjs")]
    java = build / "java"
    table["java_client"] = ["java", "-cp", f"{java}/lib/*:{java}", "JavaClient"]
    table["go_client"] = [str(build / "go" / "e2e")]
    table["lapin_client"] = [str(build / "rust" / "debug" / "lapin-e2e")]
    table["rabbitmq_c_client"] = [str(build / "c" / "e2e")]
    return table


def tls_programs(build):
    """Name → command line before HOST PORT STRICT_PORT DIRECTORY."""
    python, java = str(build / "python" / "bin" / "python"), build / "java"
    return {
        "celery_tls": [python, str(HERE / "apps" / "celery_tls.py")],
        "oslo_tls": [python, str(HERE / "apps" / "oslo_tls.py")],
        "python_tls": [python, str(HERE / "python" / "tls_clients.py")],
        "java_tls": ["java", "-cp", f"{java}/lib/*:{java}", "TlsClient"],
        "node_tls": ["node", str(build / "node" / "tls_clients.mjs")],
        "go_tls": [str(build / "go" / "tls")],
        "lapin_tls": [str(build / "rust" / "debug" / "lapin-tls")],
        "rabbitmq_c_tls": [str(build / "c" / "tls")],
    }


def run_all(options, table, report):
    """`table`: name → whole command line."""
    build = pathlib.Path(options.dir).resolve()
    for source in (HERE / "node").glob("*.mjs"):  # Node finds its packages beside the program
        shutil.copy(source, build / "node")
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        runs = [pool.submit(run_program, name, command, report) for name, command in table.items()
                if (not options.only or name in options.only) and name not in options.skip]
        for run in runs:
            run.result()


def commands(options, host, port, tls_arguments=None):
    """Name → whole command line; programs of TLS are left out without arguments for them."""
    build = pathlib.Path(options.dir).resolve()
    table = {name: [*command, host, str(port)] for name, command in programs(build).items()}
    if tls_arguments:
        table |= {name: [*command, *tls_arguments] for name, command in tls_programs(build).items()}
    return table


def run_with_brokers(options, report):
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="lepus-e2e-"))
        running = stack.enter_context(contextlib.ExitStack())
        make_tls_files(folder)
        port, tls_port, strict_port = (free_port() for _ in range(3))
        brokers = [
            Broker("broker", options.broker,
                   [f"listeners.tcp.default=127.0.0.1:{port}", *tls_settings(folder, tls_port),
                    "shards=2", "channel_flow=true", *options.set], folder),
            Broker("strict_broker", options.broker,
                   ["listeners.tcp=none", *tls_settings(folder, strict_port),
                    "ssl_options.fail_if_no_peer_cert=true", "shards=1"], folder)]
        started = [start(broker, report, running) for broker in brokers]
        if all(started):
            tls_arguments = ["127.0.0.1", str(tls_port), str(strict_port), folder]
            run_all(options, commands(options, "127.0.0.1", port, tls_arguments), report)
        running.close()
        for broker in brokers if report.counts["failed"] else []:
            report.detail(broker.log_path.read_text(encoding="utf-8", errors="replace"))


def start(broker, report, running):
    """Starts it, has the end of `running` stop it, and reports both; whether it is ready."""
    def stop():
        report.case(f"{broker.name}/stops", broker.stop())

    reason = broker.start()
    running.callback(stop)
    report.case(f"{broker.name}/starts", reason)
    return reason is None


def parse(argv):
    tls_names = set(tls_programs(pathlib.Path()))
    names = sorted({*programs(pathlib.Path()), *tls_names})
    parser = argparse.ArgumentParser(
        description="Runs the end-to-end programs.", epilog=f"Programs: {', '.join(names)}")
    parser.add_argument("--dir", required=True, help="build directory made by setup.sh")
    parser.add_argument("--port", type=int, help="port of a broker that already listens")
    parser.add_argument("--host", default="127.0.0.1", help="its address (default 127.0.0.1)")
    parser.add_argument("--broker", help="path of a lepus to start instead")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE",
                        help="further setting of the broker that is started")
    parser.add_argument("--only", action="append", default=[], metavar="NAME", choices=names,
                        help="run this program only (may be repeated)")
    parser.add_argument("--skip", action="append", default=[], metavar="NAME", choices=names,
                        help="leave this program out (may be repeated)")
    parser.add_argument("--jobs", type=int, default=2, help="programs at a time (default 2)")
    options = parser.parse_args(argv)
    if (options.port is None) == (options.broker is None):
        parser.error("give either --port or --broker")
    if options.port and tls_names & set(options.only):
        parser.error("programs of TLS need --broker, with which come certificates they know")
    for made in ("python", "node", "go", "java", "rust", "c"):
        if not (pathlib.Path(options.dir) / f"{made}.stamp").exists():
            parser.error(f"{options.dir}/{made} is not made; run {HERE / 'setup.sh'} {options.dir}")
    return options


def main(argv):
    options = parse(argv)
    report = Report()
    if options.broker:
        run_with_brokers(options, report)
    else:
        run_all(options, commands(options, options.host, options.port), report)
    if not sum(report.counts.values()):
        report.case("run", "no program was chosen")
    print(f"e2e: {report.counts['passed']} passed, {report.counts['failed']} failed")
    return 1 if report.counts["failed"] else 0


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        sys.exit(main(sys.argv[1:]))
    sys.exit(130)
