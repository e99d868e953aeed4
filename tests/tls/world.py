"""A broker with a TLS listener, and clients that speak TLS with Python's ssl."""
import os
import socket
import ssl
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
for folder in ('restart', 'ctl', 'wire', ''):
    sys.path.insert(0, os.path.join(os.path.dirname(HERE), folder))

from amqp_raw import Wire  # noqa: E402  (the path is made above)
from broker import FRAMES, check, free_port  # noqa: E402
from probe import Probe  # noqa: E402
from tool import World  # noqa: E402

from certificates import Authority  # noqa: E402

WAIT_S = 20


def client_context(ca, own=None, version=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    if ca is None:
        context.verify_mode = ssl.CERT_NONE
    else:
        context.load_verify_locations(ca)
    if own is not None:
        context.load_cert_chain(own.cert, own.key)
    if version is not None:
        context.minimum_version = context.maximum_version = version
    return context


class TlsProbe(Probe):
    """A Probe whose bytes go through TLS."""

    def __init__(self, port, context, server_name=None):
        super().__init__(('127.0.0.1', port), FRAMES)
        self.context, self.server_name = context, server_name

    def dial(self):
        self.wire = Wire(*self.target)
        self.wire.socket = self.context.wrap_socket(self.wire.socket,
                                                    server_hostname=self.server_name)


class TlsWorld(World):
    def __init__(self, node, tool):
        super().__init__(node, tool)
        self.ca = Authority(node.directory, 'ca')
        self.server = self.ca.issue('server', 'DNS:localhost,IP:127.0.0.1')
        self.tls_port = None

    def settings(self, **options):
        """options: keys of ssl_options with _ for the points between."""
        self.tls_port = free_port()
        keys = {'certfile': self.server.cert, 'keyfile': self.server.key, **options}
        return {'listeners.ssl.default': f'127.0.0.1:{self.tls_port}',
                **{f'ssl_options.{key}': value for key, value in keys.items()}}

    def start_tls(self, more=None, **options):
        return self.start(**self.settings(**options), **(more or {}))

    def context(self, own=None, version=None):
        return client_context(self.ca.cert, own, version)

    def new_tls_probe(self, context=None, server_name=None):
        probe = TlsProbe(self.tls_port, context or self.context(), server_name)
        self.node.probes.append(probe)
        return probe

    def tls_probe(self, context=None, server_name=None, **options):
        return self.new_tls_probe(context, server_name).open(**options)

    def plain_socket(self):
        return socket.create_connection(('127.0.0.1', self.tls_port), 10)

    def handshake(self, context=None, server_name=None):
        """A TLS connection without AMQP."""
        return (context or self.context()).wrap_socket(self.plain_socket(),
                                                       server_hostname=server_name)

    def refused(self, context):
        """The client's words about a connection that the broker refuses."""
        try:
            with self.handshake(context) as connection:
                # In TLS 1.3 the client is done before the broker has seen its certificate.
                connection.settimeout(10)
                end = connection.recv(1)
                return f'read {end!r}'
        except (ssl.SSLError, ConnectionError) as error:
            return str(error)

    def logged(self, *texts):
        """Waits until one line of the log has all of them, and returns it."""
        deadline = time.monotonic() + WAIT_S
        while time.monotonic() < deadline:
            for line in self.node.log().splitlines():
                if all(text in line for text in texts):
                    return line
            time.sleep(0.01)
        check(False, f'no line with {texts} in the log:\n{self.node.log()}')
        return ''
