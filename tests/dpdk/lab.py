"""Two network namespaces and a veth between them, without privileges: one end is for DPDK's
af_packet, at the other end are clients of the kernel.

The process that uses this runs in a network namespace of its own: enter() starts it anew there. Who
may not make one gets it in a user namespace of its own, where not all drivers work. With a
Forwarder the veth is two, and what it passes on is lost, doubled or late.
"""
import contextlib
import os
import random
import select
import signal
import socket
import subprocess
import sys
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
NO_OFFLOAD = os.path.join(ROOT, "tools", "dpdk", "no_offload.py")
INSIDE = "LEPUS_DPDK_LAB"
SERVER_MAC = "02:00:00:00:00:01"


def unshare():
    """What makes the namespaces here, or None."""
    for flags in ("-nm", "-Urnm"):
        if subprocess.run(["unshare", flags, "true"], capture_output=True,
                          check=False).returncode == 0:
            return flags
    return None


def enter():
    """Returns inside of the namespaces, outside it does not return. False: they are forbidden."""
    if os.environ.get(INSIDE):
        return True
    flags = unshare()
    if flags is None:
        return False
    os.execvpe("unshare", ["unshare", flags, sys.executable] + sys.argv,
               {**os.environ, INSIDE: flags})


def is_root():
    """Of the machine, not of a user namespace alone."""
    return os.environ[INSIDE] == "-nm"


def run(*command):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


@contextlib.contextmanager
def laid_out(**options):
    network = Lab(**options)
    try:
        yield network
    finally:
        network.close()


class Lab:
    """`server` is the interface for DPDK; client() is what comes before a client's command."""
    server = "lepus0"

    def __init__(self, lossy=False):
        run("ip", "link", "set", "lo", "up")
        # It ends with this process and has none of its files.
        self.holder = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "unshare", "-n", "sleep", "3600"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        own = os.readlink("/proc/self/ns/net")
        while os.readlink(f"/proc/{self.holder.pid}/ns/net") == own:
            time.sleep(0.01)
        self.forwarder = None
        end = "client0"
        if lossy:
            run("ip", "link", "add", self.server, "type", "veth", "peer", "name", "middle0")
            run("ip", "link", "add", "middle1", "type", "veth", "peer", "name", end)
        else:
            run("ip", "link", "add", self.server, "type", "veth", "peer", "name", end)
        run("ip", "link", "set", end, "netns", str(self.holder.pid))
        run("ip", "link", "set", self.server, "address", SERVER_MAC, "up")
        run(sys.executable, NO_OFFLOAD, self.server)
        run(*self.client(), sys.executable, NO_OFFLOAD, end)
        for command in (f"link set lo up|link set {end} up|addr add 10.77.0.2/24 dev {end}|"
                        f"-6 addr add fd77::2/64 dev {end} nodad").split("|"):
            run(*self.client(), "ip", *command.split())
        if lossy:
            for one in ("middle0", "middle1"):
                run("ip", "link", "set", one, "up")
                run(sys.executable, NO_OFFLOAD, one)
            self.forwarder = Forwarder("middle0", "middle1")

    def client(self):
        return ["nsenter", "-t", str(self.holder.pid), "-n"]

    def eal(self, shards):
        return f"--no-pci --vdev=net_af_packet0,iface={self.server},qpairs={shards},framecnt=2048"

    def close(self):
        """The kernel takes the links of a namespace that ended away some time later: the next lab
        would meet them."""
        if self.forwarder is not None:
            self.forwarder.stop()
            run("ip", "link", "del", "middle1")
        if self.server in [name for _, name in socket.if_nameindex()]:
            run("ip", "link", "del", self.server)
        self.holder.send_signal(signal.SIGKILL)
        self.holder.wait()


class Forwarder:
    """Passes frames between two interfaces, `per_mille` of them lost, and as many doubled and
    late."""

    def __init__(self, one, other, seed=1):
        self.per_mille = 0
        self.counts = {"passed": 0, "lost": 0, "doubled": 0, "late": 0}
        self.random = random.Random(seed)
        self.ends = []
        for name in (one, other):
            end = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
            end.bind((name, 0))
            end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 << 20)
            self.ends.append(end)
        self.late = []
        self.stops = False
        self.thread = threading.Thread(target=self.forward, daemon=True)
        self.thread.start()

    def happens(self, what):
        if self.random.randrange(1000) >= self.per_mille:
            return False
        self.counts[what] += 1
        return True

    def forward(self):
        one, other = self.ends
        while not self.stops:
            for end in select.select(self.ends, [], [], 0.01)[0]:
                frame, address = end.recvfrom(65536)
                if address[2] != socket.PACKET_OUTGOING:
                    self.pass_on(frame, other if end is one else one)
            for frame, target in self.late:
                target.send(frame)
            self.late.clear()

    def pass_on(self, frame, target):
        self.counts["passed"] += 1
        if self.happens("lost"):
            return
        if self.happens("late"):
            self.late.append((frame, target))
            return
        target.send(frame)
        if self.happens("doubled"):
            target.send(frame)

    def stop(self):
        self.stops = True
        self.thread.join()
        for end in self.ends:
            end.close()
