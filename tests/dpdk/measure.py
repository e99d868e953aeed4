#!/usr/bin/env python3
"""Measures the kernel bypass against the kernel, in one run on an otherwise idle machine:

    tests/dpdk/measure.py BUILD_DIR [SECONDS]

First lepus-dpdk-bench: server and clients in one thread, over devices in memory and over loopback.
Then a broker with one shard that listens on a veth by af_packet and on one of the kernel's, with
lepus-perf at the other end of each, for each idle policy. Prints the numbers; they are for reading,
nothing here passes or fails.
"""
import json
import os
import subprocess
import sys
import tempfile

import lab
import servers

LOADS = {"ping-pong, 100 bytes": ("1", "100", "1"),
         "16 connections, 128 bytes, 64 under way": ("16", "128", "64"),
         "8 connections, 16 KiB, 8 under way": ("8", "16384", "8")}
CASES = {"rpc": ["rpc", "--size", "100"],
         "confirmed": ["--confirm", "1000", "--ack-batch", "10", "--prefetch", "500"]}


def bench(build, seconds):
    program = os.path.join(build, "tests", "lepus-dpdk-bench")
    for name, load in LOADS.items():
        print(name)
        for kind in (["bypass", "1500"], ["bypass", "9000"], ["kernel", "1500"]):
            done = subprocess.run([program, kind[0], *load, seconds, kind[1]],
                                  capture_output=True, text=True, check=True)
            print(f"  MTU {kind[1]}: {done.stdout.strip()}", flush=True)


def kernel_link(network):
    """A second veth, of the kernel at both ends."""
    lab.run("ip", "link", "add", "kernel0", "type", "veth", "peer", "name", "kernel1")
    lab.run("ip", "link", "set", "kernel1", "netns", str(network.holder.pid))
    lab.run("ip", "addr", "add", "10.78.0.1/24", "dev", "kernel0")
    lab.run("ip", "link", "set", "kernel0", "up")
    lab.run(*network.client(), "ip", "addr", "add", "10.78.0.2/24", "dev", "kernel1")
    lab.run(*network.client(), "ip", "link", "set", "kernel1", "up")


def load(build, network, address, options, seconds):
    with tempfile.NamedTemporaryFile("r", suffix=".json") as results:
        subprocess.run([*network.client(), os.path.join(build, "lepus-perf"), "--uri",
                        f"amqp://guest:guest@{address}:5672/%2F", "--duration", seconds,
                        "--quiet", "--json", results.name, *options], check=True,
                       stdout=subprocess.DEVNULL)
        return json.load(results)


def shown(results):
    latency = results.get("latency_us", {})
    parts = [f"{results.get('delivered_per_s', 0):.0f}/s"]
    return ", ".join(parts + [f"{name} {latency[name]:.0f} us" for name in ("p50", "p99")
                              if name in latency])


def broker(build, seconds):
    for idle in ("adaptive", "poll"):
        settings = {"idle": idle, "listeners.tcp": "none",
                    "listeners.tcp.kernel": "10.78.0.1:5672"}
        with lab.laid_out() as network:
            kernel_link(network)
            with servers.broker(build, network, 1, settings):
                for name, options in CASES.items():
                    for path, address in (("bypass", "10.77.0.1"), ("kernel", "10.78.0.1")):
                        results = load(build, network, address, options, seconds)
                        print(f"idle = {idle}, {name}, {path}: {shown(results)}", flush=True)
            lab.run("ip", "link", "del", "kernel0")


def main():
    build = os.path.abspath(sys.argv[1])
    seconds = sys.argv[2] if len(sys.argv) > 2 else "5"
    if not lab.enter():
        print("network namespaces are forbidden here")
        return 1
    lab.run("ip", "link", "set", "lo", "up")
    bench(build, seconds)
    broker(build, seconds)
    return 0


if __name__ == "__main__":
    sys.exit(main())
