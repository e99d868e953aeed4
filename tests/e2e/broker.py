"""Brokers that run.py starts, and the files they and their clients need for TLS."""

import pathlib
import signal
import socket
import subprocess
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from certificates import Authority, openssl  # noqa: E402  (the path is made above)

BROKER_SECONDS_MAX = 30
CLIENT_USER = "e2e-client"  # a user of the brokers, and the name in the certificate of the clients
P12_PASSWORD = "e2e"


def make_tls_files(folder):
    """Makes what TLS clients are told to use, in `folder`.

    trusted-ca.pem       the authority of the brokers' and the clients' certificate
    other-ca.pem         an authority that has signed nothing
    trusted-client.pem   the clients' certificate, its key is trusted-client.key
    client.p12           both, for Java
    """
    trusted = Authority(folder, "trusted")
    Authority(folder, "other")
    trusted.issue("server", names="DNS:localhost,IP:127.0.0.1")
    client = trusted.issue("client", subject=f"/O=Lepus tests/CN={CLIENT_USER}")
    openssl("pkcs12", "-export", "-in", client.cert, "-inkey", client.key,
            "-out", f"{folder}/client.p12", "-passout", f"pass:{P12_PASSWORD}")


def tls_settings(folder, port):
    """A listener for TLS 1.3 where a client may show a certificate and be the user of its name."""
    return [f"listeners.ssl.default=127.0.0.1:{port}",
            f"ssl_options.cacertfile={folder}/trusted-ca.pem",
            f"ssl_options.certfile={folder}/trusted-server.pem",
            f"ssl_options.keyfile={folder}/trusted-server.key",
            "ssl_options.versions.1=tlsv1.3", "ssl_options.verify=verify_peer",
            "ssl_cert_login_from=common_name",
            "auth_mechanisms.1=PLAIN", "auth_mechanisms.2=AMQPLAIN", "auth_mechanisms.3=EXTERNAL",
            f"default_users.{CLIENT_USER}.password=not used here"]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Broker:
    """A broker process of this run: started, waited for, stopped, and judged by its exit code."""

    def __init__(self, name, path, settings, folder):
        """`folder` gets its log and its data directory, both with its name."""
        self.name = name
        self.log_path = pathlib.Path(folder) / f"{name}.log"
        arguments = [f"data_dir={folder}/{name}", "management.tcp.port=none",
                     "prometheus.tcp.port=none", *settings]
        self.command = [path] + [word for one in arguments for word in ("--set", one)]
        self.ready = threading.Event()
        self.process = None

    def start(self):
        """Returns None when the broker is ready, or why not."""
        with open(self.log_path, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, stderr=log,
                                            text=True)
        threading.Thread(target=self.read_lines, daemon=True).start()
        if self.ready.wait(BROKER_SECONDS_MAX):
            if self.process.poll() is None:
                return None
            return f"exit code {self.process.returncode} before it was ready"
        return f"no line `lepus ready` within {BROKER_SECONDS_MAX} s"

    def read_lines(self):
        for line in self.process.stdout:
            if line.startswith("lepus ready"):
                self.ready.set()
        self.process.wait()
        self.ready.set()  # it will not come any more: `start` looks at the exit code

    def stop(self):
        """Returns None when it stops as it should, or how it ended instead."""
        if self.process.poll() is not None:
            return f"had ended by itself with exit code {self.process.returncode}"
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(BROKER_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return f"no exit within {BROKER_SECONDS_MAX} s of SIGTERM"
        return None if code == 0 else f"exit code {code} after SIGTERM"
