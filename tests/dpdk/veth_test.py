#!/usr/bin/env python3
"""The kernel bypass against the kernel: clients of the kernel at the other end of a veth.

    tests/dpdk/veth_test.py BUILD_DIR [--clients DIR] [case...]

Needs a build with the option dpdk, and network namespaces: as root, or in a user namespace; no
device. DIR is what tests/e2e/setup.sh has made: the clients' libraries are there; without it the
Python that runs this should have pika. What is missing is skipped. Ends with
`N passed, N failed, N skipped`.
"""
import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import traceback
import types

import lab
import servers

HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.dirname(HERE)
CLIENT_S = 120
# Of tests/e2e, those that run with every suite.
SUITE_PROGRAMS = ("pika_client", "amqplib_client", "java_client", "go_client", "lapin_client",
                  "rabbitmq_c_client")
# A client that says that it is connected, and stays.
HOLD = """
import socket, sys
held = socket.create_connection((sys.argv[1], 5672), timeout=20)
held.sendall(b"AMQP\\0\\0\\x09\\1")
assert held.recv(1)
print("open", flush=True)
held.recv(1 << 20)
held.settimeout(None)
held.recv(1)
"""

sys.path += [TESTS, os.path.join(TESTS, "e2e")]
import certificates  # noqa: E402  (the path is made above)
import run as e2e  # noqa: E402
from programs import Report  # noqa: E402


class Skipped(Exception):
    """Why a case cannot run here."""


class Suite:
    """The cases; each makes a lab of its own."""

    def __init__(self, build, clients, wanted):
        self.build = os.path.abspath(build)
        self.wanted = wanted
        self.is_long = "other_clients" in wanted
        self.clients = os.path.abspath(clients) if clients else None
        self.report = Report()
        self.python = sys.executable
        if self.clients:
            self.python = os.path.join(self.clients, "python", "bin", "python")

    # ---- parts of cases ----------------------------------------------------------------------

    def client(self, network, *command):
        done = subprocess.run([*network.client(), self.python, *command], timeout=CLIENT_S,
                              capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def need_pika(self):
        if subprocess.run([self.python, "-c", "import pika"], capture_output=True,
                          check=False).returncode != 0:
            raise Skipped("no pika")

    def echo(self, shards, address, lossy_per_mille=0):
        with lab.laid_out(lossy=lossy_per_mille > 0) as network, \
                servers.echo(self.build, network, shards, address):
            forwarder = network.forwarder
            if forwarder is not None:
                forwarder.per_mille = lossy_per_mille
            size = 300_000 if lossy_per_mille else 4_000_000
            self.client(network, os.path.join(HERE, "echo_client.py"), address.split("/")[0],
                        "7777", "8", str(size))
            assert forwarder is None or forwarder.counts["lost"] > 0, forwarder.counts

    def messages(self, network, target, *options):
        self.client(network, os.path.join(HERE, "messages_client.py"), target, *options)

    def programs(self, names):
        """Those of tests/e2e, with real client libraries."""
        if not self.clients:
            raise Skipped("no --clients")
        build = pathlib.Path(self.clients)
        table = {name: command for name, command in e2e.programs(build).items()
                 if (name in names if names else name not in SUITE_PROGRAMS)}
        options = types.SimpleNamespace(dir=self.clients, only=[], skip=[], jobs=2)
        with lab.laid_out() as network, \
                servers.broker(self.build, network, 2, {"channel_flow": "true"}):
            e2e.run_all(options, {name: [*network.client(), *command, "10.77.0.1", "5672"]
                                  for name, command in table.items()}, self.report)

    # ---- cases -------------------------------------------------------------------------------

    def case_echo_one_shard(self):
        self.echo(1, "10.77.0.1/24")

    def case_echo_two_shards(self):
        self.echo(2, "10.77.0.1/24")

    def case_echo_ipv6(self):
        self.echo(2, "fd77::1/64")

    def case_echo_loses_one_per_mille(self):
        self.echo(1, "10.77.0.1/24", 1)

    def case_echo_loses_one_percent(self):
        self.echo(1, "10.77.0.1/24", 10)

    def case_ping(self):
        if not shutil.which("ping"):
            raise Skipped("no ping")
        with lab.laid_out() as network, servers.echo(self.build, network, 1, "10.77.0.1/24"):
            subprocess.run([*network.client(), "ping", "-c", "3", "-i", "0.2", "-W", "5",
                            "10.77.0.1"], check=True, stdout=subprocess.DEVNULL, timeout=CLIENT_S)

    def case_messages_one_shard(self):
        self.need_pika()
        with lab.laid_out() as network, servers.broker(self.build, network, 1):
            self.messages(network, "10.77.0.1")

    def case_messages_two_shards(self):
        self.need_pika()
        with lab.laid_out() as network, servers.broker(self.build, network, 2):
            self.messages(network, "fd77::1")

    def case_messages_with_loss(self):
        """One frame of a hundred is lost, doubled or late: every message is there, and right."""
        self.need_pika()
        with lab.laid_out(lossy=True) as network, servers.broker(self.build, network, 1):
            network.forwarder.per_mille = 10
            self.messages(network, "10.77.0.1", "--small")
            assert network.forwarder.counts["lost"] > 0, network.forwarder.counts

    def case_messages_over_tls(self):
        self.need_pika()
        if not shutil.which("openssl"):
            raise Skipped("no openssl")
        with lab.laid_out() as network, tempfile.TemporaryDirectory() as folder:
            authority = certificates.Authority(folder, "bypass")
            server = authority.issue("server", names="IP:10.77.0.1")
            settings = {"net.dpdk.port": 0, "net.dpdk.ssl_port": 5671,
                        "ssl_options.cacertfile": authority.cert,
                        "ssl_options.certfile": server.cert, "ssl_options.keyfile": server.key}
            with servers.broker(self.build, network, 2, settings):
                self.messages(network, "10.77.0.1", "--tls", authority.cert)

    def case_counters(self):
        """Of lepusctl, after messages: nothing was lost, and frames went both ways."""
        self.need_pika()
        with lab.laid_out() as network, servers.broker(self.build, network, 2) as broker:
            self.messages(network, "10.77.0.1")
            rows = servers.ctl(self.build, broker, "bypass_status", "--formatter", "json")
            rows = {row["name"]: row for row in json.loads(rows)}
            assert rows["link"]["total"] == "up", rows["link"]
            assert rows["driver"]["total"] == "net_af_packet", rows["driver"]
            for name in ("frames_in", "frames_out", "bytes_in", "copied_output", "frames"):
                assert rows[name]["total"] > 0, rows[name]
            assert rows["accepted"]["total"] == 2, rows["accepted"]
            for name in ("dropped_bad_checksum", "dropped_no_memory", "dropped_no_frame"):
                assert rows[name]["total"] == 0, rows[name]
            assert rows["frames_in"]["total"] == (rows["frames_in"]["shard-0"]
                                                  + rows["frames_in"]["shard-1"])

    def case_few_frames(self):
        """The smallest pool, and a ring that wants more than all of it."""
        self.need_pika()
        settings = {"net.dpdk.frames": 1023, "net.dpdk.receive_ring": 1024}
        with lab.laid_out() as network, servers.broker(self.build, network, 1, settings):
            self.messages(network, "10.77.0.1")

    def case_link_goes_down_and_up(self):
        self.need_pika()
        with lab.laid_out() as network, servers.broker(self.build, network, 1) as broker:
            for state in ("down", "up"):
                lab.run(*network.client(), "ip", "link", "set", "client0", state)
                broker.wait_for(f"link is {state}")
            lab.run(*network.client(), "ip", "addr", "replace", "10.77.0.2/24", "dev", "client0")
            self.messages(network, "10.77.0.1")

    def case_device_is_taken_away(self):
        """Its connections end, and the broker goes on."""
        with lab.laid_out() as network, servers.broker(self.build, network, 1) as broker:
            with subprocess.Popen([*network.client(), sys.executable, "-c", HOLD, "10.77.0.1"],
                                  stdout=subprocess.PIPE, text=True) as client:
                assert client.stdout.readline() == "open\n"
                lab.run("ip", "link", "del", network.server)
                broker.wait_for("network device is gone")
                broker.wait_for("the network device is gone")
                client.kill()
            link = servers.ctl(self.build, broker, "bypass_status", "--formatter", "json")
            assert '"gone"' in link, link

    def case_tap_as_root(self):
        """A device that computes checksums: those of the kernel's frames are not complete."""
        self.need_pika()
        if not os.access("/dev/net/tun", os.W_OK):
            raise Skipped("no /dev/net/tun")
        settings = {"net.dpdk.eal_arguments": "--no-pci --vdev=net_tap0,iface=lepustap0"}
        with lab.laid_out() as network, \
                servers.broker(self.build, network, 1, settings) as broker:
            broker.wait_for('checksums="by the device"')
            for command in ("addr add 10.77.0.2/24 dev lepustap0", "link set lepustap0 up"):
                lab.run("ip", *command.split())
            done = subprocess.run([self.python, os.path.join(HERE, "messages_client.py"),
                                   "10.77.0.1"], timeout=CLIENT_S, capture_output=True, text=True,
                                  check=False)
            assert done.returncode == 0, done.stdout + done.stderr

    def case_af_xdp_as_root(self):
        self.need_pika()
        if not lab.is_root():
            raise Skipped("not root")
        eal = "--no-pci --vdev=net_af_xdp0,iface=lepus0,force_copy=1"
        with lab.laid_out() as network, \
                servers.broker(self.build, network, 1, {"net.dpdk.eal_arguments": eal}):
            self.messages(network, "10.77.0.1")

    def case_clients(self):
        """Libraries of six languages."""
        self.programs(SUITE_PROGRAMS)

    def case_other_clients(self):
        """All other programs of tests/e2e but those of TLS, which want two brokers at one address:
        some minutes."""
        if not self.is_long:
            raise Skipped("only when it is asked for")
        self.programs(())

    # ---- running -----------------------------------------------------------------------------

    def cases(self):
        return {name.removeprefix("case_"): getattr(self, name)
                for name in dir(self) if name.startswith("case_")}

    def run(self):
        """Returns how many were skipped; the others are in the report."""
        skipped = 0
        for name, case in self.cases().items():
            if self.wanted and name not in self.wanted:
                continue
            try:
                case()
                self.report.case(name)
            except Skipped as why:
                skipped += 1
                print(f"skipped {name}: {why}", flush=True)
            except Exception as error:
                self.report.case(name, str(error))
                traceback.print_exc(file=sys.stdout)
        return skipped


def main():
    parser = argparse.ArgumentParser(description="the kernel bypass with clients of the kernel")
    parser.add_argument("build", help="a build directory with the option dpdk")
    parser.add_argument("--clients", metavar="DIR", help="what tests/e2e/setup.sh has made")
    parser.add_argument("cases", nargs="*")
    options = parser.parse_intermixed_args()
    suite = Suite(options.build, options.clients, options.cases)
    unknown = set(options.cases) - set(suite.cases())
    if unknown:
        parser.error(f"no case {', '.join(sorted(unknown))}; there are: "
                     + ", ".join(suite.cases()))
    if not lab.enter():
        print("network namespaces are forbidden here: sysctl kernel.unprivileged_userns_clone=1")
        print(f"0 passed, 0 failed, {len(options.cases or suite.cases())} skipped")
        return 0
    skipped = suite.run()
    counts = suite.report.counts
    print(f"{counts['passed']} passed, {counts['failed']} failed, {skipped} skipped")
    return 0 if counts["failed"] == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
