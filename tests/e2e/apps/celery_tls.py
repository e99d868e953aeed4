"""The cases of celery_tasks.py once more, over TLS. Arguments: HOST PORT STRICT_PORT DIRECTORY."""

import os
import pathlib
import runpy
import sys

HERE = pathlib.Path(__file__).resolve().parent

os.environ["E2E_TLS_CA"] = f"{sys.argv[4]}/trusted-ca.pem"
runpy.run_path(str(HERE / "celery_tasks.py"), run_name="__main__")
