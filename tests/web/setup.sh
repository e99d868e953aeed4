#!/bin/bash
# Makes what tests/web needs in a build directory outside the tree:
#
#   tests/web/setup.sh DIR      DIR/python: a virtual environment with Playwright and axe-core
#
# The browser is Debian's chromium (tools/deps.sh --test installs it); Playwright downloads none.
# Nothing is done when the environment was made of this very file before.
set -euo pipefail

if [ $# -ne 1 ]; then
  echo "usage: $0 DIR" >&2
  exit 2
fi
mkdir -p "$1"
build_dir=$(cd "$1" && pwd)
digest=$(sha256sum <"${BASH_SOURCE[0]}")

if ! command -v chromium >/dev/null; then
  echo "web setup: chromium is missing; tools/deps.sh --test installs it" >&2
  exit 1
fi
if [ "$(cat "$build_dir/python.stamp" 2>/dev/null)" = "$digest" ]; then
  exit 0
fi
rm -rf "$build_dir/python" "$build_dir/python.stamp"
echo "web setup: python"
python3 -m venv "$build_dir/python"
"$build_dir/python/bin/pip" install -q --disable-pip-version-check \
  playwright==1.65.2 axe-playwright-python==0.1.8
echo "$digest" >"$build_dir/python.stamp"
