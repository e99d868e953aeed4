"""Tokens of OAuth 2 for the page's login, signed by the program openssl."""

import base64
import json
import subprocess
import time


def encoded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Issuer:
    def __init__(self, folder):
        self.private, self.public = f"{folder}/issuer.key", f"{folder}/issuer.pem"
        self._openssl("genpkey", "-algorithm", "RSA", "-out", self.private,
                      "-pkeyopt", "rsa_keygen_bits:2048")
        self._openssl("pkey", "-in", self.private, "-pubout", "-out", self.public)

    @staticmethod
    def _openssl(*words, data=None):
        return subprocess.run(["openssl", *words], input=data, check=True,
                              capture_output=True).stdout

    def token(self, name, scope, seconds=600):
        header = {"alg": "RS256", "typ": "JWT", "kid": "k"}
        claims = {"sub": name, "aud": ["rabbitmq"], "exp": int(time.time()) + seconds,
                  "scope": scope}
        text = ".".join(encoded(json.dumps(part).encode()) for part in (header, claims))
        sign = self._openssl("dgst", "-sha256", "-sign", self.private, data=text.encode())
        return f"{text}.{encoded(sign)}"

    def settings(self):
        """Passwords count as before; what is none is tried as a token."""
        return ["auth_backends.1=internal", "auth_backends.2=oauth2",
                "auth_oauth2.resource_server_id=rabbitmq",
                f"auth_oauth2.signing_keys.k={self.public}"]
