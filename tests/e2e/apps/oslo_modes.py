"""The cases of oslo_messaging_rpc.py once more, with queues of other types:

    oslo_modes.py MODE HOST PORT        MODE: the name of oslo_MODE.conf
"""

import os
import pathlib
import runpy
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent

mode = sys.argv.pop(1)
os.environ["E2E_OSLO_CONF"] = str(HERE / f"oslo_{mode}.conf")
with tempfile.TemporaryDirectory(prefix="e2e-oslo-") as locks:
    os.environ["OSLO_LOCK_PATH"] = locks
    runpy.run_path(str(HERE / "oslo_messaging_rpc.py"), run_name="__main__")
