"""Processes that a program starts beside itself, and that have to end as an operator ends them."""

import signal
import subprocess
import sys

END_SECONDS_MAX = 20


def stop_children(children):
    """`children`: (name, process, path of its log). One that does not end well is a failed case."""
    for _, child, _ in children:
        child.send_signal(signal.SIGTERM)
    for name, child, log_path in children:
        try:
            code = child.wait(END_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            child.kill()
            code = f"no exit within {END_SECONDS_MAX} s of SIGTERM"
        if code != 0:
            print(f"FAIL {name}_stops: {code}", flush=True)
            print(log_path.read_text(encoding="utf-8")[-4000:], file=sys.stderr)
