#!/usr/bin/env python3
"""The kernel bypass against the kernel: clients of the kernel at the other end of a veth.

    tests/dpdk/veth_test.py BUILD_DIR [case...]

Needs a build with the option dpdk, and user namespaces; no privileges, no device. With a python
that has pika it also sends messages through the broker. Ends with `dpdk: N passed, N failed`.
"""
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback

import lab

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else ""
START_S = 60
CLIENT_S = 120


@contextlib.contextmanager
def started(command, mark):
    """A server that has printed `mark`."""
    with tempfile.TemporaryFile("w+") as output:
        server = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        until = time.monotonic() + START_S
        text = ""
        while mark not in text:
            if server.poll() is not None or time.monotonic() > until:
                server.kill()
                raise AssertionError(f"{command[0]} did not start:\n{text}")
            time.sleep(0.05)
            output.seek(0)
            text = output.read()
        try:
            yield server
            assert server.poll() is None, "the server ended by itself"
        finally:
            server.send_signal(signal.SIGTERM)
            code = server.wait(START_S)
            output.seek(0)
            if code != 0:
                print(output.read())
        assert code == 0, f"exit code {code}"


def echo(network, shards, address):
    program = os.path.join(BUILD, "tests", "lepus-dpdk-echo")
    return started([program, "dpdk", str(shards), address, "7777", "--no-huge", "-m", "128",
                    "--no-shconf", "--no-telemetry", "--log-level=warning"]
                   + network.eal(shards).split(), "ready")


def broker(network, shards, data_dir):
    sets = {"data_dir": data_dir, "shards": shards, "listeners.tcp": "none",
            "management.tcp.port": "none", "prometheus.tcp.port": "none",
            "loopback_users": "none", "net.dpdk.enabled": "true", "net.dpdk.hugepages": "false",
            "net.dpdk.addresses": "10.77.0.1/24,fd77::1/64",
            "net.dpdk.eal_arguments": network.eal(shards)}
    command = [os.path.join(BUILD, "lepus")]
    for key, value in sets.items():
        command += ["--set", f"{key}={value}"]
    return started(command, "lepus ready")


def run_client(network, *command):
    done = subprocess.run([*network.client(), sys.executable, *command], timeout=CLIENT_S,
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def check_echo(shards, address, target, lossy_per_mille=0):
    network = lab.Lab(lossy=lossy_per_mille > 0)
    try:
        size = 300_000 if lossy_per_mille else 4_000_000
        with echo(network, shards, address):
            if network.forwarder is not None:
                network.forwarder.per_mille = lossy_per_mille
            run_client(network, os.path.join(HERE, "echo_client.py"), target, "7777", "8",
                       str(size))
            if network.forwarder is not None:
                assert network.forwarder.counts["lost"] > 0, network.forwarder.counts
    finally:
        network.close()


def case_echo_one_shard():
    check_echo(1, "10.77.0.1/24", "10.77.0.1")


def case_echo_two_shards():
    check_echo(2, "10.77.0.1/24", "10.77.0.1")


def case_echo_ipv6():
    check_echo(2, "fd77::1/64", "fd77::1")


def case_echo_loses_one_per_mille():
    check_echo(1, "10.77.0.1/24", "10.77.0.1", 1)


def case_echo_loses_one_percent():
    check_echo(1, "10.77.0.1/24", "10.77.0.1", 10)


def case_ping():
    network = lab.Lab()
    try:
        with echo(network, 1, "10.77.0.1/24"):
            if shutil.which("ping"):
                subprocess.run([*network.client(), "ping", "-c", "3", "-W", "5", "10.77.0.1"],
                               check=True, stdout=subprocess.DEVNULL, timeout=CLIENT_S)
    finally:
        network.close()


def check_messages(shards, target):
    network = lab.Lab()
    try:
        with tempfile.TemporaryDirectory() as data_dir, broker(network, shards, data_dir):
            run_client(network, os.path.join(HERE, "messages_client.py"), target)
    finally:
        network.close()


def case_messages_one_shard():
    check_messages(1, "10.77.0.1")


def case_messages_two_shards():
    check_messages(2, "fd77::1")


def cases():
    found = {name[len("case_"):]: value for name, value in globals().items()
             if name.startswith("case_")}
    try:
        import pika  # noqa: F401
    except ImportError:
        print("no pika: messages are left out")
        found = {name: case for name, case in found.items() if not name.startswith("messages")}
    return found


def main():
    if not lab.is_possible() and not os.environ.get(lab.INSIDE):
        print("user namespaces are forbidden here: sysctl kernel.unprivileged_userns_clone=1")
        print("dpdk: 0 passed, 1 failed")
        return 1
    lab.enter()
    passed = failed = 0
    wanted = sys.argv[2:]
    for name, case in cases().items():
        if wanted and name not in wanted:
            continue
        try:
            case()
            passed += 1
        except Exception:
            failed += 1
            print(f"FAILED: {name}")
            traceback.print_exc(file=sys.stdout)
    print(f"dpdk: {passed} passed, {failed} failed")
    return 0 if failed == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
