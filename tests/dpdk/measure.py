#!/usr/bin/env python3
"""Measures the kernel bypass against the kernel, in one run on an otherwise idle machine:

    tests/dpdk/measure.py BUILD_DIR [SECONDS] [--only bench|broker]

First lepus-dpdk-bench: server and clients in one process, over devices in memory and over loopback;
the kernel's runs stand between those of the bypass, and the middle of all rounds is printed.
Then a broker with one shard that listens on a veth by af_packet and on one of the kernel's, with
lepus-perf at the other end of each, for each idle policy. Prints the numbers; they are for reading,
nothing here passes or fails. --only bench and --only broker run one of the two.
"""
import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile

import lab
import servers

NETWORKS = ("kernel", "1500", "9000")
ROUNDS = 3
# What lepus-dpdk-bench is told before and after the network; the last number is that of threads.
LOADS = {"broker, 2 queues, 128 bytes, 1000 unconfirmed": ("broker", "2", "128", "1000", "1"),
         "broker, 2 queues, 16 KiB, 20 unconfirmed": ("broker", "2", "16384", "20", "1"),
         "broker, 128 bytes, clients in a thread": ("broker", "2", "128", "1000", "2"),
         "broker, 16 KiB, clients in a thread": ("broker", "2", "16384", "20", "2"),
         "echo, ping-pong, 100 bytes": ("echo", "1", "100", "1", "1"),
         "echo, 16 connections, 128 bytes, 64 under way": ("echo", "16", "128", "64", "1"),
         "echo, 8 connections, 16 KiB, 8 under way": ("echo", "8", "16384", "8", "1")}
FIGURES = re.compile(r"([0-9]+)/s, ([0-9]+) ns")
CASES = {"rpc": ["rpc", "--size", "100"],
         "confirmed": ["--confirm", "1000", "--ack-batch", "10", "--prefetch", "500"]}


def bench(build, seconds):
    program = os.path.join(build, "tests", "lepus-dpdk-bench")
    for name, (what, count, size, waiting, threads) in LOADS.items():
        found = {network: [] for network in NETWORKS}
        for network in NETWORKS * ROUNDS:
            done = subprocess.run([program, what, network, count, size, waiting, seconds, threads],
                                  capture_output=True, text=True, check=True)
            found[network].append([int(one) for one in FIGURES.search(done.stdout).groups()])
        print(name)
        kernel_rate, kernel_ns = (statistics.median(one) for one in zip(*found["kernel"]))
        for network, rounds in found.items():
            rate, spent = (statistics.median(one) for one in zip(*rounds))
            print(f"  {network:6}  {rate:9.0f}/s  {spent:6.0f} ns of CPU  "
                  f"{rate / kernel_rate:.2f} x the kernel's rate, "
                  f"{spent / kernel_ns:.2f} x its CPU", flush=True)


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
    """Each path has a broker of its own: with a device to poll, the kernel's would be polled, too.
    """
    paths = {"kernel": ("10.78.0.1", {"net.dpdk.enabled": "false",
                                      "listeners.tcp.default": "10.78.0.1:5672"}),
             "bypass": ("10.77.0.1", {})}
    for idle in ("sleep", "adaptive", "poll"):
        for path, (address, settings) in paths.items():
            with lab.laid_out() as network:
                kernel_link(network)
                with servers.broker(build, network, 1, {"idle": idle, **settings}):
                    for name, options in CASES.items():
                        results = load(build, network, address, options, seconds)
                        print(f"idle = {idle}, {name}, {path}: {shown(results)}", flush=True)
                lab.run("ip", "link", "del", "kernel0")


def main():
    parser = argparse.ArgumentParser(description="what the kernel bypass costs")
    parser.add_argument("build", help="a build directory with the option dpdk")
    parser.add_argument("seconds", nargs="?", default="3", help="of each run")
    parser.add_argument("--only", choices=("bench", "broker"))
    options = parser.parse_args()
    build = os.path.abspath(options.build)
    if not lab.enter():
        print("network namespaces are forbidden here")
        return 1
    lab.run("ip", "link", "set", "lo", "up")
    if options.only != "broker":
        bench(build, options.seconds)
    if options.only != "bench":
        broker(build, options.seconds)
    return 0


if __name__ == "__main__":
    sys.exit(main())
