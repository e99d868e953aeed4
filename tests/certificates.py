"""Certificates for the tests of TLS, made by the openssl program in a directory of their own.

    ca = Authority(directory, 'one')
    server = ca.issue('server', names='DNS:localhost')     server.cert, server.key: paths
"""
import os
import subprocess

CURVE = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256']


def openssl(*words, text=None):
    subprocess.run(['openssl', *words], input=text, capture_output=True, text=True, check=True)


class Issued:
    def __init__(self, cert, key):
        self.cert, self.key = cert, key


class Authority:
    def __init__(self, directory, name):
        self.directory, self.name, self.count = directory, name, 0
        self.cert, self.key = self.path('ca.pem'), self.path('ca.key')
        openssl('req', '-x509', *CURVE, '-nodes', '-keyout', self.key, '-out', self.cert,
                '-days', '30', '-subj', f'/O=Lepus tests/CN={name}',
                '-addext', 'basicConstraints=critical,CA:TRUE')

    def path(self, name):
        return os.path.join(self.directory, f'{self.name}-{name}')

    def issue(self, name, names='', subject=None, days=60, password=None):
        """days: until it expires; negative: it has."""
        self.count += 1
        cert, key = self.path(f'{name}.pem'), self.path(f'{name}.key')
        request, extensions = self.path('request.pem'), self.path('extensions')
        locked = ['-passout', f'pass:{password}'] if password else ['-nodes']
        openssl('req', '-new', *CURVE, *locked, '-keyout', key, '-out', request,
                '-subj', subject or f'/O=Lepus tests/CN={name}')
        with open(extensions, 'w', encoding='ascii') as file:
            file.write('basicConstraints=CA:FALSE\n')
            if names:
                file.write(f'subjectAltName={names}\n')
        openssl('x509', '-req', '-in', request, '-CA', self.cert, '-CAkey', self.key,
                '-set_serial', str(1000 + self.count), '-days', str(days), '-out', cert,
                '-extfile', extensions)
        return Issued(cert, key)

    def revocations(self, *revoked):
        """The path of a list of these certificates."""
        database, settings, path = (self.path(name) for name in ('index', 'ca.cnf', 'crl.pem'))
        with open(database, 'a', encoding='ascii'):
            pass
        with open(settings, 'w', encoding='ascii') as file:
            file.write(f'[ca]\ndefault_ca = own\n[own]\ndatabase = {database}\n'
                       'default_md = sha256\ndefault_crl_days = 30\n')
        own = ['ca', '-config', settings, '-keyfile', self.key, '-cert', self.cert]
        for one in revoked:
            openssl(*own, '-revoke', one.cert)
        openssl(*own, '-gencrl', '-out', path)
        return path
