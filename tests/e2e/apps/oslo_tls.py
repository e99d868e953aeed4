"""The cases of oslo_messaging_rpc.py once more, over TLS.

Arguments: HOST PORT STRICT_PORT DIRECTORY.
"""

import os
import pathlib
import runpy
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
AUTHORITY = f"{sys.argv[4]}/trusted-ca.pem"

os.environ["E2E_TLS_CA"] = AUTHORITY
with tempfile.TemporaryDirectory(prefix="e2e-oslo-tls-") as folder:
    conf = pathlib.Path(folder) / "oslo.conf"
    conf.write_text(f"{(HERE / 'oslo.conf').read_text(encoding='utf-8')}\n"
                    f"ssl = true\nssl_ca_file = {AUTHORITY}\n", encoding="utf-8")
    os.environ["E2E_OSLO_CONF"] = str(conf)
    runpy.run_path(str(HERE / "oslo_messaging_rpc.py"), run_name="__main__")
