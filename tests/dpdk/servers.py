"""Servers over the kernel bypass in a lab: the echo program and the broker.

    with servers.broker(network, shards=1) as broker: ...        broker.log() is what it has said

Leaving the block ends the server with SIGTERM; it must leave with exit code 0 and must not have
ended by itself.
"""
import contextlib
import os
import signal
import subprocess
import tempfile
import time

START_S = 60
EVENT_S = 30


class Server:
    def __init__(self, process, output, folder=None):
        self.process, self.output, self.folder = process, output, folder

    def log(self):
        self.output.seek(0)
        return self.output.read()

    def wait_for(self, text, seconds=EVENT_S):
        """Until it has said `text`."""
        until = time.monotonic() + seconds
        while text not in self.log():
            if self.process.poll() is not None or time.monotonic() > until:
                raise AssertionError(f"no line with {text!r}:\n{self.log()}")
            time.sleep(0.05)


@contextlib.contextmanager
def started(command, mark, folder=None):
    """A server that has printed `mark`."""
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        server = Server(process, output, folder)
        try:
            server.wait_for(mark, START_S)
            yield server
            assert process.poll() is None, "the server ended by itself:\n" + server.log()
            process.send_signal(signal.SIGTERM)
            code = process.wait(START_S)
            assert code == 0, f"exit code {code}:\n{server.log()}"
        except BaseException:
            print(server.log())
            raise
        finally:
            process.kill()
            process.wait()


def echo(build, network, shards, address):
    program = os.path.join(build, "tests", "lepus-dpdk-echo")
    return started([program, "dpdk", str(shards), address, "7777", "--no-huge", "-m", "128",
                    "--no-shconf", "--no-telemetry", "--log-level=warning"]
                   + network.eal(shards).split(), "ready")


@contextlib.contextmanager
def broker(build, network, shards=1, settings=None):
    """Listens on the device alone. Its data and its socket for operators are in `folder`."""
    with tempfile.TemporaryDirectory(prefix="lepus-dpdk-") as folder:
        sets = {"data_dir": folder, "shards": shards, "listeners.tcp": "none", "pin": "false",
                "management.tcp.port": "none", "prometheus.tcp.port": "none",
                "loopback_users": "none", "net.dpdk.enabled": "true",
                "net.dpdk.hugepages": "false", "net.dpdk.addresses": "10.77.0.1/24,fd77::1/64",
                "net.dpdk.eal_arguments": network.eal(shards), **(settings or {})}
        command = [os.path.join(build, "lepus")]
        for key, value in sets.items():
            command += ["--set", f"{key}={value}"]
        with started(command, "lepus ready", folder) as server:
            yield server


def ctl(build, server, *words):
    """What lepusctl prints."""
    done = subprocess.run(
        [os.path.join(build, "lepusctl"), "--quiet", *words], capture_output=True, text=True,
        check=False, timeout=START_S,
        env={**os.environ, "LEPUS_SOCKET": os.path.join(server.folder, "lepus.sock")})
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
