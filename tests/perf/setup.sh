#!/bin/bash
# Makes what the suite perf needs in a build directory outside the source tree:
#
#   tests/perf/setup.sh DIR
#
#   DIR/python  virtual environment with HdrHistogram's reader
#
# It is left alone when the files it is made of have not changed since.
set -euo pipefail

source_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
if [ $# -ne 1 ]; then
  echo "usage: $0 DIR" >&2
  exit 2
fi
mkdir -p "$1"
build_dir=$(cd "$1" && pwd)

suite=perf
source "$source_dir/../setup_parts.sh"

make_python() {
  rm -rf "$build_dir/python"
  python3 -m venv "$build_dir/python"
  "$build_dir/python/bin/pip" install -q --disable-pip-version-check --no-deps \
    -r "$source_dir/requirements.txt"
}

part python make_python "$source_dir/requirements.txt"
