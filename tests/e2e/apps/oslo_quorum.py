"""The cases of oslo_messaging_rpc.py once more, on quorum queues and streams."""

import os
import pathlib
import runpy
import tempfile

HERE = pathlib.Path(__file__).resolve().parent

os.environ["E2E_OSLO_CONF"] = str(HERE / "oslo_quorum.conf")
with tempfile.TemporaryDirectory(prefix="e2e-oslo-") as locks:
    os.environ["OSLO_LOCK_PATH"] = locks
    runpy.run_path(str(HERE / "oslo_messaging_rpc.py"), run_name="__main__")
