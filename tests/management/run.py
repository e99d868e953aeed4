#!/usr/bin/env python3
"""Runs tools for RabbitMQ's management API and its metrics against a broker and counts their cases.

  tests/management/run.py --dir DIR --broker PATH          starts that lepus
  tests/management/run.py --dir DIR --rabbitmq FOLDER      starts that RabbitMQ (tests/migration)
  tests/management/run.py --dir DIR --url http://HOST:15672    a broker that already runs
  … --broker PATH --compare --rabbitmq FOLDER              starts both, prints where they differ

DIR is what setup.sh has made. The programs run one after the other, because some export and import
all there is; beside them a program passes messages, so that there are connections, consumers and
rates to see. All are called with URL AMQP_PORT METRICS_URL DIR. The last line is
`management: N passed, N failed`; the exit code is 1 when something failed.
"""

import argparse
import contextlib
import pathlib
import subprocess
import sys
import tempfile

from brokers import Lepus, RealRabbitMq, Running  # noqa: I001  (adds the path of the next import)
from programs import Report, run_program

HERE = pathlib.Path(__file__).resolve().parent
TRAFFIC_END_S = 30
PROGRAM_SECONDS_MAX = 300  # the tools are started dozens of times
LEPUS_ONLY = ("live_requests",)  # they ask for what RabbitMQ has not


def programs(build):
    """Name → command line before URL AMQP_PORT METRICS_URL DIR."""
    python = str(build / "python" / "bin" / "python")
    java = build / "java"
    table = {name: [python, str(HERE / "python" / f"{name}.py")] for name in (
        "http_behaviour", "rabbitmqadmin_v1", "monitoring_requests", "application_requests",
        "live_requests")}
    table["rabbit_hole"] = [str(build / "go" / "rabbit-hole")]
    table["terraform"] = [str(build / "go" / "terraform")]
    table["java_http_client"] = ["java", "-cp", f"{java}/lib/*:{java}", "HttpClient"]
    table["rabbitmqadmin_v2"] = [python, str(HERE / "python" / "rabbitmqadmin_v2.py")]
    table["prometheus"] = [python, str(HERE / "python" / "prometheus_server.py")]
    return table


@contextlib.contextmanager
def traffic(build, broker):
    """Messages that pass while the programs run."""
    command = [str(build / "python" / "bin" / "python"), str(HERE / "python" / "traffic.py"),
               broker.url, str(broker.amqp_port)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        if process.stdout.readline().strip() != "ready":
            raise SystemExit("the program that passes messages did not start")
        yield
    finally:
        process.stdin.close()  # its sign to end
        try:
            process.wait(TRAFFIC_END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def run_all(options, broker, report):
    build = pathlib.Path(options.dir).resolve()
    arguments = [broker.url, str(broker.amqp_port), broker.metrics_url, str(build)]
    with traffic(build, broker):
        for name, command in programs(build).items():
            if options.rabbitmq and name in LEPUS_ONLY:
                continue
            if (not options.only or name in options.only) and name not in options.skip:
                run_program(name, [*command, *arguments], report, PROGRAM_SECONDS_MAX)


def run_with_broker(options, broker, report):
    reason = broker.start()
    if not isinstance(broker, Running):
        report.case(f"{broker.name}/starts", reason)
    try:
        if reason is None:
            run_all(options, broker, report)
    finally:
        reason = broker.stop()
        if not isinstance(broker, Running):
            report.case(f"{broker.name}/stops", reason)
        if report.counts["failed"]:
            report.detail(broker.log())


def compare(options, first, second):
    """Prints how the answers of two brokers to the requests of http_behaviour.py differ."""
    with contextlib.ExitStack() as stack:
        for broker in (first, second):
            stack.callback(broker.stop)
            reason = broker.start()
            if reason:
                raise SystemExit(f"{broker.name}: {reason}")
        command = [str(pathlib.Path(options.dir) / "python" / "bin" / "python"),
                   str(HERE / "python" / "compare.py"), first.url, second.url]
        return subprocess.run(command, check=False).returncode


def parse(argv):
    names = sorted(programs(pathlib.Path()))
    parser = argparse.ArgumentParser(
        description="Runs tools for RabbitMQ's management API.",
        epilog=f"Programs: {', '.join(names)}")
    parser.add_argument("--dir", required=True, help="build directory made by setup.sh")
    parser.add_argument("--broker", metavar="PATH", help="a lepus to start")
    parser.add_argument("--rabbitmq", metavar="FOLDER",
                        help="a RabbitMQ to start, unpacked by tests/migration/setup.sh")
    parser.add_argument("--url", help="the HTTP API of a broker that already runs")
    parser.add_argument("--amqp-port", type=int, default=5672, help="its port (default 5672)")
    parser.add_argument("--metrics-url", help="its metrics (default port 15692 of the same host)")
    parser.add_argument("--compare", action="store_true",
                        help="only print how answers of --broker and --rabbitmq differ")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE",
                        help="further setting of the lepus that is started")
    for option, text in (("--only", "run this program only"), ("--skip", "leave it out")):
        parser.add_argument(option, action="append", default=[], metavar="NAME", choices=names,
                            help=f"{text} (may be repeated)")
    options = parser.parse_args(argv)
    chosen = sum(one is not None for one in (options.broker, options.rabbitmq, options.url))
    if options.compare and (chosen != 2 or options.url):
        parser.error("--compare takes --broker and --rabbitmq")
    if not options.compare and chosen != 1:
        parser.error("give one of --broker, --rabbitmq and --url")
    for made in ("python", "go", "java", "rabbitmqadmin", "rabbitmqadmin_v2", "prometheus"):
        if not (pathlib.Path(options.dir) / f"{made}.stamp").exists():
            parser.error(f"{options.dir}/{made} is not made; run {HERE / 'setup.sh'} {options.dir}")
    return options


def main(argv):
    options = parse(argv)
    with tempfile.TemporaryDirectory(prefix="lepus-management-") as folder:
        if options.compare:
            return compare(options, Lepus(options.broker, folder, options.set),
                           RealRabbitMq(options.rabbitmq))
        if options.broker:
            broker = Lepus(options.broker, folder, options.set)
        elif options.rabbitmq:
            broker = RealRabbitMq(options.rabbitmq)
        else:
            broker = Running(options.url, options.amqp_port, options.metrics_url)
        report = Report()
        run_with_broker(options, broker, report)
    if not sum(report.counts.values()):
        report.case("run", "no program was chosen")
    print(f"management: {report.counts['passed']} passed, {report.counts['failed']} failed")
    return 1 if report.counts["failed"] else 0


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        sys.exit(main(sys.argv[1:]))
    sys.exit(130)
