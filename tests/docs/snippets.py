"""Checks the pieces of configuration that pages show: `lepus --check-config` has to take them.

Files that they name are made before: certificates and keys by the openssl program, definitions
empty. Without openssl a piece that names a certificate is read only, by --print-placement.
"""
import os
import re
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))

from certificates import Authority  # noqa: E402  (the path is made above)

NAMED = re.compile(r'= *\'?(/etc/lepus/[\w./-]+\.(pem|key|crl|json))')


class Snippets:
    def __init__(self, world, programs):
        self.world, self.program = world, os.path.join(programs, 'lepus')
        self.authority = None
        if shutil.which('openssl'):
            self.authority = Authority(world.path('/tmp'), 'ca')
            self.issued = self.authority.issue('server', names='DNS:localhost')

    def _source_of(self, path):
        if path.endswith('.key'):
            return self.issued.key
        if path.endswith('.crl'):
            return self.authority.revocations()
        is_authority = re.search(r'authorit|/ca', path)
        return self.authority.cert if is_authority else self.issued.cert

    def _make_files(self, text):
        for path, ending in NAMED.findall(text):
            target = self.world.path(path)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            if ending == 'json':
                with open(target, 'w', encoding='utf-8') as stream:
                    stream.write('{}')
            else:
                shutil.copy(self._source_of(path), target)

    def _own(self, text, data):
        """Settings that keep it off other brokers of this machine, but for those that it has."""
        own = {'data_dir': data, 'pin': 'false', 'listeners.tcp': '127.0.0.1:5672',
               'management.tcp.port': '15672', 'prometheus.tcp.port': '15692'}
        for key, value in own.items():
            if not re.search(rf'^{re.escape(key)}', text, re.M):
                name = f'{key}.default' if key == 'listeners.tcp' else key
                yield from ('--set', f'{name}={self.world.translate(value)}')

    def fault(self, text):
        """What is wrong with it; empty when nothing is."""
        needs_certificates = re.search(r'\.(pem|key|crl)\b', text)
        deep = self.authority is not None or not needs_certificates
        if deep:
            self._make_files(text)
        path = self.world.path('/etc/lepus/snippet')
        # Keys of the kernel bypass are for a device that is not here.
        deep = deep and 'net.dpdk.enabled' not in text
        with open(path, 'w', encoding='utf-8') as stream:
            stream.write(self.world.translate(text) + '\n')
        data = self.world.path('/tmp/snippet-data')
        done = subprocess.run(
            [self.program, '--config', path, *self._own(text, data),
             '--check-config' if deep else '--print-placement'],
            capture_output=True, text=True, timeout=20, check=False, env=self.world.environment)
        shutil.rmtree(data, ignore_errors=True)
        return '' if done.returncode == 0 else done.stdout + done.stderr
