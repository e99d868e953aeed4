"""How the applications connect: with TLS 1.3 when E2E_TLS_CA names the broker's authority."""

import os
import ssl


def tls_options():
    """As kombu takes them; False: without TLS."""
    authority = os.environ.get("E2E_TLS_CA")
    if not authority:
        return False
    return {"ca_certs": authority, "cert_reqs": ssl.CERT_REQUIRED, "server_hostname": "localhost",
            "tls_minimum_version": ssl.TLSVersion.TLSv1_3}
