#!/bin/sh
# What one client's load does to others, on Lepus, on Debian's rabbitmq-server and on a relay that
# keeps nothing (bench/relay.cpp), one after the other on this machine:
#   bench/bounds.sh [--quick] [--only TEXT] [--update-results] [--json FILE]
# What is measured is explained in bench/bounds.py. LEPUS_BUILD_ROOT is heeded as in tools/build.sh.
set -eu
cd "$(dirname "$0")/.."
build=${LEPUS_BUILD_ROOT:-build}/release
if [ ! -x "$build/lepus" ] || [ ! -x "$build/bench-relay" ]; then
    tools/deps.sh >&2
    tools/build.sh release lepus lepusctl lepus-perf bench-relay >&2
fi
bench/install_rabbitmq.sh
exec python3 bench/bounds.py --build "$build" "$@"
